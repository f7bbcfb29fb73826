"""Which of the small versions were ever started."""

from pathlib import Path


def starts(files: Path) -> list[int]:
    """Numbers of all server processes that ever began."""
    written = files / "starts"
    return [int(line) for line in written.read_text().split()] if written.exists() else []
