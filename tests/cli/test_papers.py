"""The commands by which people file papers, over a desk on loopback."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import uvicorn
from click.testing import Result
from tests.papers import LEAD, OPS, OWNER, QA, Desk, a_desk, shop_plan
from tests.plans import START, a_release

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.cli import output
from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.person import Person, Token
from gonogo.domain.plan import OnSilence, Verification
from gonogo.domain.release import Instruction, Stage
from gonogo.usecases.access.people import SECRET_PREFIX, digest_of_secret
from gonogo.web.pages import add_pages

HANDOFF = "scope: sprint 16\nrisks: [{title: slow export, severity: medium}]\n"
LINES = ("Login", "Order tracking")


class Server:
    """A desk in memory behind a real socket, in a thread of its own."""

    def __init__(self) -> None:
        self.port = 0
        self.desk: Desk | None = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> "Server":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        self._loop.close()

    def ask(self, work: Callable[[Desk], object]) -> object:
        """Run something with the desk, in its own thread."""
        assert self.desk is not None
        made = asyncio.run_coroutine_threadsafe(_done(work(self.desk)), self._loop)
        return made.result(20)

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            self.desk = desk = await stack.enter_async_context(a_desk())
            audit = AuditDraft("dana", "person:people:add", "people")
            for actor in (QA, LEAD, OPS):
                person = Person(actor.name, tuple(actor.roles), tuple(actor.emails), "dana", START)
                await desk.store.put_person(person, audit)
                digest = digest_of_secret(secret(actor))
                token = Token(actor.name, actor.name, digest, START, START + timedelta(days=1))
                await desk.store.put_token(token, audit)
            application = build_application(desk.context, OWNER, "secret", lambda: None)
            add_pages(application, desk.context, reader(Door(desk.context, OWNER, "secret")))
            config = uvicorn.Config(application, port=0, log_level="error", lifespan="off")
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn gives nothing to wait for
                await asyncio.sleep(0.01)
            self.port = server.servers[0].sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            server.should_exit = True
            await serving


async def _done(awaitable: object) -> object:
    return await awaitable  # type: ignore[misc]


def secret(actor: Actor) -> str:
    return SECRET_PREFIX + actor.name * 8


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        yield made


Run = Callable[..., Result]


@pytest.fixture
def as_(server: Server, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `gonogo` as this person against the desk. A process would let go of its connections."""
    opened: list[httpx2.Client] = []
    client = httpx2.Client

    def opening(*arguments: object, **options: object) -> httpx2.Client:
        opened.append(client(*arguments, **options))  # type: ignore[arg-type]
        return opened[-1]

    monkeypatch.setattr("gonogo.cli.client.httpx2.Client", opening)

    def run_as(actor: Actor, *arguments: str, text: str | None = None) -> Result:
        monkeypatch.setenv("GONOGO_URL", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("GONOGO_TOKEN", "secret" if actor is OWNER else secret(actor))
        done = run(*arguments, text=None if text is None else text.encode())
        for each in opened:
            each.close()
        return done

    return run_as


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "handoff.yaml"
    path.write_text(HANDOFF)
    return path


def test_from_draft_to_schedule(server: Server, as_: Run, tmp_path: Path, file: Path) -> None:
    draft = as_(QA, "handoff", "draft", "shop", "v1.2.1")
    assert draft.stdout.startswith("# Handoff of shop v1.2.1")
    assert "v1.2.1 has a feature: v1.3.0 would fit" in draft.stderr
    done = as_(QA, "handoff", "submit", "shop", "v1.2.0", str(file))
    assert done.stdout.startswith("shop v1.2.0 is handed over (")
    server.ask(lambda desk: desk.evidence(failed=1))
    signed = as_(QA, "signoff", "shop", "v1.2.0", "--as", "qa", "--yes")
    assert signed.exit_code == 0, signed.stderr
    assert signed.stdout.startswith("quinn signed shop v1.2.0 as QA (")
    assert "You sign as QA for shop v1.2.0 · a1b2c3d (evidence " in signed.stderr
    assert "✘ tests (report.xml): 214 of 215 passed, 1 failed; " in signed.stderr
    assert "medium: slow export (no mitigation)" in signed.stderr
    assert "it would go back to nothing (no version serves)" in signed.stderr
    taken = as_(OPS, "acknowledge", "shop", "v1.2.0", "--at", "16:00 UTC", "--window", "1h")
    assert "shop v1.2.0 is acknowledged; it starts at 2026-03-01 16:00 UTC" in taken.stdout
    page = tmp_path / "page.html"
    shown = as_(QA, "handoff", "shop", "v1.2.0", "--format", "html", "--out", str(page))
    assert shown.stdout.strip() == str(page)
    assert "slow export" in page.read_text()
    text = as_(QA, "handoff", "shop", "v1.2.0").stdout
    assert "✓ QA" in text
    data = json.loads(as_(QA, "handoff", "shop", "v1.2.0", "--json").stdout)
    assert data["sign_offs"][0]["actor"] == "quinn"


def test_a_refusal_says_who_may(as_: Run) -> None:
    refused = as_(OWNER, "signoff", "shop", "v1.2.0", "--as", "qa", "--yes")
    assert refused.exit_code == 1
    assert "error: dana (owner) may not sign a version off; these may: devops, QA" in refused.stderr


def test_nobody_signs_without_a_yes(as_: Run) -> None:
    refused = as_(QA, "signoff", "shop", "v1.2.0", "--as", "qa")
    assert refused.exit_code == 2
    assert "nobody is here to say yes" in refused.stderr


def test_a_file_that_is_no_handoff_is_told_with_its_place(as_: Run, file: Path) -> None:
    file.write_text("scope: x\nrisk: 1\n")
    refused = as_(QA, "handoff", "submit", "shop", "v1.2.0", str(file))
    assert refused.exit_code == 2
    assert f'{file}:2:1: unknown key "risk"' in refused.stderr
    missing = as_(QA, "handoff", "submit", "shop", "v1.2.0", str(file.with_name("none")))
    assert "cannot be read: No such file" in missing.stderr


def test_the_change_log_gets_one_section(as_: Run, tmp_path: Path) -> None:
    log = tmp_path / "CHANGELOG.md"
    log.write_bytes(b"# Changelog\r\n\r\n## [1.1.0] - 2026-01-01\r\n\r\n- x\r\n")
    first = as_(QA, "handoff", "shop", "v1.2.0", "--change-log", str(log))
    assert "has a section of v1.2.0" in first.stdout
    once = log.read_bytes()
    assert b"## [1.2.0] - 2026-03-01\r\n" in once
    assert once.endswith(b"## [1.1.0] - 2026-01-01\r\n\r\n- x\r\n")
    second = as_(QA, "handoff", "shop", "v1.2.0", "--change-log", str(log))
    assert "has a section already of v1.2.0" in second.stdout
    assert log.read_bytes() == once


def test_lines_of_checklists_are_ticked_and_undone(as_: Run) -> None:
    done = as_(QA, "checklist", "tick", "shop", "v1.2.0", "deploy", "migrations reviewed")
    assert '"Migrations reviewed" is ticked (' in done.stdout
    shown = as_(QA, "checklist", "shop", "v1.2.0").stdout
    assert "deploy  1 of 3\n  database: 1 of 2\n  monitoring: 0 of 1\n" in shown
    assert "☑ Migrations reviewed  quinn, 2026-03-01 12:00 UTC" in shown
    assert "☐ Alerts configured  [devops]" in shown
    arguments = ("checklist", "tick", "shop", "v1.2.0", "deploy", "Migrations reviewed", "--undo")
    assert '"Migrations reviewed" is open again' in as_(QA, *arguments).stdout
    assert as_(QA, "checklist", "tick", "shop", "security", "Keys rotated").exit_code == 0
    assert "security  1 of 1" in as_(QA, "checklist", "shop").stdout
    assert as_(QA, "checklist", "tick", "shop", "one").exit_code == 2


def test_waivers_and_freezes_are_set_and_taken_back(as_: Run) -> None:
    waive = ("waive", "shop", "tests", "--as", "tech_lead", "--until", "14d", "--reason")
    waived = as_(LEAD, *waive, "a known flaky case")
    said = "tests of shop is waived for every version until 2026-03-15 12:00 UTC ("
    assert waived.stdout.startswith(said), waived.stderr
    paper = waived.stdout.strip().removesuffix(")").rpartition("(")[2]
    back = as_(LEAD, "withdraw", paper, "--reason", "fixed")
    assert f"{paper} is taken back (" in back.stdout
    short = as_(LEAD, *waive, "short")
    assert (short.exit_code, "at least 10" in short.stderr) == (2, True)
    assert "are frozen" in as_(OPS, "freeze", "shop", "--reason", "holidays").stdout
    assert "may go on" in as_(OPS, "unfreeze", "shop", "--reason", "over").stdout
    again = as_(OPS, "unfreeze", "shop", "--reason", "over")
    assert "error: shop is not frozen" in again.stderr


@pytest.fixture
def promoted(server: Server) -> Server:
    """A release that waits to be confirmed line by line."""
    asked = Verification(timedelta(minutes=30), OnSilence.NEEDS_PERSON, LINES)
    release = a_release(plan=shop_plan(verification=asked), stage=Stage.VERIFYING)
    audit = AuditDraft("x", "person:release:start", "r1")
    server.ask(lambda desk: desk.store.open(release, audit, ()))
    return server


def said(server: Server) -> Instruction:
    found = server.ask(lambda desk: desk.store.instructions("r1"))
    return found[-1]  # type: ignore[index]


def test_a_release_is_confirmed_with_a_line_each(promoted: Server, as_: Run) -> None:
    left = as_(QA, "confirm", "r1", "--line", "login=pass:12s:fine")
    assert (left.exit_code, "1 of 2 lines are not answered" in left.stderr) == (2, True)
    lines = ("--line", "login=pass:12s:fine", "--line", "order tracking=pass")
    done = as_(QA, "confirm", "r1", *lines)
    assert "was told that it is confirmed" in done.stdout
    told = said(promoted)
    assert (told.kind.value, told.reason) == ("confirm", "2 of 2 lines passed")
    assert (told.lines[0].seconds, told.lines[0].note) == (12.0, "fine")


def test_at_a_terminal_every_line_is_asked_for(
    promoted: Server, as_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "interactive", lambda: True)
    done = as_(QA, "confirm", "r1", text="pass\n\nfail\nHTTP 500\n")
    assert "was told to go back: Order tracking failed" in done.stdout
    told = said(promoted)
    assert (told.kind.value, told.reason) == ("reject", "Order tracking failed: HTTP 500")


def test_a_release_is_rejected_with_a_reason_alone(promoted: Server, as_: Run) -> None:
    as_(QA, "reject", "r1", "--reason", "totals are wrong")
    assert said(promoted).reason == "totals are wrong"
    bad = as_(QA, "reject", "r1", "--line", "login")
    assert (bad.exit_code, 'as in "login=pass"' in bad.stderr) == (2, True)
