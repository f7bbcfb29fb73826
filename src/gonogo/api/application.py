"""The API under /api/v1, for the owner of the desk and the people whom it knows.

Every request but the one for the desk's health carries a token (see gonogo.api.door); what it may do
follows from its bearer's roles, and whoever may look may read everything.

A request passes, from the outside in: its id and log line, the check that it is from here, the limits
of its size, the limits of its sender, what is kept for its Idempotency-Key, and its endpoint. The
endpoints stand in one room for each resource.
"""

from collections.abc import Callable

from fastapi import Depends, FastAPI

from gonogo import __version__
from gonogo.api.description import complete, named, only_known_parameters
from gonogo.api.desk import add_desk
from gonogo.api.door import Door, reader
from gonogo.api.evidence import add_evidence, size_allowed
from gonogo.api.idempotency import Idempotency
from gonogo.api.keys import add_keys
from gonogo.api.papers import add_papers
from gonogo.api.passage import Passage
from gonogo.api.people import add_people
from gonogo.api.problems import add_problems
from gonogo.api.rates import RateLimits
from gonogo.api.releases import add_releases
from gonogo.api.same_machine import SameMachine
from gonogo.api.services import add_services
from gonogo.api.sizes import Sizes
from gonogo.api.visitors import Visitors
from gonogo.domain.actor import Actor
from gonogo.usecases.context import Context


def build_application(
    context: Context, owner: Actor, token: str, stop: Callable[[], None]
) -> FastAPI:
    """The application. `stop` asks the desk's process to end."""
    application = FastAPI(
        title="gonogo",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(only_known_parameters)],
        generate_unique_id_function=named,
    )
    visitors = Visitors(Door(context, owner, token))
    actor, looking = Depends(visitors), Depends(reader(visitors))
    # The one that is added last stands outermost.
    application.add_middleware(Idempotency, context=context, visitors=visitors)
    application.add_middleware(RateLimits, context=context, visitors=visitors)
    application.add_middleware(Sizes, larger=size_allowed)
    application.add_middleware(SameMachine)
    application.add_middleware(Passage)
    add_problems(application)
    add_desk(application, context, actor, looking, stop)
    add_services(application, context, actor, looking)
    add_releases(application, context, visitors, actor, looking)
    add_people(application, context, actor, looking)
    add_evidence(application, context, visitors, actor, looking)
    add_papers(application, context, actor, looking)
    add_keys(application, context, actor, looking)
    complete(application)
    return application
