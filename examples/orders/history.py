"""Builds the git repository of the orders service, with four releases to try a release desk on.

The repository is made from files that stand here: `service/` is v1.1.0, and each folder in
`changes/` holds the files that a later release has changed. What goes into which commit is written
in the tables below. One run of `git fast-import` makes all of it, so that no setting of the person
who runs this (signing, hooks, templates, line ends) has a say: the same files always give the same
commit ids.

    python history.py TARGET [--defect courier|none|slow]
"""

import argparse
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

Defect = Literal["courier", "none", "slow"]

HERE = Path(__file__).resolve().parent
AUTHOR = "orders example <orders@example.invalid>"
FIRST_COMMIT = datetime(2024, 1, 3, 9, 0, tzinfo=UTC)
BETWEEN_COMMITS = timedelta(hours=25)
NOT_SOURCE = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", "orders.sqlite3"}


@dataclass(frozen=True)
class Commit:
    """What one commit says and brings: `layer:prefix` names the files of a layer by their path."""

    message: str
    brings: tuple[str, ...]
    tag: str | None = None


V1_1_0 = (
    Commit(
        "chore: start the orders service",
        ("service:.gitignore", "service:requirements.txt", "service:orders/__init__.py"),
    ),
    Commit(
        "feat(database): keep users and orders\n\n"
        "SQLite for a desk of one, PostgreSQL for more. Transactions that write say so when they\n"
        "begin, so that several processes can share a SQLite file.",
        (
            "service:alembic.ini",
            "service:migrations/",
            "service:orders/settings.py",
            "service:orders/database.py",
            "service:orders/tables.py",
        ),
    ),
    Commit(
        "feat(access): sign in with signed tokens\n\n"
        "Nothing is stored, so every process and every version accepts every token.",
        (
            "service:orders/messages.py",
            "service:orders/passwords.py",
            "service:orders/tokens.py",
            "service:orders/access.py",
        ),
    ),
    Commit(
        "feat(orders): take, list and count orders",
        ("service:orders/creation.py", "service:orders/reading.py"),
    ),
    Commit(
        "feat(orders): export orders as a spreadsheet\n\nRefs: STORY-130",
        ("service:orders/export.py",),
    ),
    Commit(
        "feat(serving): name the version in every answer, errors too\n\n"
        "Otherwise an error of ours and one of the load balancer look the same.",
        ("service:orders/", "service:pytest.ini"),
    ),
    Commit("test: cover the endpoints over a real database", ("service:tests/",)),
    Commit("docs: say how to run, migrate and seed\n\nRelease: v1.1.0", ("service:",), "v1.1.0"),
)

_TRACKING_TABLE = (
    "feat(tracking): add a table of tracking events\n\n"
    "It only adds, so the version before runs on the new schema.\n\nRefs: STORY-123"
)
_TRACKING = (
    "feat(tracking): track every order from the moment it is taken\n\n"
    "The first event is written with the order, both or neither.\n\nRefs: STORY-123"
)
_TRACKING_FILES = ("v1.2.0:orders/routes.py", "v1.2.0:orders/creation.py", "v1.2.0:tests/")
_RELEASE_1_2_0 = Commit("chore(release): v1.2.0", ("v1.2.0:orders/__init__.py",), "v1.2.0")
_RELEASE_1_2_1 = Commit("chore(release): v1.2.1", ("v1.2.1:orders/__init__.py",), "v1.2.1")
_RELEASE_1_3_0 = Commit("chore(release): v1.3.0", ("v1.3.0:orders/__init__.py",), "v1.3.0")
_CARRIER_MODULES = ("creation", "export", "reading", "seed", "tables")


def _carrier(migration: str) -> Commit:
    """The change of v1.3.0; `migration` is the layer whose migration follows what came before."""
    return Commit(
        "refactor(orders): say carrier, as customers do\n\n"
        "The column gets the new name with the code that uses it. The API goes on saying courier,\n"
        "so no client changes.\n\nRefs: STORY-140",
        (
            f"{migration}:migrations/",
            *(f"v1.3.0:orders/{name}.py" for name in _CARRIER_MODULES),
            "v1.3.0:tests/",
        ),
    )


