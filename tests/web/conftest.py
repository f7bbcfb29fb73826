"""Stories as a desk would record them, with a small e-process of their own behind the figures."""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.domain.audit import AuditDraft, AuditEntry, link
from gonogo.domain.gate import (
    Answer,
    Decision,
    EvidenceReference,
    GateKind,
    GateMode,
    GateResult,
    GateStatus,
)
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.latency import ArmLatencies, Latencies, bucket_of, latencies_of
from gonogo.domain.look import Look
from gonogo.domain.plan import Environment, Health, Plan, Rollout, Step
from gonogo.domain.release import Release, Stage
from gonogo.domain.story import Story
from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Increment, Kpi, SlowerThan
from gonogo.domain.verdict import (
    Evidence,
    Interval,
    Judgement,
    KpiAssessment,
    Test,
    Verdict,
    worst,
)
from gonogo.gates.written import decision_data

START = datetime(2025, 11, 22, 14, 2, 1, 250000, tzinfo=UTC)
ERRORS = BadStatus(((500, 599),))
KPIS = (
    Kpi("create-order", ERRORS, Endpoint("POST", "/orders"), limit=0.05, ratio=2.0),
    Kpi("all-requests", ERRORS, limit=0.02),
    Kpi("slow", SlowerThan(timedelta(milliseconds=400)), limit=0.05, ratio=1.5),
)
PLAN = Plan(
    service="orders",
    digest="9f2c1d" + "7b" * 29,
    run="serve --port {port}",
    health=Health("/health"),
    environments=(Environment("staging", 8101), Environment("production", 8100)),
    smoke=(),
    kpis=KPIS,
    rollout=Rollout(
        steps=(
            Step(0.05, timedelta(seconds=20), 50),
            Step(0.25, timedelta(seconds=10), 100),
        )
    ),
    watch=timedelta(seconds=10),
)
ALPHA = 0.01 / 5
LOST = "the router dropped 12 log lines"
THRESHOLD = math.log10(1 / ALPHA)


def at(seconds: float) -> datetime:
    """An instant of the story."""
    return START + timedelta(seconds=seconds)


@dataclass
class Chain:
    """An audit chain that grows."""

    entries: list[AuditEntry] = field(default_factory=list)

    def add(self, when: float, actor: str, action: str, /, **data: object) -> None:
        """One more entry."""
        last = self.entries[-1] if self.entries else None
        draft = AuditDraft(actor, action, "r-1", {key.rstrip("_"): data[key] for key in data})
        self.entries.append(link(draft, at(when), last))


@dataclass
class Bench:
    """Traffic on two arms and what a small judge says of it after every look."""

    seed: int
    bad: dict[str, tuple[float, float]]
    judged: Callable[[str, Counts, Counts], KpiAssessment] | None = None
    totals: dict[str, tuple[Counts, Counts]] = field(default_factory=dict)
    peaks: dict[tuple[str, Test], float] = field(default_factory=dict)

    def look(self, seconds: float, step: int, share: float, *, requests: int = 6) -> Look:
        """The next look, after `requests` requests."""
        chance = random.Random(f"{self.seed} {seconds}")
        hurt: list[str] = []
        took: dict[bool, list[float]] = {True: [], False: []}
        gained = {kpi.name: {True: Counts(), False: Counts()} for kpi in KPIS}
        for _ in range(requests):
            canary, create = chance.random() < share, chance.random() < 0.5
            error = (
                chance.random() < self.bad["create-order" if create else "all-requests"][not canary]
            )
            slow = chance.random() < self.bad["slow"][not canary]
            took[canary].append(
                chance.uniform(0.42, 1.6) if slow else chance.lognormvariate(-3, 0.5)
            )
            gained["all-requests"][canary] += Counts(int(error), 1)
            gained["slow"][canary] += Counts(int(slow), 1)
            if create:
                gained["create-order"][canary] += Counts(int(error), 1)
            if canary and (error or slow):
                hurt.append(f"{chance.randrange(40):016x}")
        increments = [
            Increment(name, baseline=arms[False], canary=arms[True])
            for name, arms in gained.items()
        ]
        for name, arms in gained.items():
            canary_total, baseline_total = self.totals.get(name, (Counts(), Counts()))
            self.totals[name] = (canary_total + arms[True], baseline_total + arms[False])
        kpis = tuple(self._assess(kpi) for kpi in KPIS)
        verdict = worst(kpi.verdict for kpi in kpis)
        judgement = Judgement(verdict, kpis, f"the verdict is {verdict.value}")
        return Look(
            "r-1",
            at(seconds),
            step,
            share,
            tuple(increments),
            judgement,
            None,
            tuple(hurt),
            latencies=ArmLatencies(_timed(took[False]), _timed(took[True])),
        )

    def _assess(self, kpi: Kpi) -> KpiAssessment:
        canary, baseline = self.totals[kpi.name]
        evidence = []
        if kpi.ratio is not None:
            odds = max(canary.total, 1) / max(baseline.total, 1)
            evidence.append(self._evidence(kpi, Test.RELATIVE, kpi.ratio, odds, canary, baseline))
        if kpi.limit is not None:
            evidence.append(self._evidence(kpi, Test.ABSOLUTE, kpi.limit, 0, canary, baseline))
        crossed = any(one.peak >= one.threshold for one in evidence)
        verdict = Verdict.FAIL if crossed else Verdict.UNPROVEN
        if canary.total < 20 and not crossed:
            verdict = Verdict.INCONCLUSIVE
        share, ratio = _interval(canary), _ratio(canary, baseline)
        told = "crossed its limit" if crossed else "shows no harm so far"
        sentence = f"{canary.bad} of {canary.total} canary requests were bad; the evidence {told}."
        return KpiAssessment(
            kpi.name, verdict, baseline, canary, tuple(evidence), ratio, share, 240, sentence
        )

    def _evidence(
        self, kpi: Kpi, test: Test, tolerance: float, odds: float, canary: Counts, baseline: Counts
    ) -> Evidence:
        terms = []
        for harm in (1.5, 3, 8, 16):
            if test is Test.ABSOLUTE:
                p, q = min(0.95, tolerance * harm), tolerance
                good = canary.good
            else:
                p, q = (r * odds / (1 + r * odds) for r in (tolerance * harm, tolerance))
                good = baseline.bad
            terms.append(canary.bad * math.log(p / q) + good * math.log((1 - p) / (1 - q)))
        top = max(terms)
        log_e = top + math.log(sum(math.exp(term - top) for term in terms) / len(terms))
        value = log_e / math.log(10)
        peak = max(value, self.peaks.get((kpi.name, test), 0.0))
        self.peaks[kpi.name, test] = peak
        return Evidence(test, value, THRESHOLD, peak, ALPHA, tolerance)


