"""The composition root: puts the program together."""

from gonogo.settings import Settings
from gonogo.wiring.program import LocalProgram


def build_program(settings: Settings) -> LocalProgram:
    """The program that the command line asks for, over the folder in the settings."""
    return LocalProgram(settings)
