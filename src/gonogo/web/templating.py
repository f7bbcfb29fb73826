"""What pages and documents are rendered with: every text that a template puts out is made harmless."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from gonogo.web import wording


def environment(folder: str, longest: int = wording.LONGEST) -> Environment:
    """The templates of a folder of this package; a text that is put out is cut at `longest` characters.

    What a template names and nobody gave is an error, never an empty place.
    """

    def harmless(value: object) -> object:
        # Markup made by this package is left alone.
        is_text = isinstance(value, str) and not hasattr(value, "__html__")
        return wording.plain(str(value), longest) if is_text else value

    return Environment(
        loader=PackageLoader("gonogo", folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def beside_templates(name: str) -> str:
    """A style or script that documents carry in themselves."""
    return (files("gonogo.web") / "templates" / name).read_text(encoding="utf-8")


def allowed(text: str) -> str:
    """A style or script as a document's policy names it: by its digest."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
