"""What is guessed of repositories as people have them, and what is left to a person."""

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.growth import BLOWN_UP, growth

from gonogo.adapters.memory.tree import MemoryTree
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.services.first_spec import FirstSpec, first_spec
from gonogo.usecases.services.first_spec.shell import on_port
from gonogo.usecases.services.specs import check_spec

COMPOSE = """services:
  web:
    build: .
    command: uvicorn shop.main:app --host 0.0.0.0 --port 8000
    ports: ["9000:8000"]
    healthcheck: {test: [CMD, curl, "http://localhost:8000/ready"]}
  db: {image: postgres}
"""
DOCKERFILE = """FROM node AS build
CMD ["sleep", "1"]
FROM node
EXPOSE 7000
HEALTHCHECK --interval=5s \\
  CMD curl -f http://localhost:7000/readyz
CMD ["node", "dist/server.js"]
"""
POM = """<project>
<parent><artifactId>spring-boot-starter-parent</artifactId></parent>
<artifactId>orders</artifactId>
<dependency><artifactId>spring-boot-starter-actuator</artifactId></dependency>
</project>"""
GO = 'package main\nfunc main() {\n  http.ListenAndServe(":"+os.Getenv("PORT"), nil)\n}\n'


def look(files: Mapping[str, str], folder: str | None = None) -> FirstSpec:
    return first_spec(MemoryTree(files), called="the repository", folder=folder)


def said(found: FirstSpec) -> dict[str, str]:
    return {guess.topic.value: guess.value for guess in found.guesses}


def origin(found: FirstSpec, topic: str) -> str:
    return next(guess.origin for guess in found.guesses if guess.topic.value == topic)


def package(**keys: object) -> str:
    return json.dumps({"name": "@acme/greeter", **keys}, indent=1)


REPOSITORIES = {
    "node": (
        {"package.json": package(scripts={"start": "node s.js"}), "package-lock.json": "{}"},
        "PORT={port} node s.js",
        "npm ci --omit=dev",
    ),
    "next": (
        {"package.json": package(scripts={"start": "next start -p 3000", "build": "next build"})},
        'PATH="$PWD/node_modules/.bin:$PATH" next start -p {port}',
        "npm install --no-audit --no-fund && npm run build",
    ),
    "express without a script": (
        {"package.json": package(main="./app.js"), "app.js": "app.listen(3000)\n"},
        "PORT={port} node app.js",
        None,
    ),
    "yarn, several programs": (
        {"package.json": package(scripts={"start": "a && node ."}), "yarn.lock": ""},
        "PORT={port} yarn start",
        "yarn install --frozen-lockfile",
    ),
    "fastapi": (
        {"requirements.txt": "fastapi\nuvicorn\n", "app/main.py": "app = FastAPI()\n"},
        ".venv/bin/uvicorn app.main:app --host 127.0.0.1 --port {port}",
        "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
    ),
    "flask by gunicorn": (
        {"requirements.txt": "flask\ngunicorn\n", "src/shop/web.py": "app = Flask(__name__)\n"},
        ".venv/bin/gunicorn --bind 127.0.0.1:{port} --chdir src shop.web:app",
        "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
    ),
    "django": (
        {"manage.py": "", "shop/wsgi.py": "", "uv.lock": 'name = "gunicorn"\n'},
        ".venv/bin/gunicorn --bind 127.0.0.1:{port} shop.wsgi",
        "uv sync --frozen --no-dev",
    ),
    "aiohttp": (
        {"server.py": "from aiohttp import web\nweb.run_app(app)\n"},
        "PORT={port} python3 server.py",
        None,
    ),
    "go": (
        {"go.mod": "module x.example/teller/v2\n", "cmd/teller/main.go": GO},
        "PORT={port} ./bin/service",
        "go build -o bin/service ./cmd/teller",
    ),
    "php": (
        {"composer.json": '{"name": "acme/shop"}', "public/index.php": "<?php\n"},
        "PHP_CLI_SERVER_WORKERS=4 php -S 127.0.0.1:{port} -t public",
        "composer install --no-dev --no-interaction --no-progress",
    ),
    "spring boot": (
        {"pom.xml": POM, "mvnw": ""},
        "java -jar target/*.jar --server.address=127.0.0.1 --server.port={port}",
        "./mvnw -B -q -DskipTests package",
    ),
    "one file of java": (
        {"Main.java": 'static void main(String[] a) { options.get("--port"); }\n'},
        "java Main.java --port {port}",
        None,
    ),
    "rails": (
        {"Gemfile": "gem 'rails'\ngem 'puma'\n", "config.ru": ""},
        "RAILS_ENV=production bundle exec puma -b tcp://127.0.0.1:{port}",
        "bundle config set --local path vendor/bundle && bundle install --quiet",
    ),
    "procfile": (
        {"Procfile": "web: gunicorn a:b -b 0.0.0.0:$PORT\n", "requirements.txt": "gunicorn\n"},
        ".venv/bin/gunicorn a:b -b 127.0.0.1:$PORT",
        "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
    ),
    "dockerfile": ({"Dockerfile": DOCKERFILE}, "PORT={port} node dist/server.js", None),
    "compose": (
        {"compose.yaml": COMPOSE},
        "uvicorn shop.main:app --host 127.0.0.1 --port {port}",
        None,
    ),
}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_it_is_said_how_a_service_is_built_and_started(name):
    files, run, build = REPOSITORIES[name]
    found = look(files)
    assert said(found)["run"] == run
    assert said(found).get("build") == build
    assert check_spec(found.text, "gonogo.yaml").run == run


