"""Options that several commands share."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import click

from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput


def as_share(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """A callback: a percentage with its sign, as in 5%, becomes a share between 0 and 1."""
    from gonogo.usecases.services.specs import share_of

    if value is None:
        return None
    try:
        return share_of(value)
    except InvalidInput as error:
        raise click.BadParameter(str(error), param=parameter) from error


def as_false_alarm(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """A callback: a chance of stopping a good canary, at most 50 %."""
    share = as_share(context, parameter, value)
    if share is None or share > 0.5:
        raise click.BadParameter(f"{value} is too much; the limit is 50%", param=parameter)
    return share


def as_duration(
    _: click.Context, parameter: click.Parameter, value: str | None
) -> timedelta | None:
    """A callback: a duration with its unit, as in 30s."""
    from gonogo.usecases.services.specs import duration_of

    try:
        return None if value is None else duration_of(value)
    except InvalidInput as error:
        raise click.BadParameter(str(error), param=parameter) from error


def with_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json` after the command as well as before it."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            setup: Setup = context.obj
            context.obj = replace(setup, json=True)

    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Print data as JSON.",
    )(command)


with_reason = click.option("--reason", "-m", default="", help="Why; it is recorded.")
with_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


class RoleName(click.Choice[str]):
    """A role as people write it: in any case, with a blank, a hyphen or `_`."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The role's value, or the usual refusal that lists what is known."""
        plain = str(value).strip().lower().replace(" ", "_").replace("-", "_")
        return super().convert(plain if plain in self.choices else value, param, ctx)