def _timed(took: list[float]) -> Latencies:
    return latencies_of(Counter(bucket_of(seconds) for seconds in took))


def _interval(counts: Counts) -> Interval | None:
    if counts.total < 5:
        return None
    p = (counts.bad + 0.5) / (counts.total + 1)
    half = 3.2 * math.sqrt(p * (1 - p) / counts.total)
    return Interval(counts.share, max(0.0, p - half), min(1.0, p + half))


def _ratio(canary: Counts, baseline: Counts) -> Interval | None:
    if canary.total < 5 or baseline.total < 5:
        return None
    middle = math.log(
        (canary.bad + 0.5) / (canary.total + 1) * (baseline.total + 1) / (baseline.bad + 0.5)
    )
    half = 3.2 * math.sqrt(1 / (canary.bad + 0.5) + 1 / (baseline.bad + 0.5))
    estimate = canary.share / baseline.share if baseline.share else None
    return Interval(estimate, math.exp(middle - half), math.exp(middle + half))


def release(stage: Stage, seconds: float, reason: str, **changes: object) -> Release:
    """The release of these stories at the end of its way."""
    made = Release(
        id="r-1",
        service="orders",
        version="v1.2.0",
        commit="a1b2c3d4e5f6a7b8c9d0",
        previous="v1.1.0",
        plan=PLAN,
        actor="dana",
        created_at=START,
        stage=stage,
        stage_since=at(seconds),
        reason=reason,
        exposed=True,
    )
    return replace(made, **changes)


def opening(chain: Chain, canary: float = 12.0) -> list[JournalEntry]:
    """How every release of these stories begins, up to its first customers."""
    chain.add(0, "dana", "person:release:start", reason="handed over by QA")
    move(chain, 0.1, "draft", "checking", "the plan is complete")
    move(chain, 0.4, "checking", "cleared", "every gate is green")
    move(chain, 0.5, "cleared", "staging", "nothing blocks it")
    lines = "INFO running upgrade 41ac -> 52bd, add tracking\nINFO done"
    chain.add(4, "desk", "desk:step:done", step="staging/migrate", output=lines, seconds=1.42)
    chain.add(9, "desk", "desk:step:done", step="production/migrate", output=lines, seconds=1.3)
    smoke = [
        {"name": "login", "passed": True, "seconds": 0.041, "detail": "200"},
        {"name": "create order with courier", "passed": True, "seconds": 0.063, "detail": "201"},
        {"name": "track order", "passed": True, "seconds": 0.038, "detail": "200"},
    ]
    move(chain, canary, "staging", "canary", "smoke is green", share=0.05, step=0, smoke=smoke)
    return [
        JournalEntry("r-1", "production/migrate", StepState.DONE, at(7.7), at(9), lines),
        JournalEntry("r-1", "production/clear-cache", StepState.UNKNOWN, at(10), None, ""),
    ]


