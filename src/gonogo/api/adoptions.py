"""What runs already, taken in: adopted, and how customers come to it."""

from typing import Any

from fastapi import FastAPI

from gonogo.api.answers.services import EntranceAnswer, UnadoptedAnswer
from gonogo.api.bodies import AdoptBody
from gonogo.domain.actor import Actor
from gonogo.domain.quiet import Traffic
from gonogo.usecases.context import Context
from gonogo.usecases.services import adoption, unadopting

_OF = "/api/v1/services/{service}/adoptions"


def add_adoptions(application: FastAPI, context: Context, actor: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks."""

    @application.post(_OF, response_model=EntranceAnswer)
    async def adopt_service(service: str, body: AdoptBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Take what listens at an address as a version, with all customers of the environment. It is
        neither started nor stopped; asking again changes nothing. 409 when something else is there or
        nothing healthy answers, 422 for gonogo's own router or when its port is taken."""
        found = await adoption.adopt(
            context,
            who,
            service=service,
            environment=body.environment,
            at=body.at,
            version=body.version,
            commit=body.commit,
        )
        return adoption.entrance_view(found)

    @application.get(_OF + "/{environment}", response_model=EntranceAnswer)
    async def get_adoption(service: str, environment: str, who: Actor = actor) -> Any:  # noqa: ANN401
        """What was adopted in an environment, and whether customers come through the router."""
        found = await adoption.entrance(context, who, service=service, environment=environment)
        return adoption.entrance_view(found)

    @application.delete(_OF + "/{environment}", response_model=UnadoptedAnswer)
    async def undo_adoption(
        service: str,
        environment: str,
        router: int | None = None,
        requests: int = 0,
        who: Actor = actor,
    ) -> Any:  # noqa: ANN401
        """Forget what was adopted in an environment and end its router; it runs on. `router` and
        `requests` are as read last, when nobody came any more: 409 when customers came since, when
        gonogo runs a version there, or while a release is under way."""
        left = await unadopting.undo_adoption(
            context,
            who,
            service=service,
            environment=environment,
            seen=Traffic(router, requests),
        )
        return {"service": service, "environment": environment, "left_running": left}
