"""Whether specs may have the desk run commands, and of which services.

A spec says how its service is built, started and checked in shell lines, which run as the user whom the
desk's process belongs to. A desk that only its own user reaches runs them: nobody gets anything that
they did not have. On a desk with a public address whoever may register a spec would get a shell on
its machine, so it has to be said there (GONOGO_ALLOW_COMMANDS) for whom that is meant.
"""

from dataclasses import dataclass

from gonogo.domain.errors import NotAllowed

EVERY = "*"


@dataclass(frozen=True, slots=True)
class CommandPolicy:
    """`services` may have commands run, `*` meaning all. `said` is False where nobody has decided."""

    services: frozenset[str] = frozenset({EVERY})
    said: bool = True

    def require(self, service: str) -> None:
        """Raises NotAllowed, with what to set, for a service whose commands are not run here."""
        if self.services & {EVERY, service}:
            return
        hint = "on the desk's machine: GONOGO_ALLOW_COMMANDS=yes, or the names of services"
        if not self.said:
            raise NotAllowed(
                f"the spec of {service} has commands, and this desk, which has a public address,"
                " was not told for whom it may run any",
                hint=hint,
            )
        runs = f"those of {', '.join(sorted(self.services))} alone" if self.services else "none"
        raise NotAllowed(
            f"the spec of {service} has commands, and this desk runs {runs}", hint=hint
        )


def command_policy(told: tuple[str, ...] | None, *, public: bool) -> CommandPolicy:
    """The policy that the settings ask for; `told` is None where they say nothing."""
    if told is None:
        return CommandPolicy(frozenset(), said=False) if public else CommandPolicy()
    return CommandPolicy(frozenset(told))
