"""A group of commands whose first one needs no name: `gonogo handoff orders v1.2.0`."""

import click


class DefaultGroup(click.Group):
    """Runs the command `show` when the first word is no command of the group.

    A service whose name is a command is reached with `show` written out.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` in front where no command is named."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named or not args else ["show", *args])
