"""How the database's schema is changed."""

import re
from collections.abc import Iterator

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.health import SOURCES
from gonogo.usecases.services.first_spec.python import environment_made
from gonogo.usecases.services.first_spec.shell import from_virtualenv, word
from gonogo.usecases.services.first_spec.view import View

_SETTINGS = (*SOURCES, ".prisma", ".yml", ".yaml", ".properties", ".ini", ".toml")
_DATABASE = re.compile(r"""\bDATABASE_URL\b|dj_database_url|\bdatabase_url\b|env\.db\(""")


def alembic(view: View) -> Iterator[Guess]:
    """Alembic, where its ini file stands."""
    for path in sorted(view.paths, key=lambda each: (each.count("/"), each)):
        folder, _, name = path.rpartition("/")
        if name != "alembic.ini" or path.count("/") > 2:
            continue
        option = f"-c {word(path)} " if folder else ""
        for topic, deed in ((Topic.UPGRADE, "upgrade head"), (Topic.DOWNGRADE, "downgrade -1")):
            command = _python(view, f"alembic {option}{deed}")
            yield view.guess(topic, command, path, "Alembic")
        return


def django(view: View) -> Iterator[Guess]:
    """Django's migrations."""
    if not view.has("manage.py"):
        return
    found = next(
        (path for path in view.paths if re.search(r"(^|/)migrations/0\w*\.py$", path)), None
    )
    if found is not None:
        command = _python(view, "python manage.py migrate --noinput")
        yield view.guess(Topic.UPGRADE, command, found, "a migration of Django")


def prisma(view: View) -> Iterator[Guess]:
    """Prisma's migrations."""
    if view.has("prisma/schema.prisma"):
        command = "npx prisma migrate deploy"
        yield view.guess(Topic.UPGRADE, command, "prisma/schema.prisma", "Prisma")


def rails(view: View) -> Iterator[Guess]:
    """Active Record's migrations."""
    found = next((path for path in view.paths if path.startswith("db/migrate/")), None)
    if found is not None and view.has("Gemfile"):
        start = "RAILS_ENV=production bundle exec rails"
        yield view.guess(Topic.UPGRADE, f"{start} db:migrate", found, "a migration of Rails")
        down = f"{start} db:rollback"
        yield view.guess(Topic.DOWNGRADE, down, found, "a migration of Rails")


def laravel(view: View) -> Iterator[Guess]:
    """Laravel's migrations."""
    found = next((path for path in view.paths if path.startswith("database/migrations/")), None)
    if found is not None and view.has("artisan"):
        command = "php artisan migrate --force"
        yield view.guess(Topic.UPGRADE, command, found, "a migration of Laravel")


def flyway(view: View) -> Iterator[Guess]:
    """Flyway by its own program or by Maven; in Spring Boot the service runs them as it starts."""
    if line := view.line_of("pom.xml", "flyway-maven-plugin"):
        command = f"{'./mvnw' if view.has('mvnw') else 'mvn'} -B -q flyway:migrate"
        yield view.guess(Topic.UPGRADE, command, "pom.xml", "flyway-maven-plugin", line=line)
    elif path := view.first("flyway.toml", "flyway.conf", "conf/flyway.conf"):
        yield view.guess(Topic.UPGRADE, f"flyway -configFiles={path} migrate", path, "Flyway")


def at_start(view: View) -> str | None:
    """What migrates the database whenever the service starts, with the file and line that say so."""
    for path in ("pom.xml", "build.gradle", "build.gradle.kts"):
        for library, name in (("flyway-core", "Flyway"), ("liquibase-core", "Liquibase")):
            if line := view.line_of(path, library):
                return f"{name} ({path}:{line})"
    return None


def database(view: View) -> Iterator[Guess]:
    """Where the address of the database is taken from a variable."""
    for path, number, found, _ in view.search(_DATABASE, _SETTINGS):
        strength = Strength.SAID if found[0] == "DATABASE_URL" else Strength.WEAK
        yield view.guess(
            Topic.DATABASE, "DATABASE_URL", path, "the variable", line=number, strength=strength
        )
    if line := view.line_of("Gemfile", re.compile(r"""^\s*gem ["']rails["']""")):
        said = Strength.SAID
        yield view.guess(
            Topic.DATABASE, "DATABASE_URL", "Gemfile", "Rails", line=line, strength=said
        )


def _python(view: View, command: str) -> str:
    if environment_made(view):
        return from_virtualenv(command)
    return command.replace("python ", "python3 ", 1) if command.startswith("python ") else command