def test_each_guess_stands_in_the_file_with_the_line_that_it_is_from():
    found = look({"package.json": package(scripts={"start": "node s.js"})})
    assert "service: greeter  # guessed from package.json:2: name" in found.text
    assert "# guessed from package.json:4: scripts.start" in found.text


@pytest.mark.parametrize(
    ("file", "text", "path"),
    [
        ("a.js", 'if (request.url === "/healthz") {', "/healthz"),
        ("a.js", "app.get('/api/health', ok)", "/api/health"),
        ("a.py", '@app.get("/ready")', "/ready"),
        ("shop/urls.py", '  path("health/", ok),', "/health/"),
        ("a.go", 'http.HandleFunc("/livez", ok)', "/livez"),
        ("A.java", '@GetMapping("/ping")', "/ping"),
        ("config/routes.rb", '  get "up" => "rails/health#show"', "/up"),
        ("bootstrap/app.php", "  health: '/up',", "/up"),
        ("pom.xml", POM, "/actuator/health"),
        ("Dockerfile", DOCKERFILE, "/readyz"),
        ("compose.yaml", COMPOSE, "/ready"),
    ],
)
def test_the_health_path_is_found_among_the_routes(file, text, path):
    found = look({file: text})
    assert said(found)["health"] == path
    assert check_spec(found.text, "gonogo.yaml").health.path == path


def test_a_route_is_taken_before_a_call_of_somebody_elses():
    text = 'fetch("http://other/x"); fetch("/health")\napp.get("/status", ok)\n'
    assert said(look({"a.js": text}))["health"] == "/status"


def test_a_health_path_in_tests_alone_is_none():
    found = look({"tests/test_a.py": 'client.get("/health")', "a.py": ""})
    assert "health" not in said(found)
    assert "no health path was found" in found.text


@pytest.mark.parametrize(
    ("files", "upgrade"),
    [
        ({"alembic.ini": ""}, "alembic upgrade head"),
        ({"manage.py": "", "a/migrations/0001_x.py": ""}, "python3 manage.py migrate --noinput"),
        ({"prisma/schema.prisma": ""}, "npx prisma migrate deploy"),
        (
            {"Gemfile": "", "db/migrate/1_a.rb": ""},
            "RAILS_ENV=production bundle exec rails db:migrate",
        ),
        ({"artisan": "", "database/migrations/a.php": ""}, "php artisan migrate --force"),
        ({"pom.xml": "flyway-maven-plugin"}, "mvn -B -q flyway:migrate"),
        ({"Procfile": "release: ./migrate"}, "./migrate"),
    ],
)
def test_migrations_are_only_proposed_until_each_environment_can_have_its_own_database(
    files, upgrade
):
    found = look(files)
    assert said(found)["upgrade"] == upgrade
    assert f"#   upgrade: {upgrade}" in found.text
    assert check_spec(found.text, "gonogo.yaml").migrations is None
    own = look({**files, "settings.py": 'os.environ["DATABASE_URL"]'})
    plan = check_spec(own.text, "gonogo.yaml")
    assert plan.migrations is not None
    assert plan.migrations.upgrade.line == upgrade
    assert any("database_url" in gap.sentence for gap in own.gaps)


def test_migrations_that_the_service_runs_as_it_starts_are_said():
    found = look(
        {"pom.xml": POM.replace("</dependency>", "</dependency>\n<!-- flyway-core -->", 1)}
    )
    assert "upgrade" not in said(found)
    assert any("Flyway (pom.xml:" in gap.sentence for gap in found.gaps)


def test_reports_that_workflows_make_become_gates_that_do_not_stop_a_first_release():
    found = look(
        {
            ".github/workflows/ci.yml": "run: pytest --junitxml=r/j.xml --cov-report=xml:r/c.xml",
            "a.py": "",
        }
    )
    assert (said(found)["tests"], said(found)["coverage"]) == ("r/j.xml", "r/c.xml")
    gates = {rule.kind.value: rule.mode for rule in check_spec(found.text, "x").gates}
    assert (gates["tests"], gates["smoke"]) == ("advisory", "required")


def test_names_of_variables_are_told_and_never_their_values():
    found = look({".env.example": "STRIPE_KEY=sk-value\nPORT=1\n", "a.py": ""})
    assert "STRIPE_KEY" in found.text
    assert "sk-value" not in json.dumps(found.view())


def test_customers_port_is_the_one_that_the_repository_names():
    found = look({"s.js": "const port = process.env.PORT || 3000"})
    assert found.ports == (3001, 3000)
    assert origin(found, "port") == "s.js:1: beside PORT"
    assert look({"a.py": ""}).ports == (8081, 8080)


