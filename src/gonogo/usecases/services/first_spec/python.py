"""Python services: Django, ASGI, Flask, aiohttp, or a plain server."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.shell import from_virtualenv, usable, word
from gonogo.usecases.services.first_spec.view import View, table, words

_ASGI = ("FastAPI", "Starlette", "Litestar", "Quart", "Sanic")
_APPLICATION = re.compile(
    rf"^(?P<name>\w+)\s*(?::[^=]+)?=\s*(?:\w+\.)?(?P<kind>{'|'.join(_ASGI)}|Flask)\("
)
_FACTORY = re.compile(r"^def (?P<name>create_app|make_app)\(\s*\)")
_RUNS = re.compile(r"\b(?:web\.run_app|serve_forever|uvicorn\.run|run_simple|make_server)\(")
_LINES = ("requirements.txt", "requirements/prod.txt", "requirements/production.txt")
_WSGI = re.compile(r"(?:^|/)wsgi\.py$")


def python(view: View) -> Iterator[Guess]:
    """What a Python project says of itself."""
    project = table(view.toml("pyproject.toml").get("project"))
    if name := words(project.get("name")):
        line = view.line_of("pyproject.toml", re.compile(r"^\s*name\s*="))
        yield view.guess(Topic.NAME, name, "pyproject.toml", "project.name", line=line)
    yield from _build(view)
    yield from _django(view)
    yield from _application(view)
    yield from _plain(view, table(project.get("scripts")))


def environment_made(view: View) -> bool:
    """Whether building makes .venv."""
    return any(_build(view))


def _build(view: View) -> Iterator[Guess]:
    make = "python3 -m venv .venv && .venv/bin/pip install"
    requirements = view.first(*_LINES)
    if view.has("uv.lock"):
        command, path = "uv sync --frozen --no-dev", "uv.lock"
    elif view.has("poetry.lock"):
        command = "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --only main --no-interaction"
        path = "poetry.lock"
    elif requirements is not None:
        command, path = f"{make} -r {requirements}", requirements
    elif view.has("Pipfile.lock"):
        command, path = "PIPENV_VENV_IN_PROJECT=1 pipenv sync", "Pipfile.lock"
    elif table(view.toml("pyproject.toml").get("project")):
        command, path = f"{make} .", "pyproject.toml"
    else:
        return
    yield view.guess(Topic.BUILD, command, path, "its dependencies, in .venv")


def _depends_on(view: View, package: str) -> bool:
    pattern = re.compile(rf"(?<![\w.-]){re.escape(package)}(?![\w.-])", re.IGNORECASE)
    names = (*_LINES, "pyproject.toml", "Pipfile", "uv.lock", "poetry.lock")
    return any(pattern.search(view.text(path)) for path in names)


def _run(view: View, command: str) -> str:
    if not environment_made(view):
        return command.replace("python ", "python3 ", 1) if "python " in command else command
    return from_virtualenv(command)


def _django(view: View) -> Iterator[Guess]:
    if not view.has("manage.py"):
        return
    modules = [path for path in view.paths if _WSGI.search(path) and path.count("/") == 1]
    if modules and _depends_on(view, "gunicorn"):
        module = modules[0].removesuffix(".py").replace("/", ".")
        command = _run(view, f"gunicorn --bind 127.0.0.1:{{port}} {module}")
        yield view.guess(Topic.RUN, command, modules[0], "the WSGI application, by gunicorn")
        return
    command = _run(view, "python manage.py runserver --noreload 127.0.0.1:{port}")
    what = "Django's own server, which is meant for development"
    yield view.guess(Topic.RUN, command, "manage.py", what, strength=Strength.WEAK)


def _application(view: View) -> Iterator[Guess]:
    for path, number, found, _ in view.search(_APPLICATION, (".py",)):
        yield _served(view, path, number, found["name"], found["kind"])
    if not (_depends_on(view, "flask") or _depends_on(view, "fastapi")):
        return
    kind = "FastAPI" if _depends_on(view, "fastapi") else "Flask"
    for path, number, found, _ in view.search(_FACTORY, (".py",)):
        yield _served(view, path, number, f"{found['name']}()", kind)


def _served(view: View, path: str, number: int, name: str, kind: str) -> Guess:
    """The command that serves an application object or the factory of one."""
    inside = path.startswith("src/")
    module = (
        path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    )
    plain = name.removesuffix("()")
    if kind in _ASGI:
        options = f"{' --app-dir src' if inside else ''}{' --factory' if plain != name else ''}"
        command = f"uvicorn {module}:{plain} --host 127.0.0.1 --port {{port}}{options}"
    elif _depends_on(view, "gunicorn"):
        place = " --chdir src" if inside else ""
        command = f"gunicorn --bind 127.0.0.1:{{port}}{place} {word(f'{module}:{name}')}"
    else:
        place = "src/" if inside else ""
        application = f"{place}{module}:{plain}"
        command = f"flask --app {application} run --host 127.0.0.1 --port {{port}}"
    return view.guess(Topic.RUN, _run(view, command), path, f"{plain} is a {kind}", line=number)


def _plain(view: View, scripts: Mapping[str, Any]) -> Iterator[Guess]:
    for path, number, _, line in view.search(_RUNS, (".py",)):
        if not re.search(r"def \w+", line) and usable(path):
            command = _run(view, f"PORT={{port}} python {word(path)}")
            what = "it starts a server"
            weak = Strength.WEAK if path.count("/") > 1 else Strength.LIKELY
            yield view.guess(Topic.RUN, command, path, what, line=number, strength=weak)
    names = list(table(scripts))
    if len(names) == 1 and environment_made(view) and usable(names[0]):
        command = f"PORT={{port}} .venv/bin/{word(names[0])}"
        what = f"project.scripts.{names[0]}"
        yield view.guess(Topic.RUN, command, "pyproject.toml", what, strength=Strength.WEAK)