def move(chain: Chain, seconds: float, came: str, to: str, reason: str, **more: object) -> None:
    """A change of stage."""
    chain.add(seconds, "desk", f"desk:release:{to}", from_=came, to=to, reason=reason, **more)


def bad_story(looks: int = 400, *, length: float | None = None) -> Story:
    """A canary that fails orders without a courier and is taken back by the judge."""
    chain = Chain()
    journal = opening(chain)
    bench = Bench(
        7, {"create-order": (0.16, 0.002), "all-requests": (0.001, 0.001), "slow": (0.02, 0.02)}
    )
    seen: list[Look] = []
    space = (length or looks * 0.045) / looks
    for index in range(looks):
        look = bench.look(12.2 + index * space, 0, 0.05)
        seen.append(look)
        if look.judgement.verdict is Verdict.FAIL:
            break
    end = 12.2 + (len(seen) - 1) * space
    sentence = "create-order: the evidence of harm crossed its limit"
    chain.add(
        end + 0.002,
        "desk",
        "judge:release:fail",
        at=seen[-1].at.isoformat(),
        sentence=sentence,
        kpi="create-order",
    )
    move(chain, end + 0.004, "canary", "rolling_back", sentence)
    chain.add(
        end + 0.06,
        "desk",
        "rollback:traffic:confirmed",
        at=at(end + 0.052).isoformat(),
        seconds=0.052,
        slots={"a": 1.0, "b": 0.0},
    )
    move(chain, end + 3, "rolling_back", "verifying_rollback", "the canary is drained")
    smoke = [{"name": "login", "passed": True, "seconds": 0.04, "detail": "200"}]
    move(chain, end + 4, "verifying_rollback", "rolled_back", sentence, smoke=smoke)
    made = release(Stage.ROLLED_BACK, end + 4, sentence)
    return Story(made, tuple(seen), tuple(chain.entries), tuple(journal), at(end + 10))


def good_story(looks: int = 600, lost: range = range(0)) -> Story:
    """A canary that goes to everyone, with a pause by a person in between."""
    chain = Chain()
    journal = opening(chain)
    bench = Bench(
        3, {"create-order": (0.002, 0.002), "all-requests": (0.001, 0.001), "slow": (0.02, 0.02)}
    )
    seen = []
    for index in range(looks):
        seconds = 12.2 + index * 0.08
        step, share = (0, 0.05) if index < looks // 2 else (1, 0.25)
        if index > looks * 0.8:
            share = 1.0
        if index in lost:
            seen.append(replace(seen[-1], at=at(seconds), increments=(), hurt=(), gap=LOST))
        else:
            seen.append(bench.look(seconds, step, share))
    half, end = 12.2 + looks * 0.04, 12.2 + looks * 0.08
    chain.add(half - 6, "dana", "person:release:pause", reason="look at the dashboard first")
    chain.add(half - 3, "dana", "person:release:resume", reason="fine")
    move(chain, half, "canary", "canary", "enough was seen (unproven)", share=0.25, step=1)
    most = 12.2 + looks * 0.8 * 0.08
    move(chain, most, "canary", "promoting", "enough was seen (unproven)")
    move(chain, most + 1, "promoting", "verifying", "everyone is on it")
    move(
        chain,
        most + 1.5,
        "verifying",
        "watching",
        "smoke is green",
        smoke=[{"name": "login", "passed": True, "seconds": 0.04, "detail": "200"}],
    )
    move(chain, end, "watching", "released", "watched for 10 s without harm")
    made = release(
        Stage.RELEASED,
        end,
        "watched for 10 s without harm",
        version="v1.2.1",
        commit="f00dfeed" * 5,
    )
    return Story(made, tuple(seen), tuple(chain.entries), tuple(journal), at(end + 1))


def gapped_story() -> Story:
    """A canary whose router log was lost for a while."""
    return good_story(300, range(100, 130))


def unexposed_story() -> Story:
    """A version whose migration failed before any customer saw it."""
    chain = Chain()
    chain.add(0, "dana", "person:release:start", reason="handed over by QA")
    move(chain, 0.1, "draft", "checking", "the plan is complete")
    move(chain, 0.4, "checking", "cleared", "every gate is green")
    move(chain, 0.5, "cleared", "staging", "nothing blocks it")
    chain.add(
        4,
        "desk",
        "desk:step:failed",
        step="staging/migrate",
        seconds=0.9,
        output='INFO upgrade 41ac\nIntegrityError: column "courier" contains null values',
    )
    reason = 'step "staging/migrate" ended with 1'
    move(chain, 4.2, "staging", "no_go", reason)
    made = release(Stage.NO_GO, 4.2, reason, exposed=False, version="v1.3.0")
    return Story(made, (), tuple(chain.entries), (), at(5))


