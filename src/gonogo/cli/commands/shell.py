"""`completion`: the completion script of a shell."""

import click
from click.shell_completion import get_completion_class

from gonogo.domain.errors import GonogoError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of your shell: add `eval "$(gonogo completion bash)"` to its start."""
    kind = get_completion_class(shell)
    if kind is None:
        raise GonogoError(f"no completion is known for {shell}")
    root = context.find_root()
    click.echo(kind(root.command, {}, "gonogo", "_GONOGO_COMPLETE").source())
