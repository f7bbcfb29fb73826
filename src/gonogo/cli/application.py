"""The command `gonogo`. Commands are imported when they are called, so that `--help` is quick."""

import importlib
from collections.abc import Mapping
from dataclasses import replace

import click

from gonogo import __version__
from gonogo.cli.program import Setup
from gonogo.domain.errors import GonogoError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "Watch a bad release taken back and a good one released."),
    "serve": ("desk", "Run the desk until Ctrl-C."),
    "init": ("init", "Write a first gonogo.yaml from what the repository says."),
    "schema": ("spec", "Print the JSON Schema of gonogo.yaml."),
    "check": ("spec", "Check a gonogo.yaml and decide here, without a desk."),
    "plan": ("plan", "Say what a rollout can and cannot see, before it starts."),
    "judge": ("judge", "Judge counts in a CSV file, without a desk."),
    "observe": (
        "observe",
        "Judge traffic that something else routes: a log, a Prometheus, a router.",
    ),
    "register": ("releases", "Register the service of a gonogo.yaml."),
    "adopt": ("adoption", "Take a service that runs already in, without downtime."),
    "release": ("releases", "Release a version and follow it to its end."),
    "status": ("releases", "Show services and releases."),
    "watch": ("releases", "Follow a release."),
    "why": ("releases", "Say why a release stands where it stands."),
    "report": ("releases", "Write a release's report as one HTML file."),
    "replay": ("replay", "Show what other policies would have done with a past release."),
    "pause": ("instructions", "Hold a release where it is."),
    "resume": ("instructions", "Let a waiting release go on."),
    "abort": ("instructions", "End a release that has not reached production."),
    "rollback": ("instructions", "Take a release back now."),
    "confirm": ("instructions", "Confirm a promoted release after your own check."),
    "reject": ("instructions", "Reject a promoted release: it is taken back."),
    "evidence": ("evidence", "Push reports of tests, scanners and drills; see what was filed."),
    "people": ("people", "Show and change who may do what, and their tokens."),
    "whoami": ("people", "Say as whom the desk knows you, and what you may do."),
    "handoff": ("handoff", "Show a version on one page; draft its handoff, hand it over."),
    "checklist": ("checklist", "Show how far checklists are; tick their lines."),
    "signoff": ("papers", "Sign a version off in your role."),
    "acknowledge": ("papers", "Take a version over from QA, with a schedule."),
    "waive": ("papers", "Let a gate pass until a time, with a reason."),
    "withdraw": ("papers", "Take a sign-off, waiver or acknowledgement back."),
    "freeze": ("papers", "Hold every release of a service."),
    "unfreeze": ("papers", "Let releases of a service go on again."),
    "hush": ("papers", "Hold messages about a service back."),
    "unhush": ("papers", "Send messages about a service again."),
    "bundle": ("bundle", "Write a release as one file of signed statements."),
    "verify": ("verify", "Check the audit chain, a bundle, or published heads."),
    "keys": ("keys", "Show and change the keys that the desk signs with."),
    "head": ("head", "Publish the head of the audit chain."),
    "doctor": ("desk", "Look at the health of the desk and its services."),
    "migrate-database": ("database", "Move a desk from SQLite to PostgreSQL."),
    "down": ("desk", "Stop everything that was left running."),
    "completion": ("shell", "Print the completion script of your shell."),
}
"""Every command: the file in `commands` it stands in and its line of help."""


class Commands(click.Group):
    """Knows every command's name and help; imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gonogo.cli.commands.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in COMMANDS])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; our own errors become a sentence, a hint and an exit code."""
        from gonogo.cli.output import fail

        setup: Setup = ctx.obj
        try:
            return super().invoke(ctx)
        except GonogoError as error:
            if setup.debug or ctx.params.get("debug"):
                raise
            ctx.exit(fail(error))
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as defect:
            # An edge: a stack is shown to whoever asks for it, and stands in a desk's log.
            if setup.debug or ctx.params.get("debug") or ctx.invoked_subcommand == "serve":
                raise
            ctx.exit(fail(_unforeseen(defect, ctx.invoked_subcommand)))


def _unforeseen(defect: Exception, command: str | None) -> GonogoError:
    if isinstance(defect, OSError) and defect.strerror:
        what = f"{defect.strerror}: {defect.filename or 'the folder that you are in, or a file'}"
    else:
        what = f"{type(defect).__name__}: {defect}"
    return GonogoError(
        f"gonogo {command} met what it does not foresee: {what}",
        hint=f"gonogo --debug {command} … shows where",
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gonogo")
@click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def gonogo(context: click.Context, as_json: bool, debug: bool) -> None:
    """From QA's handoff to verified production, or back."""
    context.obj = replace(context.obj, json=as_json, debug=debug)
