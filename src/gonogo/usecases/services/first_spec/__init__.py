"""A first gonogo.yaml from what a repository's files say.

Why so: the first file is the dearest one to write, and most of it stands in the repository already. A
guess is only a proposal: each says from which file and line it is, and what nobody could guess is said
too.

Guarantees: files are read, never run; whatever they hold, the text that is made is a valid spec.
Assumes: a tree that does not lead out of the repository.
"""

import re
from dataclasses import dataclass
from typing import Any

from gonogo.domain.errors import InvalidInput
from gonogo.ports.tree import Tree
from gonogo.usecases.services.first_spec.choosing import Chosen, choose
from gonogo.usecases.services.first_spec.guess import Gap, Guess, Topic
from gonogo.usecases.services.first_spec.services import service_folder, view_of
from gonogo.usecases.services.first_spec.view import Repository
from gonogo.usecases.services.first_spec.writing import ports, write
from gonogo.usecases.services.specs import check_spec

__all__ = ["FirstSpec", "first_spec"]

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class FirstSpec:
    """A spec's text, and what it rests on.

    `folder` is where the service lies in the repository, "" for its top. `guesses` are those that were
    taken, `gaps` what is left to a person; `cut` says that the repository has more files than were
    looked at.
    """

    service: str
    folder: str
    text: str
    guesses: tuple[Guess, ...]
    gaps: tuple[Gap, ...]
    ports: tuple[int, int]
    cut: bool

    @property
    def startable(self) -> bool:
        """Whether anything says how the service starts."""
        return any(guess.topic is Topic.RUN for guess in self.guesses)

    def view(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "service": self.service,
            "folder": self.folder,
            "ports": {"staging": self.ports[0], "production": self.ports[1]},
            "guesses": [
                {
                    "topic": guess.topic.value,
                    "value": guess.value,
                    "path": guess.path,
                    "line": guess.line,
                    "what": guess.what,
                    "strength": guess.strength.name.lower(),
                }
                for guess in self.guesses
            ],
            "gaps": [{"topic": gap.topic.value, "sentence": gap.sentence} for gap in self.gaps],
            "cut": self.cut,
            "spec": self.text,
        }


def first_spec(tree: Tree, *, called: str, folder: str | None = None) -> FirstSpec:
    """A first spec for the repository of this tree, which is `called` like its folder.

    `folder` is the service's place in it, None to look for it. Raises InvalidInput when there is no
    such folder, when nothing is in it, or when there are several services and none was named.
    """
    repository = Repository(tree)
    place = service_folder(repository) if folder is None else _folder(folder)
    view = view_of(repository, place)
    if not view.paths:
        raise InvalidInput(f"there are no files in {place or called} that could be a service")
    chosen = choose(view)
    guess = chosen.taken.get(Topic.NAME)
    service = _name(guess.value if guess else "") or _name(place.rstrip("/").rpartition("/")[2])
    service = service or _name(called) or "service"
    text = write(service, place, chosen)
    check_spec(text, "gonogo.yaml")
    taken = tuple(_taken(chosen))
    return FirstSpec(
        service, place.rstrip("/"), text, taken, chosen.gaps, ports(chosen), repository.cut
    )


def _folder(folder: str) -> str:
    parts = [part for part in folder.split("/") if part not in {"", "."}]
    if ".." in parts or folder.startswith("/"):
        raise InvalidInput(f"{folder} is not a folder inside the repository")
    return "".join(f"{part}/" for part in parts)


def _name(text: str) -> str:
    """The text as a service's name, empty where nothing of it can be one."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower())
    return re.sub(r"^[^a-z]+", "", plain)[:_LONGEST_NAME].strip("-")


def _taken(chosen: Chosen) -> tuple[Guess, ...]:
    return tuple(chosen.taken[topic] for topic in Topic if topic in chosen.taken) + chosen.variables