def test_a_service_that_never_reads_its_port_is_said():
    files = {"package.json": package(scripts={"start": "node s.js"}), "s.js": "x.listen(3000)"}
    assert any("reads the variable PORT" in gap.sentence for gap in look(files).gaps)
    files["s.js"] = "x.listen(process.env.PORT)"
    assert not any("reads the variable PORT" in gap.sentence for gap in look(files).gaps)


def test_packages_that_nothing_lists_are_said():
    files = {"main.py": "app = FastAPI()\n"}
    assert any("lists its packages" in gap.sentence for gap in look(files).gaps)
    files["requirements.txt"] = "fastapi"
    assert not any("lists its packages" in gap.sentence for gap in look(files).gaps)


def test_a_repository_that_says_nothing_gets_a_command_that_fails_and_says_so():
    found = look({"README.md": "hello"})
    assert not found.startable
    assert check_spec(found.text, "gonogo.yaml").run.endswith("exit 1")
    assert {gap.topic.value for gap in found.gaps} == {"run", "health"}


MANY = {
    "services/api/package.json": package(scripts={"start": "node ."}),
    "services/pay/requirements.txt": "fastapi",
    "services/pay/main.py": "app = FastAPI()",
    "package.json": '{"workspaces": ["services/*"], "scripts": {"start": "turbo start"}}',
}


def test_several_services_are_named_and_one_has_to_be_chosen():
    with pytest.raises(InvalidInput, match=r"2 services \(services/api, services/pay\)") as error:
        look(MANY)
    assert error.value.hint == "gonogo init --service-dir services/api"


def test_a_service_in_a_folder_is_started_there():
    found = look(MANY, "services/pay")
    assert found.service == "pay"
    run = "cd services/pay && .venv/bin/uvicorn main:app --host 127.0.0.1 --port {port}"
    assert check_spec(found.text, "gonogo.yaml").run == run


def test_the_only_service_is_found_in_its_folder():
    files = {name: text for name, text in MANY.items() if "/pay/" in name}
    assert look({**files, "README.md": ""}).folder == "services/pay"


@pytest.mark.parametrize("folder", ["../other", "/etc", "nowhere"])
def test_a_folder_outside_or_without_files_is_refused(folder):
    with pytest.raises(InvalidInput):
        look(MANY, folder)


def test_addresses_of_other_services_in_a_command_are_left_alone():
    command = "node s.js --redis localhost:6379 --port=80"
    assert on_port(command) == "node s.js --redis localhost:6379 --port={port}"


HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "x\n  gates: {smoke: off}",
            '"; rm -rf / #',
            "{port} {{x}} {unknown} ${A:-{b}}",
            "a: b # c",
            "!!python/object x",
            "&a [*a, *a]",
            "\u2028\x85\x00\ud800".encode("utf-8", "replace").decode(),
            "---\n...\n",
        ]
    ),
)


@settings(max_examples=40, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_files_hold_the_text_is_a_valid_spec_with_its_gates(one, two, three):
    files = {
        "package.json": package(name=one, main=two, scripts={"start": two, "build": three}),
        "pyproject.toml": f'[project]\nname = {json.dumps(one)}\n"{two}\n',
        "Procfile": f"web: {one}\nrelease: {three}\n",
        "Dockerfile": f"EXPOSE {one}\nCMD {json.dumps([two, three])}\nHEALTHCHECK http://x/{one}",
        "compose.yaml": f"services:\n  {one}:\n    build: .\n    command: {two}\n{three}",
        "alembic.ini": "DATABASE_URL",
        ".env.example": f"A{one}=b\n{two}=c",
        "a.py": f'@app.get("/health{three}")\napp.get("/{one}/health")\n{two}',
        f"src/{two.replace('/', '')}.py": "app = FastAPI()\n",
    }
    plan = check_spec(look(files).text, "gonogo.yaml")
    assert [rule.mode for rule in plan.gates if rule.kind.value == "smoke"] == ["required"]


def test_broken_and_bottomless_files_are_like_none():
    deep = "[" * 50_000
    bomb = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [{', '.join(['*a'] * 9)}]\n" for n in range(20))
    found = look(
        {
            "package.json": deep,
            "pyproject.toml": "a = " + deep,
            "compose.yaml": deep[:2_000],
            "compose.yml": bomb,
            "Dockerfile": "CMD " + deep,
        }
    )
    assert not found.startable


def test_four_times_as_many_files_and_packages_take_about_four_times_as_long_to_look_at():
    def many(size: int, run: int) -> Callable[[], object]:
        packages = size // 50
        files = {f"packages/p{n % packages}/src/f{n}-{run}.py": "x = 1\n" for n in range(size)}
        files |= {f"packages/p{n}/package.json": "{}" for n in range(packages)}
        files["main.py"] = "app = FastAPI()\n"

        def looked() -> None:
            assert look(files).startable

        return looked

    assert growth(many, 4000) < BLOWN_UP
