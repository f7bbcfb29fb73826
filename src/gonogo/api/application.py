"""The API under /api/v1, for the owner of the desk and the people whom it knows.

Every request but the one for the desk's health and those for signing in carries a token or a session
(see gonogo.api.door); what it may do follows from its bearer's roles, and whoever may look may read
everything. A page from elsewhere cannot reach the desk through its visitor's browser (gonogo.api.reach).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from gonogo import __version__
from gonogo.api.bodies import CompareBody, InstructionBody, RegisterBody, ReleaseBody
from gonogo.api.door import Door, lead_to_sign_in, reader
from gonogo.api.evidence import add_evidence
from gonogo.api.frontier import Frontier
from gonogo.api.keys import add_keys
from gonogo.api.operations import add_operations
from gonogo.api.papers import add_papers
from gonogo.api.people import add_people
from gonogo.api.reach import Reach
from gonogo.api.sessions import add_sessions
from gonogo.domain.actor import Actor
from gonogo.domain.errors import (
    ActionFailed,
    Conflict,
    GonogoError,
    InvalidInput,
    NeedsPerson,
    NotAllowed,
    NotFound,
    StaleLease,
    TooManyTries,
    Unavailable,
)
from gonogo.domain.release import VerifiedLine
from gonogo.usecases import operation, releases, specs, verification, views
from gonogo.usecases.context import Context
from gonogo.usecases.decisions import decision_on
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.recording import recording_view
from gonogo.usecases.why import why

STATUS: dict[type[GonogoError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    StaleLease: 409,
    Unavailable: 503,
    ActionFailed: 500,
    NeedsPerson: 409,
    TooManyTries: 429,
}

_LARGEST_BODY = 8 << 20
_LONGEST_WAIT = 30.0
_POLL = 0.1


def build_application(
    context: Context,
    owner: Actor,
    token: str,
    stop: Callable[[], None],
    reach: Reach = Reach(),  # noqa: B008 - frozen
) -> FastAPI:
    """The application. `stop` asks the desk's process to end; `reach` says to whom it answers."""
    application = FastAPI(title="gonogo", version=__version__, docs_url=None, redoc_url=None)
    door = Door(context, owner, token)
    actor, looking = Depends(door), Depends(reader(door))
    application.middleware("http")(_bounded_body)
    application.add_middleware(Frontier, reach=reach)
    _errors(application)
    lead_to_sign_in(application)
    _releases(application, context, actor, looking)
    _services(application, context, actor, looking)
    add_people(application, context, actor, looking)
    add_sessions(application, context, door, actor)
    add_evidence(application, context, actor, looking)
    add_papers(application, context, actor, looking)
    add_keys(application, context, actor, looking)
    add_operations(application, context, looking)

    @application.get("/api/v1/health")
    async def health() -> dict[str, str]:
        return {"desk": "gonogo", "version": __version__}

    @application.post("/api/v1/stop", status_code=202)
    async def end(who: Actor = actor) -> dict[str, str]:
        allow(who, Deed.STOP)
        stop()
        return {"desk": "stopping"}

    return application


