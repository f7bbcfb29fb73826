"""Services in PHP and Ruby."""

import re
from collections.abc import Iterator

from gonogo.usecases.services.first_spec.guess import Guess, Topic
from gonogo.usecases.services.first_spec.view import View, words


def php(view: View) -> Iterator[Guess]:
    """A front controller as Laravel and Symfony have it, or an index.php, by PHP's own server."""
    if view.has("composer.json"):
        if name := words(view.json("composer.json").get("name")):
            line = view.line_of("composer.json", '"name"')
            yield view.guess(
                Topic.NAME, name.rpartition("/")[2], "composer.json", "name", line=line
            )
        install = "composer install --no-dev --no-interaction --no-progress"
        yield view.guess(Topic.BUILD, install, "composer.json", "its dependencies")
    own = "PHP's own server, which is meant for development"
    if view.has("public/index.php"):
        command, path = "php -S 127.0.0.1:{port} -t public", "public/index.php"
    elif view.has("index.php"):
        command, path = "php -S 127.0.0.1:{port} -t .", "index.php"
    else:
        return
    yield view.guess(Topic.RUN, f"PHP_CLI_SERVER_WORKERS=4 {command}", path, own)


def ruby(view: View) -> Iterator[Guess]:
    """Rails or any other Rack application, by puma."""
    if not view.has("Gemfile"):
        return
    install = "bundle config set --local path vendor/bundle && bundle install --quiet"
    yield view.guess(Topic.BUILD, install, "Gemfile", "its dependencies")
    if not view.has("config.ru"):
        return
    rails = view.line_of("Gemfile", re.compile(r"""^\s*gem ["']rails["']"""))
    mode = "RAILS_ENV=production " if rails else ""
    puma = view.line_of("Gemfile", re.compile(r"""^\s*gem ["']puma["']"""))
    server = "puma -b tcp://127.0.0.1:{port}" if puma else "rackup -o 127.0.0.1 -p {port}"
    what = "Rails" if rails else "a Rack application"
    command = f"{mode}bundle exec {server}"
    yield view.guess(Topic.RUN, command, "config.ru", what)
