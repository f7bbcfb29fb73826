"""Every detector: a function of a folder's files that yields guesses, the surer ones by their strength."""

from collections.abc import Callable, Iterable, Mapping

from gonogo.usecases.services.first_spec import (
    compiled,
    containers,
    health,
    migrations,
    node,
    python,
    scripted,
    surroundings,
)
from gonogo.usecases.services.first_spec.guess import Guess
from gonogo.usecases.services.first_spec.view import View

Detector = Callable[[View], Iterable[Guess]]

STARTERS: Mapping[str, Detector] = {
    "procfile": containers.procfile,
    "python": python.python,
    "node": node.node,
    "go": compiled.go,
    "java": compiled.java,
    "php": scripted.php,
    "ruby": scripted.ruby,
    "dockerfile": containers.dockerfile,
    "compose": containers.compose,
}
"""How a service is built and started; of two that are as sure the earlier one is taken."""

OTHERS: Mapping[str, Detector] = {
    "actuator": health.actuator,
    "health": health.health,
    "port": health.port_of_source,
    "alembic": migrations.alembic,
    "django": migrations.django,
    "prisma": migrations.prisma,
    "rails": migrations.rails,
    "laravel": migrations.laravel,
    "flyway": migrations.flyway,
    "database": migrations.database,
    "reports": surroundings.reports,
    "variables": surroundings.variables,
}
"""What a service needs besides."""
