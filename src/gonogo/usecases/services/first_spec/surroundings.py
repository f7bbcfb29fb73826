"""What stands around the source: reports that CI makes, and variables that a service wants."""

import re
from collections.abc import Iterator

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.view import View

_WORKFLOW = re.compile(
    r"^(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml|\.circleci/config\.yml|Jenkinsfile|"
    r"azure-pipelines\.yml|\.travis\.yml|bitbucket-pipelines\.yml|\.forgejo/workflows/[^/]+\.ya?ml)$"
)
_BESIDE = ("package.json", "pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini", "Makefile")
_VALUE = r"""["']?([\w./*${}-]+)"""
_TESTS = re.compile(
    rf"(?:--junit-?xml|--junitfile|--log-junit|--out-junit)[= ]{_VALUE}|"
    r"(jest-junit|mocha-junit-reporter|go-junit-report|surefire-reports|test-results/test)|"
    r"reporters?[= ](junit)|([\w./*-]*junit[\w./*-]*\.xml)"
)
_COVERAGE = re.compile(
    rf"--cov-report[= ](?:xml|lcov|json):{_VALUE}|--coverage-cobertura[= ]{_VALUE}|"
    r"--cov-report[= ](xml|lcov|json)|(lcov\.info|coverage\.xml|cobertura[\w.-]*\.xml)|"
    r"\bcoverage (xml|lcov|json)\b"
)
_NAMED = re.compile(r"^(?:export\s+)?([A-Z][A-Z0-9_]{1,60})=")
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example")
_GIVEN = frozenset({"PORT", "VERSION", "DATABASE_URL"})
_MOST_VARIABLES = 20


def reports(view: View) -> Iterator[Guess]:
    """Reports of tests and of coverage that workflows of the repository make."""
    whole = View(view.repository)
    for path in whole.paths:
        if _WORKFLOW.match(path):
            yield from _reports_in(whole, path, Strength.SAID)
    for path in _BESIDE:
        if view.has(path):
            yield from _reports_in(view, path, Strength.LIKELY)


def _reports_in(view: View, path: str, strength: Strength) -> Iterator[Guess]:
    for topic, pattern in ((Topic.TESTS, _TESTS), (Topic.COVERAGE, _COVERAGE)):
        for number, found, line in view.matches(path, pattern):
            if line.lstrip().startswith("#"):
                continue
            value = next(group for group in found.groups() if group)
            what = "a report of tests" if topic is Topic.TESTS else "a report of coverage"
            yield view.guess(topic, value, path, what, line=number, strength=strength)


def variables(view: View) -> Iterator[Guess]:
    """Names of variables in an example of an .env file; never their values."""
    path = view.first(*_EXAMPLES)
    if path is None:
        return
    seen: set[str] = set()
    for number, found, _ in view.matches(path, _NAMED):
        if found[1] not in seen | _GIVEN and len(seen) < _MOST_VARIABLES:
            seen.add(found[1])
            yield view.guess(Topic.VARIABLE, found[1], path, "a variable", line=number)