AFTER_V1_1_0: dict[Defect, tuple[Commit, ...]] = {
    "courier": (
        Commit(_TRACKING_TABLE, ("v1.2.0:migrations/",)),
        Commit(_TRACKING, (*_TRACKING_FILES, "v1.2.0:orders/tracking.py")),
        _RELEASE_1_2_0,
        Commit(
            "fix(tracking): accept an order without a courier\n\n"
            "The table demanded a courier that half of the orders get only later, so taking such\n"
            "an order failed. The column may now be empty.\n\nRefs: FIX-241",
            ("v1.2.1:migrations/", "v1.2.1:orders/tracking.py", "v1.2.1:tests/"),
        ),
        _RELEASE_1_2_1,
        _carrier("v1.3.0"),
        _RELEASE_1_3_0,
    ),
    "none": (
        Commit(_TRACKING_TABLE, ("v1.2.0-none:migrations/",)),
        Commit(_TRACKING, (*_TRACKING_FILES, "v1.2.0-none:orders/tracking.py")),
        _RELEASE_1_2_0,
        Commit(
            "test(tracking): hold on to it that an order needs no courier\n\nRefs: FIX-241",
            ("v1.2.1:tests/",),
        ),
        _RELEASE_1_2_1,
        _carrier("v1.3.0-none"),
        _RELEASE_1_3_0,
    ),
    "slow": (
        Commit(_TRACKING_TABLE, ("v1.2.0-none:migrations/",)),
        Commit(_TRACKING, (*_TRACKING_FILES, "v1.2.0-slow:orders/")),
        _RELEASE_1_2_0,
        Commit(
            "perf(tracking): do not wait for events to settle\n\n"
            "An event is written in one transaction with its order: there is no gap to wait for.\n\n"
            "Refs: FIX-242",
            ("v1.2.0:orders/creation.py", "v1.2.1:orders/tracking.py", "v1.2.1:tests/"),
        ),
        _RELEASE_1_2_1,
        _carrier("v1.3.0-none"),
        _RELEASE_1_3_0,
    ),
}


def build(target: Path, defect: Defect = "courier") -> None:
    """Make the repository in `target`, which must be missing or empty; main is checked out.

    Raises FileExistsError for a target with something in it and RuntimeError when git fails.
    """
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(f"{target} is not empty")
    target.mkdir(parents=True, exist_ok=True)
    _git(target, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    stream = b"".join(_stream((*V1_1_0, *AFTER_V1_1_0[defect])))
    _git(target, "fast-import", "--quiet", "--date-format=raw", stream=stream)
    _git(target, "reset", "--quiet", "--hard", "main")


def _stream(commits: tuple[Commit, ...]) -> Iterator[bytes]:
    tree: dict[str, bytes] = {}
    for number, commit in enumerate(commits):
        when = int((FIRST_COMMIT + number * BETWEEN_COMMITS).timestamp())
        after = tree | _brought(commit)
        yield f"commit refs/heads/main\nmark :{number + 1}\n".encode()
        yield f"committer {AUTHOR} {when} +0000\n".encode()
        yield _data(f"{commit.message}\n".encode())
        for path in sorted(after):
            if after[path] != tree.get(path):
                yield f"M 100644 inline {path}\n".encode() + _data(after[path])
        tree = after
        if commit.tag:
            yield f"tag {commit.tag}\nfrom :{number + 1}\n".encode()
            yield f"tagger {AUTHOR} {when} +0000\n".encode()
            yield _data(f"Orders {commit.tag}\n".encode())


def _brought(commit: Commit) -> dict[str, bytes]:
    desk_file = HERE / "gonogo.yaml"  # how the service is released belongs to every version of it
    brought = {"gonogo.yaml": desk_file.read_bytes()} if desk_file.exists() else {}
    for selection in commit.brings:
        layer, _, prefix = selection.partition(":")
        chosen = {path: file for path, file in _files(layer) if path.startswith(prefix)}
        if not chosen:
            raise FileNotFoundError(f"nothing in {layer} begins with {prefix!r}")
        brought |= {path: file.read_bytes() for path, file in chosen.items()}
    return brought


def _files(layer: str) -> Iterator[tuple[str, Path]]:
    root = HERE / "service" if layer == "service" else HERE / "changes" / layer
    for file in root.rglob("*"):
        path = file.relative_to(root)
        if not NOT_SOURCE.intersection(path.parts) and file.is_file():
            yield path.as_posix(), file


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _git(target: Path, *arguments: str, stream: bytes | None = None) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    run = subprocess.run(
        ["git", "-C", str(target), *arguments],
        input=stream,
        stdin=subprocess.DEVNULL if stream is None else None,
        capture_output=True,
        env=own | nobody,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"git {arguments[0]} failed: {run.stderr.decode(errors='replace')}")


def main() -> None:
    """Build the history that the command line asks for."""
    parser = argparse.ArgumentParser(description="Build the git history of the orders service.")
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "--defect",
        choices=get_args(Defect),
        default="courier",
        help="what is wrong with v1.2.0 (default: %(default)s)",
    )
    options = parser.parse_args()
    build(options.target, options.defect)
    print(f"v1.1.0, v1.2.0 ({options.defect}), v1.2.1 and v1.3.0 are in {options.target}")


if __name__ == "__main__":
    main()
