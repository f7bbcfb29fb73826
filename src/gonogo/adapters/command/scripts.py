"""Running the scripts of a platform: in the files of the version, masked, limited, killed whole."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gonogo.adapters.command.answer import MOST_BYTES, Answer, Unreadable, read_answer
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable
from gonogo.domain.ground import Script, Scripts
from gonogo.domain.instance import Instance
from gonogo.domain.placeholders import fill
from gonogo.ports.workshop import Job, JobResult

RunJob = Callable[[Job], Awaitable[JobResult]]
"""Runs a command to its end, as a workshop does."""

EndLeft = Callable[[Job], Awaitable[object]]
"""Ends what a desk that is gone left running of a command."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a script ended; `how` completes a sentence that begins with its name."""

    ok: bool
    killed: bool
    how: str
    log: str = ""


class PlatformScripts:
    """The scripts that an instance's ground names."""

    def __init__(self, run: RunJob, end_left: EndLeft) -> None:
        self._run = run
        self._end_left = end_left

    async def deploy(self, instance: Instance) -> Ended:
        """Put it there. Raises ActionFailed when the script cannot be started at all."""
        return await self._act("deploy", instance, scripts_of(instance).deploy)

    async def retire(self, instance: Instance) -> Ended:
        """Take it away. Raises as `deploy` does."""
        return await self._act("retire", instance, scripts_of(instance).retire)

    async def weigh(self, instance: Instance, share: float) -> Ended:
        """Set its share of customers. Raises as `deploy` does, InvalidInput where none is named."""
        script = scripts_of(instance).weight
        if script is None:
            raise InvalidInput(
                f"{named(instance)} was deployed without a weight script, so its platform cannot be told "
                "to share customers with it"
            )
        return await self._act(
            "weight", instance, script, share=f"{share:.4f}".rstrip("0").rstrip(".")
        )

    async def read(self, instance: Instance) -> Answer:
        """What the platform says. Raises Unavailable with one sentence when it says nothing usable."""
        script = scripts_of(instance).read
        doing = f"read of {named(instance)}"
        try:
            result = await self._run(_job("read", instance, script, answer_bytes=MOST_BYTES))
        except ActionFailed as failure:
            raise Unavailable(f"{doing} cannot be run: {failure}") from failure
        if len(result.answer) <= MOST_BYTES and not result.ok:
            raise Unavailable(f"{doing} {_how(result, script)}")
        try:
            answer = read_answer(result.answer)
        except Unreadable as why:
            raise Unavailable(
                f"{doing} {why}", hint="docs/grounds.md says what it prints"
            ) from None
        if answer.version not in {None, instance.version, instance.commit}:
            raise Unavailable(
                f'{doing} says that "{answer.version}" runs under the name {instance.id}, expected '
                f"{instance.version}"
            )
        return answer

    async def end_left(self, instance: Instance) -> None:
        """End a deploy of it that a desk left running which is gone."""
        await self._end_left(_job("deploy", instance, scripts_of(instance).deploy))

    async def _act(
        self, name: str, instance: Instance, script: Script, share: str | None = None
    ) -> Ended:
        result = await self._run(_job(name, instance, script, share=share))
        return Ended(result.ok, result.exit_code is None, _how(result, script), result.log_path)


def scripts_of(instance: Instance) -> Scripts:
    """The scripts of its ground. Raises InvalidInput for an instance of another ground."""
    if isinstance(instance.ground, Scripts):
        return instance.ground
    raise InvalidInput(
        f"{named(instance)} is not deployed by scripts but as {instance.ground.kind.value}"
    )


def named(instance: Instance) -> str:
    """`v2 in production`."""
    return f"{instance.service} {instance.version} in {instance.environment}"


def _how(result: JobResult, script: Script) -> str:
    if result.exit_code is None:
        return f"was killed after {script.within.total_seconds():g} s"
    last = result.output.strip().splitlines()[-1:] or ["it printed no word of why"]
    return "ended with 0" if result.ok else f"ended with {result.exit_code}: {last[0]}"


def _job(
    name: str,
    instance: Instance,
    script: Script,
    *,
    share: str | None = None,
    answer_bytes: int = 0,
) -> Job:
    values = {
        "instance": instance.id,
        "service": instance.service,
        "environment": instance.environment,
        "version": instance.version,
        "commit": instance.commit,
        "port": str(instance.port),
        "run": instance.line,
    }
    if share is not None:
        values["share"] = share
    return Job(
        service=instance.service,
        commit=instance.commit,
        name=f"{name}-{instance.id}",
        line=fill(script.line, values),
        within=script.within,
        variables=instance.variables,
        environment=instance.environment,
        answer_bytes=answer_bytes,
    )
