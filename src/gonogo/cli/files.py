"""Files that a user names."""

from pathlib import Path

from gonogo.domain.errors import InvalidInput

LONGEST_TEXT = 8 * 1024 * 1024
"""Bytes of the largest file that a person writes: a spec, a handoff, criteria."""


def whole(file: Path, most: int = LONGEST_TEXT) -> bytes:
    """What is in a file or pipe. Raises OSError, and InvalidInput for more than `most` bytes."""
    with file.open("rb") as opened:
        content = opened.read(most + 1)
    if len(content) > most:
        raise InvalidInput(f"{file} has more than {most} bytes, the most that are read")
    return content


def text_of(file: Path, most: int = LONGEST_TEXT) -> str:
    """The text in a file or pipe, whatever its lines end with. Raises as `whole`, and UnicodeDecodeError."""
    return whole(file, most).decode().replace("\r\n", "\n").replace("\r", "\n")


def write(file: Path, content: str | bytes) -> None:
    """Put this into a file, text as UTF-8. Raises InvalidInput where that is not allowed."""
    try:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error
