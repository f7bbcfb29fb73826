"""What the program really records is recognised, and hostile sentences cost next to nothing."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice

import pytest
from tests.controllers.stage import Theatre, play
from tests.gates.cases import NOW, OTHER, QA, dossier, held, judged, paper, report, signed
from tests.growth import BLOWN_UP, growth
from tests.plans import a_plan

from gonogo.domain import gate_rules as gate
from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import NotAllowed
from gonogo.domain.facts import (
    Component,
    ComponentFacts,
    CoverageFacts,
    DrillFacts,
    Example,
    FindingFacts,
    Hazard,
    LintFacts,
    LoadFacts,
    Measurement,
    MeasurementFacts,
    MigrationFacts,
    Operation,
    Severity,
    SmokeFacts,
    TestFacts,
)
from gonogo.domain.gate import GateMoment, GateResult
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.paper import Acknowledgement, Handoff
from gonogo.domain.plan import Checklist, ChecklistItem
from gonogo.domain.release import Stage
from gonogo.domain.slot import SlotRole
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.table import GATES
from gonogo.gates.words import count
from gonogo.judge import JudgePlan, assess, begin, next_step, observe
from gonogo.language.matching import Forms, Phrase
from gonogo.language.phrases import say
from gonogo.language.reader import Reader
from gonogo.language.sentences import FORMS
from gonogo.language.writing import amount, moment
from gonogo.usecases.papers.evidence_words import say as evidence_said
from gonogo.usecases.permissions import Deed, allow

RUSSIAN = Reader.of("ru", "Europe/Moscow")
ERRORS = BadStatus(((500, 599),))
DAY = timedelta(days=1)

RULES: tuple[GateRule, ...] = (
    gate.TestsRule(suites=("e2e",)),
    gate.CoverageRule(total=0.6),
    gate.LintRule(),
    gate.FindingsRule(),
    gate.VulnerabilitiesRule(),
    gate.ComponentsRule(minimum={"django": "5.0"}),
    gate.LoadRule(p95=timedelta(milliseconds=200), errors=0.01, concurrency=10),
    gate.SmokeRule(),
    gate.SiteHealthRule(),
    gate.ErrorBudgetRule(),
    gate.IncidentsRule(),
    gate.BackupRule(rto=timedelta(hours=1)),
    gate.SignOffsRule(needed={Role.QA: 1, Role.TECH_LEAD: 2}),
    gate.AcknowledgementRule(),
    gate.RisksRule(),
    gate.FreezeRule(),
)
FACTS = (
    (gate.TestsRule(), TestFacts(61, 57, 3, 1, failures=(Example("test_pay", "", ""),))),
    (gate.TestsRule(), TestFacts(61, 58, 0, 3)),
    (gate.CoverageRule(total=0.6), CoverageFacts(5, 11)),
    (gate.LintRule(), LintFacts("ruff", 2, 1)),
    (gate.FindingsRule(), FindingFacts("bandit", {Severity.HIGH: 2, Severity.UNKNOWN: 1})),
    (gate.FindingsRule(high=None), FindingFacts("bandit", {Severity.HIGH: 2, Severity.LOW: 4})),
    (
        gate.ComponentsRule(minimum={"django": "5.0"}),
        ComponentFacts((Component("django", "4.2", ("BSD",)),)),
    ),
    (
        gate.LoadRule(p95=timedelta(milliseconds=200), errors=0.01, concurrency=10),
        LoadFacts("locust", 5000, 9, 60.0, 80.0, 250.0, 300.0, 20),
    ),
    (gate.SmokeRule(), SmokeFacts("staging", 3, 1, (Example("login", "", "answered 500"),))),
    (
        gate.ErrorBudgetRule(),
        MeasurementFacts((Measurement(gate.ERROR_BUDGET, 5.0, "%"),)),
    ),
    (gate.IncidentsRule(), MeasurementFacts((Measurement(gate.OPEN_INCIDENTS, 2.0, ""),))),
    (gate.BackupRule(rto=timedelta(hours=1)), DrillFacts("nightly", True, True, 7200.0, 600.0)),
)


def unknown(sentences: Iterable[str]) -> list[str]:
    """The sentences that are not recognised."""
    return [each for each in dict.fromkeys(sentences) if each and not say(each, RUSSIAN).translated]


def told(results: Iterable[GateResult]) -> list[str]:
    return [text for each in results for text in (each.reason, each.fix)]


def test_what_gates_say_of_reports_is_recognised():
    results = [judged(rule, facts) for rule, facts in FACTS]
    old = report(TestFacts(5, 5, 0, 0), at=NOW - 30 * DAY)
    moved = report(TestFacts(5, 5, 0, 0), commit=OTHER)
    results += [held(gate.TestsRule(), dossier(each)) for each in (old, moved)]
    assert unknown(told(results)) == []


def test_what_gates_count_in_is_recognised():
    results = [judged(rule, facts) for rule, facts in FACTS]
    results += evaluate(a_plan(gates=RULES), dossier(), NOW, GateMoment.PRODUCTION)
    figures = {f"{each.number:g} {each.unit}" for each in results if each.number is not None}
    units = {each.partition(" ")[2] for each in figures}
    assert {"failed", "sign-offs", "errors"} <= units
    assert unknown(figures) == []


def test_what_gates_say_where_nothing_is_filed_is_recognised():
    plan = a_plan(gates=RULES, checklists=(Checklist("deploy", (ChecklistItem("Backup"),)),))
    assert unknown(told(evaluate(plan, dossier(), NOW, GateMoment.PRODUCTION))) == []


def test_what_gates_say_of_papers_is_recognised():
    rule = gate.SignOffsRule(needed={Role.QA: 1})
    once = signed(dossier(), QA, Role.QA)
    later = dossier(*once.papers, paper(Handoff("v1.3.0", "sprint 16")))
    handed = dossier(paper(Handoff("v1.3.0", "sprint 16")), paper(Acknowledgement()))
    results = [
        held(rule, once),
        held(rule, later),
        held(gate.AcknowledgementRule(), handed),
        held(gate.RisksRule(), handed),
    ]
    assert unknown(told(results)) == []


def test_what_a_migration_endangers_is_said_and_not_only_its_frame():
    drops = Operation(
        Hazard.DESTRUCTIVE,
        "drops column orders.total",
        1,
        "its data is gone for good and the version before, which uses it, fails: stop using it in one"
        " release, drop it in a later one",
    )
    locks = Operation(
        Hazard.LOCKING,
        "locks a table: LOCK TABLE orders",
        2,
        "customers wait until it ends: do it at a quiet time, with a lock timeout",
    )
    facts = MigrationFacts("postgresql", ("1",), 2, (drops, locks), unread=1)
    found = judged(gate.MigrationsRule(), facts)
    for sentence in (found.reason, found.fix, evidence_said(facts)):
        said = say(sentence, RUSSIAN)
        assert said.translated
        words = said.text.replace("orders.total", "").replace("LOCK TABLE orders", "")
        assert re.search("[a-z]", words) is None, said.text


def test_what_is_wrong_with_a_report_is_said_wherever_it_is_told():
    fault = "junit.xml: has a <b> where none belongs, at line 4"
    told = say(fault, RUSSIAN).text
    assert told == "junit.xml: <b> стоит там, где его быть не может (строка 4)"
    assert told in say(f"HOLD: 1 of 2 gates blocks: tests: {fault}", RUSSIAN).text


def test_a_length_that_was_written_in_seconds_is_said_in_hours():
    assert say("20 % of customers for 3600 s, at least 15 canary requests", RUSSIAN).text == (
        "20\u00a0% клиентов на 1 ч, не менее 15 запросов к канарейке"
    )


def test_one_request_is_said_in_the_singular():
    for at_least, told in ((1, "1 запроса"), (2, "2 запросов"), (21, "21 запроса")):
        noun = count(at_least, "canary request")
        said = say(f"5 % of customers for 10 minutes, at least {noun}", RUSSIAN).text
        assert said == f"5\u00a0% клиентов на 10 мин, не менее {told} к канарейке"


PROMETHEUS = "Prometheus at http://127.0.0.1:9090"


@pytest.mark.parametrize(
    "recorded",
    [
        f"{PROMETHEUS} did not answer within 5 s",
        f"{PROMETHEUS} cannot be reached: All connection attempts failed",
        f"{PROMETHEUS} answered with more than 16 MB",
        f"{PROMETHEUS} answered 503 with text/html that is not JSON",
        f"{PROMETHEUS} answered 200 with JSON that is no answer of Prometheus",
        f"{PROMETHEUS} refused the query: bad_data: parse error",
        f"{PROMETHEUS} says its answer is not whole: ['one store is away']",
        f"{PROMETHEUS} gave no samples of counters: 'result'",
        f"{PROMETHEUS} has 1,200 series for one selector, more than 1,000",
        f'the newest sample of "errors" in {PROMETHEUS} is 371 days old; the limit is 60 s',
        f'the newest sample of "errors" in {PROMETHEUS} is 90 seconds in the future; the limit is 60 s',
        '"slow" asks for 0.3 s, and no bucket ends there',
        '"errors": 9 of 3 requests bad at a:9000: the bad ones are no part of all',
        'all of "errors": a series has no label version to tell arms apart by',
        'part of "errors": no sample for 75 s',
        'all of "errors": gained 0.5, which is no whole number: it does not count requests',
        'part of "errors": several series for a:9000, which differ in code, method',
    ],
)
def test_why_a_prometheus_cannot_be_believed_is_said_in_every_language(recorded: str):
    assert unknown([recorded]) == []


def test_what_a_draft_counts_is_said_with_the_form_of_each_number():
    said = say("v2, 2 features, 21 fixes since v1", RUSSIAN).text
    assert said == "v2: 2 новые возможности, 21 исправление с v1"


def test_every_decision_is_recognised_down_to_its_gates():
    results = tuple(judged(rule, facts) for rule, facts in FACTS)
    sentences = [decide(results[:size], dossier(), NOW).sentence for size in range(len(results))]
    assert unknown(sentences) == []
    said = say(sentences[-1], RUSSIAN).text
    assert "gates" not in said
    assert "failed" not in said


def test_what_is_to_be_done_about_each_kind_of_gate_is_recognised():
    assert unknown(each.fix for each in GATES.values()) == []


def test_what_filed_evidence_says_is_recognised():
    assert (
        unknown(evidence_said(facts) for _, facts in FACTS if type(facts) is not MeasurementFacts)
        == []
    )


@pytest.mark.parametrize(
    ("canary", "baseline"),
    [((0, 0), (9, 90)), ((0, 9), (0, 90)), ((40, 60), (0, 900)), ((0, 5000), (0, 9000))],
)
def test_every_verdict_over_a_stream_is_recognised(
    canary: tuple[int, int], baseline: tuple[int, int]
):
    plan = JudgePlan((Kpi("errors", ERRORS, limit=0.05, ratio=1.5),))
    memory = next_step(plan, begin(plan), share=0.1)
    memory = observe(plan, memory, [Increment("errors", Counts(*baseline), Counts(*canary))])
    found = assess(plan, memory, 100)
    assert unknown([found.sentence, *(each.sentence for each in found.kpis)]) == []


def test_every_reason_and_message_of_a_release_is_recognised():
    """One version that everybody gets, and one that is taken back."""
    said: list[str] = []

    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.when(release, lambda found: found.exposed)
        slots = await desk.store.slots("shop", "production")
        desk.broken = frozenset(s.address for s in slots if s.role is SlotRole.CANARY and s.address)
        await desk.until(release, Stage.ROLLED_BACK)
        for one in await desk.store.releases("shop"):
            for entry in await desk.story(one):
                said.extend(str(entry.data.get(key) or "") for key in ("reason", "sentence"))
        messages = await desk.store.waiting(desk.at(9e6), limit=500)
        said.extend(each.text for each in messages)

    play(story, a_plan())
    assert len(set(said)) > 10
    assert unknown(said) == []


def test_a_refusal_is_recognised_for_every_deed():
    viewer = Actor("vera", frozenset({Role.VIEWER}))
    sentences = []
    for deed in Deed:
        try:
            allow(viewer, deed)
        except NotAllowed as refusal:
            sentences.append(str(refusal))
    assert len(sentences) > 10
    assert unknown(sentences) == []


def test_a_moment_is_said_in_the_readers_calendar_and_zone():
    assert moment("2026-11-22 14:03 UTC", Reader.of("fa", "Asia/Tehran")) == "۱ آذر ۱۴۰۵، ۱۷:۳۳"
    assert "22 ноября 2026, 17:03" in say("no freeze before 2026-11-22 14:03 UTC", RUSSIAN).text


def test_a_day_is_said_in_the_readers_calendar():
    said = say("root SHA256:ab, signs until 2027-11-22", Reader.of("fa", "Pacific/Auckland")).text
    assert "۱ آذر ۱۴۰۶" in said


def test_a_version_among_numbers_keeps_its_dots():
    assert amount("1.2.3", RUSSIAN) == "1.2.3"


@pytest.mark.parametrize(("number", "word"), [(1, "тест"), (3, "теста"), (11, "тестов")])
def test_what_is_counted_has_the_form_of_its_number(number: int, word: str):
    noun = "test" if number == 1 else "tests"
    said = say(f"{number} {noun} passed", RUSSIAN).text
    assert said.split()[-1] == word


def test_a_clause_that_nobody_knows_is_left_as_it_was_written():
    said = say("HOLD: 1 of 2 gates blocks: tests: the moon is full", RUSSIAN)
    assert said.translated
    assert said.text.endswith("the moon is full")


HOSTILE = (
    "; ",
    ": ",
    "a, ",
    "a; b: ",
    "1 of 1 ",
    "tests: ",
    "5 % for 5 s, ",
    "a is 1, ",
    "0",
    "{x} ",
)


@pytest.mark.parametrize("piece", [*HOSTILE, "HOLD: 1 of 1 gates block: tests: a; "])
def test_of_a_hostile_sentence_no_more_letters_are_looked_at_than_there_is_patience_for(
    piece: str, monkeypatch: pytest.MonkeyPatch
):
    looked_at: list[int] = []

    def counted(forms: Forms, sentence: str) -> Iterable[Phrase]:
        looked_at.append(len(sentence))
        return for_sentence(forms, sentence)

    for_sentence = Forms.for_sentence
    monkeypatch.setattr(Forms, "for_sentence", counted)
    for length in (2000, 10_000):
        looked_at.clear()
        say((piece * length)[:length], RUSSIAN)
        assert sum(looked_at) < 32_000


@pytest.mark.parametrize("piece", [*HOSTILE, "HOLD: 1 of 1 gates block: tests: a; "])
def test_holding_a_hostile_sentence_against_a_form_takes_as_long_as_the_sentence(piece: str):
    def held_against_all(size: int, run: int) -> Callable[[], object]:
        sentence = (piece * size)[: size - 1] + str(run)
        return lambda: [list(islice(each.fits(sentence), 4)) for each in FORMS]

    assert growth(held_against_all, 2500) < BLOWN_UP


def test_places_of_every_form_can_be_told_apart():
    for form in FORMS:
        assert "" not in form.literals[1:-1], form.source


def test_what_is_said_of_a_platform_is_recognised():
    read = "read of shop v2 in production"
    held = (
        "deploy of shop v2 in production was begun and nobody saw it end; read says that nothing of it is"
        " there (look whether it was done; then `gonogo resume --done` or `gonogo resume --again`)"
    )
    expected = 'expected one JSON object, as in {"state": "running", "healthy": true}'
    sentences = (
        held,
        "deploy of shop v2 in production ended with 3: the platform is away",
        "deploy of shop v2 in production ended with 0, and read says that it is absent",
        "deploy of shop v2 in production was killed after 60 s, again, and read says that it is failed",
        f"retire of shop v2 in production ended with 0, and whether it is gone is not known: {read}"
        f" printed nothing; {expected}",
        f'cannot go on yet: {read} printed "<html>"; {expected}',
        "shop v2 in production was told to get 0 % of customers, and read says that it gets 10 %",
        "the retire script of production cannot be run: bin/at is not there, or may not be executed",
        "scripts of shop v2 in production",
        "retire cannot be run: /versions/shop/bin/at may not be executed",
    )
    assert unknown(sentences) == []