async def _bounded_body(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    if (refused := _too_much(request)) is not None:
        return refused
    return await call_next(request)


def _too_much(request: Request) -> Response | None:
    """The refusal of a body that would be held in memory before anybody looks at who sends it.

    Reports alone are read in pieces, into a file, once their sender was let in.
    """
    if request.url.path.endswith("/evidence"):
        return None
    if "transfer-encoding" in request.headers:
        return problem(411, "a request says in advance how long it is (Content-Length)")
    promised = request.headers.get("content-length", "0")
    if not promised.isdecimal() or int(promised[:20]) > _LARGEST_BODY:
        limit = _LARGEST_BODY >> 20
        return problem(413, f"a request has at most {limit} MiB; reports are sent as evidence")
    return None


def problem(
    status: int,
    title: str,
    hint: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An RFC 9457 problem."""
    content = {"title": title, "status": status, **({"hint": hint} if hint else {})}
    kind = "application/problem+json"
    return JSONResponse(content, status_code=status, media_type=kind, headers=headers)


def _errors(application: FastAPI) -> None:
    @application.exception_handler(GonogoError)
    async def ours(_: Request, error: GonogoError) -> JSONResponse:
        return problem(STATUS.get(type(error), 500), str(error), error.hint)

    @application.exception_handler(InvalidInput)
    async def invalid(_: Request, error: InvalidInput) -> JSONResponse:
        return problem(STATUS[InvalidInput], str(error), error.hint)

    @application.exception_handler(TooManyTries)
    async def too_many(_: Request, error: TooManyTries) -> JSONResponse:
        wait = {"Retry-After": str(max(1, round(error.wait.total_seconds())))}
        return problem(STATUS[TooManyTries], str(error), headers=wait)

    @application.exception_handler(RequestValidationError)
    async def shape(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, f"{where}: {first['msg']}")

    @application.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), headers=error.headers)


def _services(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/services", dependencies=[looking])
    async def services() -> list[dict[str, Any]]:
        return await views.services_view(context)

    @application.post("/api/v1/services")
    async def register(body: RegisterBody, who: Actor = actor) -> dict[str, Any]:
        done = await specs.register(
            context,
            who,
            text=body.spec,
            path=body.path,
            repository=body.repository,
            replaces=body.replaces,
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

    @application.post("/api/v1/differences")
    async def differences(body: CompareBody, who: Actor = actor) -> dict[str, Any]:
        found = await specs.compare(context, who, text=body.spec, path=body.path)
        return {"service": found.service, "replaces": found.replaces, "lines": list(found.lines)}

    @application.get("/api/v1/chain", dependencies=[looking])
    async def chain() -> dict[str, Any]:
        return views.chain_view(await operation.verify_chain(context))

    @application.get("/api/v1/findings", dependencies=[looking])
    async def findings() -> list[dict[str, str]]:
        return [
            {
                "check": finding.check,
                "health": finding.health.value,
                "detail": finding.detail,
                "remedy": finding.remedy,
            }
            for finding in await operation.examine(context)
        ]


def _releases(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/releases", dependencies=[looking])
    async def listing(
        service: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 20
    ) -> list[dict[str, Any]]:
        found = await context.store.releases(service, limit=limit)
        return [views.release_view(release) for release in found]

    @application.post("/api/v1/releases", status_code=202)
    async def start(body: ReleaseBody, who: Actor = actor) -> dict[str, Any]:
        release = await releases.start_release(
            context, who, service=body.service, version=body.version, key=body.key
        )
        return views.release_view(release)

    @application.post("/api/v1/intentions")
    async def intend(body: ReleaseBody, who: Actor = actor) -> dict[str, Any]:
        release = await releases.prepare_release(
            context, who, service=body.service, version=body.version
        )
        own_spec = await specs.differs_from_registered(context, release)
        return {"will": views.intention(release, own_spec=own_spec), "previous": release.previous}

    @application.get("/api/v1/releases/{reference}", dependencies=[looking])
    async def one(reference: str) -> dict[str, Any]:
        release = await releases.find_release(context, reference)
        last = await context.store.last_look(release.id)
        decision = await decision_on(context, release)
        return {**views.release_view(release, last), "decision": views.decided_view(decision)}

    @application.get("/api/v1/releases/{reference}/events", dependencies=[looking])
    async def events(
        reference: str,
        after: Annotated[int, Query(ge=0)] = 0,
        wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT)] = 0,
    ) -> dict[str, Any]:
        release = await releases.find_release(context, reference)
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            entries = [
                entry async for entry in context.store.entries(subject=release.id, after=after)
            ]
            if entries or asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(_POLL)
        release = await releases.find_release(context, release.id)
        last = await context.store.last_look(release.id)
        return {
            "release": views.release_view(release, last),
            "events": [views.entry_view(entry) for entry in entries],
        }

    @application.post("/api/v1/releases/{reference}/instructions", status_code=202)
    async def instruct(reference: str, body: InstructionBody, who: Actor = actor) -> dict[str, Any]:
        lines = tuple(VerifiedLine(**line.model_dump()) for line in body.lines)
        release = await verification.tell(
            context, who, reference=reference, kind=body.kind, reason=body.reason, lines=lines
        )
        return views.release_view(release)

    @application.get("/api/v1/releases/{reference}/figures", dependencies=[looking])
    async def figures(reference: str) -> dict[str, Any]:
        release = await releases.find_release(context, reference)
        return views.figures_view(await releases.tell_story(context, release))

    @application.get("/api/v1/releases/{reference}/looks", dependencies=[looking])
    async def looks(reference: str) -> dict[str, Any]:
        release = await releases.find_release(context, reference)
        return recording_view(await releases.tell_story(context, release))

    @application.get("/api/v1/releases/{reference}/why", dependencies=[looking])
    async def explain(reference: str) -> dict[str, Any]:
        release = await releases.find_release(context, reference)
        story = await releases.tell_story(context, release)
        return {"release": release.id, "why": why(story)}
