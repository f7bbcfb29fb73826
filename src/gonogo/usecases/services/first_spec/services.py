"""Which folder of a repository is the service."""

import re
import shlex

from gonogo.domain.errors import InvalidInput
from gonogo.usecases.services.first_spec.choosing import starts
from gonogo.usecases.services.first_spec.guess import Strength
from gonogo.usecases.services.first_spec.view import Repository, View

MOST_FOLDERS = 100
"""Folders that are looked at for services of their own."""

_DEEPEST = 3
_START = re.compile(r"(?:^|/)(?:Dockerfile|Procfile)$")
_ASIDE = re.compile(r"(^|/)(tests?|docs?|examples?|fixtures|e2e|\.[^/]*)/")
_WORKSPACES = ("pnpm-workspace.yaml", "turbo.json", "nx.json", "lerna.json", "go.work")


def service_folder(repository: Repository) -> str:
    """The folder of the one service: "" for the top, else ending with `/`.

    Raises InvalidInput naming the folders where there are several.
    """
    top = view_of(repository, "")
    whole = starts(top)
    if whole is not None and whole.strength is not Strength.WEAK and not _is_workspace(top):
        return ""
    found = [folder for folder in _folders(repository) if _serves(view_of(repository, folder))]
    if len(found) > 1:
        named = ", ".join(folder.rstrip("/") for folder in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        raise InvalidInput(
            f"the repository has {len(found)} services ({named}{more}); each has a gonogo.yaml of its own",
            hint=f"gonogo init --service-dir {shlex.quote(found[0].rstrip('/'))}",
        )
    return found[0] if found else ""


def view_of(repository: Repository, folder: str) -> View:
    """The files of a folder, without those of projects that lie below it."""
    below = tuple(
        each for each in repository.projects if each != folder and each.startswith(folder)
    )
    return View(repository, folder, without=below)


def _folders(repository: Repository) -> tuple[str, ...]:
    """Folders that might be services, those near the top first."""
    started = {
        f"{path.rpartition('/')[0]}/" for path in repository.paths if _START.search(path)
    } - {"/"}
    near = (
        place
        for place in started.union(repository.projects)
        if place.count("/") <= _DEEPEST and not _ASIDE.search(place)
    )
    return tuple(sorted(near, key=lambda place: (place.count("/"), place)))[:MOST_FOLDERS]


def _serves(view: View) -> bool:
    run = starts(view)
    return run is not None and run.strength is not Strength.WEAK


def _is_workspace(top: View) -> bool:
    return "workspaces" in top.json("package.json") or top.first(*_WORKSPACES) is not None
