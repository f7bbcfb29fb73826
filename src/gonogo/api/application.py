"""The API under /api/v1, for the owner of the desk and the people whom it knows.

Every request but the one for the desk's health and those for signing in carries a token or a session
(see gonogo.api.door); what it may do follows from its bearer's roles, and whoever may look may read
everything. A page from elsewhere cannot reach the desk through its visitor's browser (gonogo.api.reach).

A request passes, from the outside in: its id and log line, the check where it is from, the limits
of its size, the limits of its sender, what is kept for its Idempotency-Key, and its endpoint. The
endpoints stand in one room for each resource.
"""

from collections.abc import Callable

from fastapi import Depends, FastAPI

from gonogo import __version__
from gonogo.api.adoptions import add_adoptions
from gonogo.api.description import complete, named, only_known_parameters
from gonogo.api.desk import add_desk
from gonogo.api.door import Door, lead_to_sign_in, reader
from gonogo.api.evidence import add_evidence, size_allowed
from gonogo.api.frontier import Frontier
from gonogo.api.heads import Heads
from gonogo.api.idempotency import Idempotency
from gonogo.api.keys import add_keys
from gonogo.api.operations import add_operations
from gonogo.api.papers import add_papers
from gonogo.api.passage import Passage
from gonogo.api.people import add_people
from gonogo.api.problems import add_problems
from gonogo.api.rates import RateLimits
from gonogo.api.reach import Reach
from gonogo.api.releases import add_releases
from gonogo.api.services import add_services
from gonogo.api.sessions import add_sessions
from gonogo.api.sign_in_gate import SignInGate
from gonogo.api.sizes import Sizes
from gonogo.api.visitors import Visitors
from gonogo.domain.actor import Actor
from gonogo.usecases.context import Context


def build_application(
    context: Context,
    owner: Actor,
    token: str,
    stop: Callable[[], None],
    reach: Reach = Reach(),  # noqa: B008 - frozen
) -> FastAPI:
    """The application. `stop` asks the desk's process to end; `reach` says to whom it answers."""
    application = FastAPI(
        title="gonogo",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(only_known_parameters)],
        generate_unique_id_function=named,
        # Nobody collects it here, and asking for it each time costs as much as a small answer.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    door = Door(context, owner, token)
    visitors = Visitors(door)
    actor, looking = Depends(visitors), Depends(reader(visitors))
    # The one that is added last stands outermost.
    application.add_middleware(Heads)
    application.add_middleware(Idempotency, context=context, visitors=visitors)
    application.add_middleware(RateLimits, context=context, visitors=visitors)
    application.add_middleware(Sizes, visitors=visitors, larger=size_allowed)
    application.add_middleware(SignInGate, context=context)
    application.add_middleware(Frontier, reach=reach)
    application.add_middleware(Passage)
    add_problems(application)
    lead_to_sign_in(application)
    add_desk(application, context, actor, looking, stop)
    add_services(application, context, actor, looking)
    add_adoptions(application, context, actor)
    add_releases(application, context, visitors, actor, looking)
    add_people(application, context, actor, looking)
    add_sessions(application, context, door, actor)
    add_evidence(application, context, visitors, actor, looking)
    add_papers(application, context, actor, looking)
    add_keys(application, context, actor, looking)
    add_operations(application, context, looking)
    complete(application)
    return application
