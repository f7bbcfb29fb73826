"""Services: registered, shown, and what their rollouts can see."""

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from gonogo.api.answers.services import (
    DifferenceAnswer,
    OutlookAnswer,
    RegisteredAnswer,
    ServiceAnswer,
    SpecAnswer,
    TargetsAnswer,
)
from gonogo.api.bodies import CompareBody, RegisterBody
from gonogo.api.etags import must_match, tagged, unchanged
from gonogo.domain.actor import Actor
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.context import Context
from gonogo.usecases.judging import outlook, recording
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.releases import lifecycle
from gonogo.usecases.services import specs
from gonogo.usecases.services.specs import registration_of
from gonogo.usecases.services.targets import scrape_targets
from gonogo.usecases.views import desk_views

_NEWEST = 5
_Share = Annotated[str, Query(max_length=20, examples=["0.5%"])]
_Name = Annotated[str | None, Query(max_length=80)]
_ONE = "/api/v1/services/{service}"


def add_services(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    _registering(application, context, actor)
    _showing(application, context, looking)


def _registering(application: FastAPI, context: Context, actor: Any) -> None:  # noqa: ANN401
    @application.post("/api/v1/services", response_model=RegisteredAnswer)
    async def register_service(request: Request, body: RegisterBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Register a service, or replace its spec. Whoever replaces one names the digest that they
        have seen: in `replaces`, as `POST /differences` tells it, or as the spec's ETag in If-Match."""
        allow(who, Deed.REGISTER)
        plan = specs.check_spec(body.spec, body.path)
        known = await context.store.registration(plan.service)
        must_match(request, None if known is None else f'"{known.plan.digest}"')
        matched = known is not None and request.headers.get("if-match") not in {None, "*"}
        done = await specs.register(
            context,
            who,
            text=body.spec,
            path=body.path,
            repository=body.repository,
            replaces=known.plan.digest if known is not None and matched else body.replaces,
        )
        plan = done.registration.plan
        return {
            "service": plan.service,
            "digest": plan.digest,
            "changed": done.changed,
            "known_before": done.known_before,
            "environments": [
                {"environment": environment.name, "url": environment.url}
                for environment in plan.environments
            ],
        }

    @application.post("/api/v1/differences", response_model=DifferenceAnswer)
    async def compare_spec(body: CompareBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """How a spec differs from the registered one. Nothing is stored."""
        found = await specs.compare(context, who, text=body.spec, path=body.path)
        return {"service": found.service, "replaces": found.replaces, "lines": list(found.lines)}


def _showing(application: FastAPI, context: Context, looking: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/services", dependencies=[looking], response_model=list[ServiceAnswer])
    async def list_services() -> Any:  # noqa: ANN401
        """Every service by name, with what runs where and what is under way."""
        return await desk_views.services_view(context)

    @application.get("/api/v1/targets", dependencies=[looking], response_model=list[TargetsAnswer])
    async def list_targets(service: _Name = None, environment: _Name = None) -> Any:  # noqa: ANN401
        """What runs now, for Prometheus's `http_sd_configs`: addresses as the router reaches them."""
        found = await scrape_targets(context, service, environment)
        return [{"targets": list(each.targets), "labels": dict(each.labels)} for each in found]

    @application.get(_ONE, dependencies=[looking], response_model=ServiceAnswer)
    async def get_service(service: str, request: Request, response: Response) -> Any:  # noqa: ANN401
        """One service, with what runs where and what is under way."""
        return tagged(request, response, await desk_views.service_view(context, service))

    @application.get(_ONE + "/spec", dependencies=[looking], response_model=SpecAnswer)
    async def get_spec(service: str, request: Request, response: Response) -> Any:  # noqa: ANN401
        """The registered spec; its ETag is its digest."""
        registration = await registration_of(context, service)
        etag = f'"{registration.plan.digest}"'
        if (same := unchanged(request, etag)) is not None:
            return same
        response.headers["ETag"] = etag
        return {
            "service": service,
            "digest": registration.plan.digest,
            "spec": registration.spec,
        }

    @application.get(_ONE + "/outlook", dependencies=[looking], response_model=OutlookAnswer)
    async def get_outlook(
        service: str,
        rate: Annotated[float | None, Query(gt=0, lt=1e9, allow_inf_nan=False)] = None,
        errors: _Share = "0.5%",
        slow: _Share = "1%",
        of: Annotated[
            list[Annotated[str, Query(max_length=300)]],
            Query(max_length=50, examples=[["create order=5:0.3%"]]),
        ] = [],  # noqa: B006
    ) -> Any:  # noqa: ANN401
        """What its rollout can and cannot see. Without `rate` (requests a second, all versions
        together) the traffic is that of the last release that was compared with a baseline; 422 where
        there is none."""
        plan = (await registration_of(context, service)).plan
        shares = (specs.share_of(errors), specs.share_of(slow))
        if rate is not None:
            traffic = outlook.given_traffic(plan, rate, *shares, of)
        else:
            recordings = [
                recording.read_recording(recording.recording_view(story))
                for release in await context.store.releases(service, limit=_NEWEST)
                for story in [await lifecycle.tell_story(context, release)]
            ]
            traffic = outlook.recorded_traffic(recordings)
            given = outlook.given_traffic(plan, 0, *shares, of)
            traffic |= {name: one for name, one in given.items() if one.rate}
        if not traffic:
            raise InvalidInput(
                f"the traffic of {service} is not known: no recorded release of it was compared with"
                " a baseline",
                hint="give it: rate=100&errors=0.5%25",
            )
        return outlook.prospect_view(outlook.prospect(plan, traffic))