@pytest.fixture(scope="session")
def bad() -> Story:
    """Taken back by the judge."""
    return bad_story()


@pytest.fixture(scope="session")
def good() -> Story:
    """Released to everyone."""
    return good_story()


@pytest.fixture(scope="session")
def gapped() -> Story:
    """With a stretch that was not measured."""
    return gapped_story()


@pytest.fixture(scope="session")
def unexposed() -> Story:
    """Stopped before any customer saw it."""
    return unexposed_story()


@pytest.fixture(scope="session")
def after_looks() -> Callable[[int], Story]:
    """So many looks of a good canary."""
    return good_story


@pytest.fixture(scope="session")
def long() -> Story:
    """Two thousand looks of a good canary."""
    return good_story(2000)


def decision_story() -> Story:
    """A version that the gates refuse: its rollback rehearsal failed, one gate is waived, one stale."""
    chain = Chain()
    chain.add(0, "dana", "person:release:start", reason="handed over by QA")
    move(chain, 0.1, "draft", "checking", "the plan is complete")
    chain.add(0.5, "desk", "desk:rehearsal:started", previous="v1.2.1")
    chain.add(0.9, "desk", "desk:rehearsal:step", step="upgrade", passed=True, seconds=9.9)
    chain.add(1, "desk", "desk:rehearsal:started", previous="v1.2.1")
    failed = 'v1.2.1 failed "create an order": answered 500, expected 201'
    for when, step, passed in (
        (3, "previous_on_own_schema", True),
        (4, "upgrade", True),
        (6, "previous_on_new_schema", False),
    ):
        told = {"step": step, "passed": passed, "seconds": 1.25, "detail": "" if passed else failed}
        chain.add(when, "desk", "desk:rehearsal:step", **told)
    report = EvidenceReference("junit.xml", "abcdef0123456789" * 4, at(-7200), "ci")
    rehearsal = EvidenceReference("rollback rehearsal from v1.2.1", "0123" * 16, at(6), "desk")
    required, refused = GateMode.REQUIRED, f"v1.2.1 cannot run on the schema of v1.3.0: {failed}"
    results = (
        GateResult(
            GateKind.ROLLBACK_REHEARSAL,
            required,
            GateStatus.FAIL,
            refused,
            owner="developer",
            asks=("developer",),
            fix="let the migration keep what the version before uses",
            evidence=(rehearsal,),
        ),
        GateResult(
            GateKind.LOAD_TEST,
            required,
            GateStatus.STALE,
            "load test is 9 days old (limit 7)",
            owner="QA",
            asks=("QA",),
            fix="run the load test again and file its report",
            evidence=(EvidenceReference("load.json", "feed" * 16, at(-9 * 86400), "ci"),),
        ),
        GateResult(
            GateKind.SMOKE,
            required,
            GateStatus.MISSING,
            "there is no smoke test of this commit",
            asks=("QA",),
            fix="see why it did not run",
            later=True,
        ),
        GateResult(
            GateKind.COVERAGE,
            required,
            GateStatus.WAIVED,
            "waived by lee (tech lead) until 2025-11-30 12:00 UTC: legacy module; was: 58 % of"
            " 1200 lines ran (at least 60 %)",
            number=0.58,
            limit=0.6,
            unit="share",
            owner="developer",
            fix="write more tests",
            until=at(8 * 86400),
            waived=GateStatus.FAIL,
            waiver="w-1",
        ),
        GateResult(
            GateKind.TESTS,
            required,
            GateStatus.PASS,
            "214 tests passed",
            number=0,
            limit=0,
            unit="failed",
            owner="developers",
            evidence=(report,),
            until=at(5 * 86400),
        ),
        GateResult(
            GateKind.PATCH_GUARD,
            GateMode.ADVISORY,
            GateStatus.FAIL,
            "feature/search: 24 files, limit 20; 812 lines, limit 600",
            number=1,
            limit=0,
            unit="changes",
            owner="developer",
            fix="split the change",
        ),
        GateResult(GateKind.LINT, GateMode.OFF, GateStatus.NOT_APPLICABLE, "off: no linter yet"),
    )
    sentence = f"NO-GO: 2 of 5 gates block: rollback rehearsal: {refused}"
    decision = Decision(
        Answer.NO_GO, sentence, "c0ffee" * 6 + "beef", "5eed" * 16, at(6.2), results
    )
    chain.add(6.3, "desk", "gates:release:no_go", **decision_data(decision))
    move(chain, 6.4, "checking", "no_go", sentence)
    made = release(Stage.NO_GO, 6.4, sentence, exposed=False, version="v1.3.0", previous="v1.2.1")
    return Story(made, (), tuple(chain.entries), (), at(7))


@pytest.fixture(scope="session")
def refused() -> Story:
    """Refused by the gates."""
    return decision_story()
