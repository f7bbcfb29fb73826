"""The entry point: hands the command line the rest of the program, which is put together on demand."""

import sys


def main() -> None:
    """Run `gonogo`."""
    from gonogo.cli.application import gonogo
    from gonogo.cli.program import Program, Setup
    from gonogo.settings import read_settings

    try:
        settings = read_settings()
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)

    def program() -> Program:
        from gonogo.wiring import build_program

        return build_program(settings)

    gonogo(obj=Setup(home=settings.home, port=settings.port, program=program))
