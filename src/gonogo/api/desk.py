"""The desk itself: its health, its audit chain, its description, its end."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from gonogo import __version__
from gonogo.api.answers.desk import ChainAnswer, DeskHealth, EntryAnswer, FindingAnswer, Stopping
from gonogo.api.answers.shapes import PageOf
from gonogo.api.pagination import Cursor, Limit, Listing
from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditSearch
from gonogo.usecases.context import Context
from gonogo.usecases.desk import operation
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import spec_schema
from gonogo.usecases.views import desk_views, listings

_Text = Annotated[str | None, Query(min_length=1, max_length=200)]


def add_desk(
    application: FastAPI,
    context: Context,
    actor: Any,  # noqa: ANN401
    looking: Any,  # noqa: ANN401
    stop: Callable[[], None],
) -> None:
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    _itself(application, actor, looking, stop)
    _examining(application, context, looking)


def _itself(
    application: FastAPI,
    actor: Any,  # noqa: ANN401
    looking: Any,  # noqa: ANN401
    stop: Callable[[], None],
) -> None:
    @application.get("/api/v1/health", response_model=DeskHealth)
    async def get_health() -> Any:  # noqa: ANN401
        """That a desk answers here. Nobody has to sign in for it."""
        return {"desk": "gonogo", "version": __version__}

    @application.get("/api/v1/openapi.json", dependencies=[looking], include_in_schema=False)
    async def get_description() -> dict[str, Any]:
        return application.openapi()

    @application.get("/api/v1/schemas/gonogo.yaml", dependencies=[looking])
    async def get_spec_schema() -> dict[str, Any]:
        """The JSON Schema of `gonogo.yaml`."""
        return spec_schema()

    @application.post("/api/v1/stop", status_code=202, response_model=Stopping)
    async def stop_desk(who: Actor = actor) -> Any:  # noqa: ANN401
        """End the desk's process. What it started for customers goes on without it."""
        allow(who, Deed.STOP)
        stop()
        return {"desk": "stopping"}


def _examining(application: FastAPI, context: Context, looking: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/audit", response_model=PageOf[EntryAnswer])
    async def list_audit(
        request: Request,
        response: Response,
        subject: _Text = None,
        person: _Text = None,
        action: _Text = None,
        oldest_first: bool = False,
        limit: Limit = 50,
        cursor: Cursor = None,
        who: Actor = looking,
    ) -> Any:  # noqa: ANN401
        """What was done, by whom: the newest first, or the oldest. `subject` is a release's id or a
        service, `action` how the action begins, as in `person:release:`."""
        filters = {"subject": subject, "person": person, "action": action, "old": oldest_first}
        listing = Listing("audit", filters)
        search = AuditSearch(
            subject=subject,
            actor=person,
            action=action,
            newest_first=not oldest_first,
            beyond=listing.number_after(cursor),
            limit=limit,
        )
        page = await listings.audit_page(context, who, search)
        shown = [desk_views.entry_view(entry) for entry in page.items]
        return listing.page(request, response, shown, page.next)

    @application.get("/api/v1/chain", dependencies=[looking], response_model=ChainAnswer)
    async def verify_chain() -> Any:  # noqa: ANN401
        """Whether every entry of the audit chain still holds. All of it is computed again."""
        return desk_views.chain_view(await operation.verify_chain(context))

    @application.get("/api/v1/findings", dependencies=[looking], response_model=list[FindingAnswer])
    async def list_findings() -> Any:  # noqa: ANN401
        """The health of the desk and of what it needs, the worst first, each with its remedy."""
        return [
            {
                "check": finding.check,
                "health": finding.health.value,
                "detail": finding.detail,
                "remedy": finding.remedy,
            }
            for finding in await operation.examine(context)
        ]
