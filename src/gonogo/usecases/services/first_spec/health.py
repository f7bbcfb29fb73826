"""Where a service says that it is ready: routes by the names that they usually have."""

import re
from collections.abc import Iterator

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.view import View

SOURCES = (
    ".py",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".go",
    ".php",
    ".java",
    ".kt",
    ".rb",
    ".rs",
    ".cs",
)

_NAMES = (
    "readyz",
    "ready",
    "readiness",
    "healthz",
    "health",
    "health-check",
    "healthcheck",
    "health_check",
    "livez",
    "up",
    "ping",
    "status",
)
"""What routes that tell of health are called, the one that tells most of readiness first."""

_PATH = re.compile(
    rf"""["'`](?P<slash>\^?/?)(?P<path>(?:[\w-]+/){{0,4}}(?P<name>{"|".join(_NAMES)})/?)\$?["'`]"""
)
_ROUTE = re.compile(
    r"\.(?:get|head|all|use|route|any|map|add_get|add_route|add_api_route|add_url_rule|handle|"
    r"handlefunc)\s*\(|@\w+(?:\.\w+)*\.(?:get|route|api_route)|\bpath\(|\bre_path\(|Mapping\(|"
    r"\burl\s*===?|pathname\s*===?|\.path\s*===?|\bcase\b|\bmatch\b|^\s*get\s+|\bhealth:|@Get\(|"
    r"PATH_INFO|REQUEST_URI|\bpath\s*===?|URL\.Path",
    re.IGNORECASE,
)
_CLIENT = re.compile(r"\b(?:fetch|axios|requests|httpx|urlopen|http\.Get|curl)\b")


def health(view: View) -> Iterator[Guess]:
    """Routes in the source, the likeliest one first."""
    found: list[tuple[Strength, int, int, Guess]] = []
    for path, number, match, line in view.search(_PATH, SOURCES):
        route = _ROUTE.search(line) is not None and not _CLIENT.search(line)
        if not match["slash"].endswith("/") and not route:
            continue  # a word alone is a route only where a router is told of it
        strength = Strength.LIKELY if route else Strength.WEAK
        what = "a route" if route else "a path that looks like one"
        value = f"/{match['path']}"
        guess = view.guess(Topic.HEALTH, value, path, what, line=number, strength=strength)
        found.append((strength, _NAMES.index(match["name"]), len(value), guess))
    yield from (guess for *_, guess in sorted(found, key=lambda each: each[:3])[:5])


def actuator(view: View) -> Iterator[Guess]:
    """Spring Boot's own health route."""
    for path in ("pom.xml", "build.gradle", "build.gradle.kts"):
        if line := view.line_of(path, "spring-boot-starter-actuator"):
            value, what = "/actuator/health", "spring-boot-starter-actuator"
            sure = Strength.SAID
            yield view.guess(Topic.HEALTH, value, path, what, line=line, strength=sure)


_READ = re.compile(
    r"""(?:process\.env\.|env(?:iron)?(?:\.get)?\s*[\[(]\s*|[Gg]etenv\((?:\)\.get(?:OrDefault)?\()?|ENV(?:\.fetch)?[\[(]|env\()"""
    r"""["'`]?PORT["'`]?\b(?:\W{1,20}?(?P<port>\d{4,5})\b)?"""
)
_FIXED = re.compile(
    r"""(?:\.listen\(|ListenAndServe\(\s*"|port\s*=\s*|PORT\s*=\s*)[^0-9\n]{0,20}(?P<port>\d{4,5})\b"""
)


def port_of_source(view: View) -> Iterator[Guess]:
    """The port that the source falls back to, or that is written into it."""
    for path, number, found, _ in view.search(_READ, SOURCES):
        if found["port"]:
            yield view.guess(Topic.PORT, found["port"], path, "beside PORT", line=number)
    for path, number, found, _ in view.search(_FIXED, SOURCES):
        weak = Strength.WEAK
        yield view.guess(Topic.PORT, found["port"], path, "a port", line=number, strength=weak)


def reads_port(view: View) -> bool:
    """Whether any source reads the variable PORT."""
    return next(view.search(_READ, SOURCES), None) is not None
