"""Services that are compiled first: Go and Java."""

import re
from collections.abc import Iterator

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.shell import usable, word
from gonogo.usecases.services.first_spec.view import View

_MODULE = re.compile(r"^module\s+(\S+)")
_MAIN = re.compile(r"^package main\b")
_LISTENS = re.compile(r"ListenAndServe|\.Listen\(|\.Run\(|\.Start\(|net\.Listen")
_FLAG = re.compile(
    r"""\.(?:String|Int|Uint)(?:Var)?\((?:&\w+,\s*)?"(port|addr|listen|address|http)\""""
)
_SPRING = re.compile(r"spring-boot|org\.springframework\.boot")
_JAVA_MAIN = re.compile(r"static\s+void\s+main\s*\(")
_JAVA_ARGUMENT = re.compile(r"parseInt\(\s*\w+\[0\]")
_VERSIONED = re.compile(r"/v\d+$")


def go(view: View) -> Iterator[Guess]:
    """A Go module with a main package."""
    if not view.has("go.mod"):
        return
    name = _module(view)
    if name:
        line = view.line_of("go.mod", _MODULE)
        yield view.guess(Topic.NAME, name, "go.mod", "module", line=line)
    found = []
    for path, number, _, _ in view.search(_MAIN, (".go",)):
        line = view.line_of(path, _LISTENS)
        listens = line is not None
        strength = Strength.LIKELY if listens else Strength.WEAK
        found.append((strength, path.count("/"), path, line or number))
    for strength, _, path, number in sorted(found)[:1]:
        package = f"./{path.rpartition('/')[0]}".removesuffix("/")
        build = f"go build -o bin/service {word(package)}"
        what = "package main" if strength is Strength.WEAK else "it listens"
        yield view.guess(Topic.BUILD, build, path, what, line=number, strength=strength)
        run = _go_command(view, path)
        yield view.guess(Topic.RUN, run, path, what, line=number, strength=strength)


def _module(view: View) -> str:
    found = next((match[1] for _, match, _ in view.matches("go.mod", _MODULE)), "")
    return _VERSIONED.sub("", found).rpartition("/")[2]


def _go_command(view: View, path: str) -> str:
    for _, flag, _ in view.matches(path, _FLAG):
        value = "{port}" if flag[1] == "port" else "127.0.0.1:{port}"
        return f"./bin/service -{flag[1]} {value}"
    return "PORT={port} ./bin/service"


def java(view: View) -> Iterator[Guess]:
    """A Spring Boot application, by Maven or Gradle, or a program that is started from its source."""
    pom = view.first("pom.xml")
    gradle = view.first("build.gradle", "build.gradle.kts")
    if pom and (line := view.line_of(pom, _SPRING)):
        maven = "./mvnw" if view.has("mvnw") else "mvn"
        build, jar = f"{maven} -B -q -DskipTests package", "target/*.jar"
        source = pom
    elif gradle and (line := view.line_of(gradle, _SPRING)):
        program = "./gradlew" if view.has("gradlew") else "gradle"
        build, jar = f"{program} bootJar", "$(ls build/libs/*.jar | grep -v -e -plain.jar)"
        source = gradle
    else:
        if not pom and not gradle:
            yield from _java_source(view)
        return
    what = "Spring Boot"
    yield view.guess(Topic.BUILD, build, source, what, line=line)
    run = f"java -jar {jar} --server.address=127.0.0.1 --server.port={{port}}"
    yield view.guess(Topic.RUN, run, source, what, line=line)
    yield from _named(view, source)


def _java_source(view: View) -> Iterator[Guess]:
    """One file with a `main` beside nothing else; Java runs it as it is."""
    here = [path for path in view.paths if path.endswith(".java")]
    line = view.line_of(here[0], _JAVA_MAIN) if len(here) == 1 else None
    if line is not None:
        run = _java_command(view, here[0])
        yield view.guess(Topic.RUN, run, here[0], "it has a main", line=line)


def _java_command(view: View, path: str) -> str:
    command = f"java {word(path)}"
    if view.line_of(path, '"--port"') is not None:
        return f"{command} --port {{port}}"
    if view.line_of(path, _JAVA_ARGUMENT) is not None:
        return f"{command} {{port}}"
    return f"PORT={{port}} {command}"


def _named(view: View, source: str) -> Iterator[Guess]:
    if source == "pom.xml":
        text = re.sub(r"<parent>.*?</parent>", "", view.text(source), flags=re.DOTALL)
        if found := re.search(r"<artifactId>\s*([\w.-]+)\s*</artifactId>", text):
            line = view.line_of(source, found[0])
            yield view.guess(Topic.NAME, found[1], source, "artifactId", line=line)
        return
    settings = view.first("settings.gradle", "settings.gradle.kts")
    pattern = re.compile(r"""rootProject\.name\s*=\s*["']([^"']+)""")
    for number, match, _ in view.matches(settings or "", pattern):
        if settings and usable(match[1]):
            yield view.guess(Topic.NAME, match[1], settings, "rootProject.name", line=number)
