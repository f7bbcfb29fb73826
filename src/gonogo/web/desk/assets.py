"""Style, scripts and fonts of the desk: files of this package, served under an address that changes
with their content, so that a browser may keep them for good and never shows yesterday's.

`vendor/` is brought from npm when the package is built (hatch_build.py); a checkout in which that did
not happen says so at start instead of showing pages that do not work.
"""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

from gonogo.domain.errors import Unavailable

FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
}


@cache
def folder() -> Path:
    """Where the files lie. Raises Unavailable when what comes from npm is missing."""
    found = Path(str(files("gonogo.web.desk") / "static"))
    if not (found / "vendor" / "versions.json").is_file():
        raise Unavailable(
            "the desk's pages lack the files that come from npm",
            hint="python hatch_build.py, or install gonogo again",
        )
    return found


@cache
def served() -> dict[str, Path]:
    """Every file by its name under `/static/…/`; nothing else is ever opened."""
    root = folder()
    return {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }


@cache
def address(name: str) -> str:
    """The address of a file, for templates. Raises KeyError for one that is not there."""
    return f"/static/{_build()}/{served()[name].relative_to(folder()).as_posix()}"


def add_assets(application: FastAPI) -> None:
    """Serve the files to everybody: nothing in them is secret, and the sign-in page needs them."""

    @application.get("/static/{build}/{name:path}", include_in_schema=False)
    async def asset(build: str, name: str) -> FileResponse:
        path = served().get(name)
        if path is None or build != _build():
            raise HTTPException(404, "no such file")
        return FileResponse(
            path, media_type=_TYPES[path.suffix], headers={"Cache-Control": FOREVER}
        )

    @application.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> FileResponse:
        return FileResponse(served()["icon.svg"], media_type=_TYPES[".svg"])


@cache
def _build() -> str:
    digest = hashlib.sha256()
    for name, path in served().items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
