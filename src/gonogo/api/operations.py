"""What watches the desk from outside: is it alive, can it work, and its own figures for Prometheus.

`/healthz` and `/readyz` tell nothing but yes or no and are open to everybody, because load balancers
and service managers carry no token. `/metrics` needs whoever may look: a token of a viewer will do.
"""

import time
from typing import Any

from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo import __version__
from gonogo.domain.controller import ControllerKind
from gonogo.domain.errors import GonogoError
from gonogo.domain.release import FINAL, Stage
from gonogo.usecases.context import Context
from gonogo.usecases.desk.controllers import at_work, restarts

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MOST = 100_000
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Figures:
    """The desk's own metrics, in a registry of their own: two desks in one process do not share them."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
        )

        self.registry: CollectorRegistry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests: Counter = Counter(
            "gonogo_http_requests",
            "Answered requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds: Histogram = Histogram(
            "gonogo_http_seconds",
            "Time to answer, in seconds.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.under_way: Gauge = Gauge(
            "gonogo_releases_under_way",
            "Releases that have not ended, by stage.",
            ("stage",),
            registry=self.registry,
        )
        self.oldest: Gauge = Gauge(
            "gonogo_oldest_message_seconds",
            "Age of the oldest message that is not sent; 0 when there is none.",
            registry=self.registry,
        )
        self.ready: Gauge = Gauge(
            "gonogo_ready", "1 while the database answers, else 0.", registry=self.registry
        )
        self.beats: Gauge = Gauge(
            "gonogo_controller_last_beat_seconds",
            "Seconds since a task of the desk gave its last sign of life.",
            ("controller", "of"),
            registry=self.registry,
        )
        self.stuck: Gauge = Gauge(
            "gonogo_controllers_stuck",
            "Tasks of the desk that take longer than they may.",
            registry=self.registry,
        )
        self.restarts: Counter = Counter(
            "gonogo_controller_restarts",
            "How often a task of the desk had to be begun anew.",
            ("controller", "of"),
            registry=self.registry,
        )
        self._counted: dict[tuple[ControllerKind, str], int] = {}
        build = Gauge("gonogo_build_info", "Always 1.", ("version",), registry=self.registry)
        build.labels(__version__).set(1)

    async def text(self, context: Context) -> bytes:
        """Everything in Prometheus' text format, with what is stored as it is now."""
        from prometheus_client import generate_latest

        try:
            counts = dict.fromkeys((stage for stage in Stage if stage not in FINAL), 0)
            for release in await context.store.releases(under_way=True, limit=_MOST):
                counts[release.stage] += 1
            now = context.clock.now()
            due = await context.store.unsent(1)
        except GonogoError:
            # What cannot be read is left out instead of being told as nothing.
            self.under_way.clear()
            self.ready.set(0)
            self.oldest.set(float("nan"))
        else:
            for stage, count in counts.items():
                self.under_way.labels(stage.value).set(count)
            self.ready.set(1)
            self.oldest.set((now - due[0].at).total_seconds() if due else 0)
        self._tasks(context)
        return generate_latest(self.registry)

    def _tasks(self, context: Context) -> None:
        seen = at_work(context)
        self.beats.clear()
        for each in sorted(seen, key=lambda each: each.beat_seconds):
            self.beats.labels(each.kind.value, each.of).set(each.beat_seconds)
        self.stuck.set(sum(each.stuck for each in seen))
        for (kind, of), count in restarts(context).items():
            self.restarts.labels(kind.value, of).inc(count - self._counted.get((kind, of), 0))
            self._counted[kind, of] = count


class Measured:
    """Counts and times every request by its route, never by its address: addresses have no end."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            took = time.perf_counter() - begun
            self._figures.requests.labels(method, route, str(status)).inc()
            self._figures.seconds.labels(method, route).observe(took)


def add_operations(application: FastAPI, context: Context, looking: Any) -> Figures:  # noqa: ANN401
    """Add the three addresses and begin to measure."""
    figures = Figures()
    application.add_middleware(Measured, figures=figures)

    @application.get("/healthz", include_in_schema=False)
    async def alive() -> Response:
        return Response("alive\n", media_type="text/plain")

    @application.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        try:
            await context.store.registrations()
        except GonogoError:
            return Response("the database does not answer\n", 503, media_type="text/plain")
        if any(each.stuck for each in at_work(context)):
            return Response("a task of the desk is stuck\n", 503, media_type="text/plain")
        return Response("ready\n", media_type="text/plain")

    @application.get("/metrics", include_in_schema=False, dependencies=[looking])
    async def metrics() -> Response:
        text = await figures.text(context)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return figures
