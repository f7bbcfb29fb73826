"""The user's own files: the spec that was named, and the repository that a folder belongs to."""

from pathlib import Path

from gonogo.cli.files import text_of
from gonogo.domain.errors import InvalidInput


def read_spec(path: Path) -> str:
    """The text of a spec file. Raises InvalidInput when it cannot be read."""
    try:
        return text_of(path)
    except FileNotFoundError as error:
        raise InvalidInput(
            f"{path} does not exist",
            hint="`gonogo init` writes a first one from what the repository says",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error


def top_of(place: Path) -> Path:
    """The nearest folder upwards that is a repository, or the place itself."""
    return next((each for each in (place, *place.parents) if (each / ".git").exists()), place)
