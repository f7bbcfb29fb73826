"""The lasting report of a release: one HTML file that needs nothing else, not even a network.

Guarantees: no address outside the file is ever asked for, and the page's own policy forbids it; the
only script and style are the two whose digests the policy names, so text that was smuggled in cannot
act; without scripts everything is there but the replay. Only what was recorded is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise

from jinja2 import Environment
from markupsafe import Markup

from gonogo.domain.audit import AuditEntry, digest_of
from gonogo.domain.release import WAITING, Release, Stage
from gonogo.domain.story import Figures, Story, closing_look, deciding_look, figures
from gonogo.domain.traffic import Arm, Counts, SlowerThan
from gonogo.domain.verdict import KpiAssessment, Test, Verdict
from gonogo.usecases.judging.bands import Distribution, distributions
from gonogo.web import charts, chronicle, gauges, planned, replay, wording
from gonogo.web.answer import answer, outcome
from gonogo.web.charts import Frame, Span, bands, forest_chart, series
from gonogo.web.decided import Decided, decided
from gonogo.web.templating import allowed, beside_templates, environment

MOST_EVENTS = 400
MOST_SPANS = 40
MOST_BANDS = 24

_TONES = {
    **dict.fromkeys((Stage.CANARY, Stage.PROMOTING, Stage.VERIFYING, Stage.WATCHING), "canary"),
    **dict.fromkeys((Stage.ROLLING_BACK, Stage.VERIFYING_ROLLBACK), "harm"),
    **dict.fromkeys(WAITING, "waiting"),
}

VERDICTS = {
    Verdict.FAIL: ("✕", "harmful", "harm"),
    Verdict.NO_DATA: ("–", "no data", "still"),
    Verdict.INCONCLUSIVE: ("?", "inconclusive", "waiting"),
    Verdict.UNPROVEN: ("…", "unproven", "going"),
    Verdict.PASS: ("✓", "limits kept", "safe"),
}
"""Icon, word and tone of each verdict."""


@dataclass(frozen=True, slots=True)
class BandRow:
    """One look in the table behind the bands: when, and both in words."""

    at: datetime
    difference: str
    ratio: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One KPI: its charts and the tables behind them. `ratio` is empty where it is not judged."""

    kpi: str
    assessment: KpiAssessment | None
    tests: tuple[Test, ...]
    canary: Counts
    baseline: Counts
    evidence: str
    comparison: str
    rows: tuple[replay.LookRow, ...]
    difference: str
    difference_told: str
    ratio: str
    ratio_told: str
    bands: tuple[BandRow, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """All that the template says of one release."""

    id: str
    story: Story
    figures: Figures
    answer: Markup
    outcome: tuple[str, str, str]
    facts: tuple[tuple[str, str, str], ...]
    decided: Decided | None
    assessments: tuple[KpiAssessment, ...]
    forest: str
    forest_rows: tuple[forest_chart.Row, ...]
    panels: tuple[Panel, ...]
    gauges: tuple[gauges.GaugePanel, ...]
    latency: str
    latencies: tuple[tuple[Arm, Distribution], ...]
    exposure: str
    requests: str
    gaps: tuple[charts.Gap, ...]
    timeline: str
    events: tuple[chronicle.Event, ...]
    left_off: int
    steps: tuple[chronicle.StepRow, ...]
    smoke: tuple[chronicle.SmokeRow, ...]
    split: Sequence[planned.Share]
    budget: float
    broken: AuditEntry | None
    points: list[list[object]]


def render(story: Story) -> str:
    """The report of one release as a whole HTML document."""
    return _page([story])


def render_many(stories: Sequence[Story]) -> str:
    """One HTML document for several releases: an overview, then a chapter for each, in this order."""
    return _page(stories)


def _page(stories: Sequence[Story]) -> str:
    style, script = (
        beside_templates("charts.css") + beside_templates("report.css"),
        beside_templates("replay.js"),
    )
    return (
        _templates()
        .get_template("report.html.j2")
        .render(
            chapters=[
                _chapter(f"release-{index}", story) for index, story in enumerate(stories, 1)
            ],
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            policy="; ".join(
                (
                    "default-src 'none'",
                    f"style-src {allowed(style)}",
                    f"script-src {allowed(script)}",
                    "base-uri 'none'",
                    "form-action 'none'",
                )
            ),
            defs=charts.DEFS,
        )
    )


@cache
def _templates() -> Environment:
    templates = environment("web/templates")
    templates.globals.update(
        words=wording,
        planned=planned,
        verdicts=VERDICTS,
        icons=forest_chart.ICONS,
        counts=replay.counts,
    )
    templates.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    return templates


def _chapter(identity: str, story: Story) -> Chapter:
    found = figures(story)
    closing = closing_look(story)
    told = chronicle.events(story)
    frame = charts.frame_of(story.looks, chronicle.marks(told), found.weight_zero_at)
    panels = _panels(story, frame)
    timed = distributions(story.looks)
    return Chapter(
        id=identity,
        story=story,
        figures=found,
        answer=answer(story, found),
        outcome=outcome(story.release.stage),
        facts=tuple(_facts(story, found)),
        decided=decided(story),
        assessments=() if closing is None else closing.judgement.kpis,
        forest="" if closing is None else charts.forest(closing.judgement),
        forest_rows=() if closing is None else forest_chart.rows(closing.judgement),
        panels=panels,
        gauges=gauges.panels(story, frame),
        latency=charts.latency(timed, _slow_from(story)) if timed else "",
        latencies=tuple(timed.items()),
        exposure=charts.exposure(story.looks, frame, found.weight_zero_at),
        requests=charts.requests(story.looks, frame),
        gaps=charts.gaps(story.looks),
        timeline=charts.timeline(_spans(story, told), _whole(story, told)),
        events=told[:MOST_EVENTS],
        left_off=max(0, len(told) - MOST_EVENTS),
        steps=chronicle.steps(story),
        smoke=chronicle.smoke(story),
        split=planned.split(closing),
        budget=planned.budget(story.release.attempt, story.release.plan),
        broken=_broken(story),
        points=[]
        if frame is None
        else replay.points(story.looks, [panel.kpi for panel in panels], frame),
    )


def _facts(story: Story, found: Figures) -> list[tuple[str, str, str]]:
    """Label, value and explanation of the key figures."""
    told = [
        ("Canary requests", wording.count(found.canary_requests), "judged requests on the canary"),
        ("Bad among them", wording.count(found.canary_bad), "of the KPI with the most bad ones"),
        (
            "Customers hurt",
            wording.count(found.customers_hurt),
            "distinct customers with a bad answer",
        ),
        ("Exposure at most", wording.share(found.exposure_share), "planned share of customers"),
    ]
    if found.outcome == Stage.ROLLED_BACK or found.decided_at is not None:
        told += [
            (
                "Requests to decision",
                wording.count(found.canary_requests_to_decision),
                "canary requests until the judge decided",
            ),
            (
                "Decision to weight 0",
                wording.seconds(found.seconds_decision_to_weight_zero),
                "judge decided → router read back",
            ),
            (
                "First bad to weight 0",
                wording.seconds(found.seconds_bad_to_weight_zero),
                "first bad answer seen → router read back",
            ),
            ("Whole way", _whole_way(story.release), "from its start to its end"),
        ]
    return told


def _whole_way(release: Release) -> str:
    if not release.final:
        return "not over"
    return wording.seconds((release.stage_since - release.created_at).total_seconds())


def _panels(story: Story, frame: Frame | None) -> tuple[Panel, ...]:
    if frame is None:
        return ()
    looks = story.looks
    closing = deciding_look(story) or looks[-1]
    order = list(Verdict)
    found = [
        _panel(story, kpi, series.assessment(closing, kpi), frame)
        for kpi in series.kpi_names(looks)
    ]
    last = len(order)
    return tuple(
        sorted(
            found,
            key=lambda panel: (
                last if panel.assessment is None else order.index(panel.assessment.verdict)
            ),
        )
    )


def _panel(story: Story, kpi: str, said: KpiAssessment | None, frame: Frame) -> Panel:
    looks = story.looks
    tests = series.tests(looks, kpi)
    difference, ratio = bands.difference_over_time(looks, kpi), bands.ratio_over_time(looks, kpi)
    return Panel(
        kpi=kpi,
        assessment=said,
        tests=tests,
        canary=series.totals(looks, kpi, Arm.CANARY)[-1],
        baseline=series.totals(looks, kpi, Arm.BASELINE)[-1],
        evidence=charts.evidence(looks, kpi, frame),
        comparison=charts.comparison(looks, kpi, frame),
        rows=replay.rows(looks, kpi, tests),
        difference=charts.difference(looks, kpi, frame, difference),
        difference_told=bands.told_difference(bands.last(difference)),
        ratio=charts.ratio(looks, kpi, frame, ratio) if Test.RELATIVE in tests else "",
        ratio_told=bands.told_ratio(bands.last(ratio)),
        bands=tuple(
            BandRow(
                looks[place].at,
                bands.told_difference(difference[place]),
                bands.told_ratio(ratio[place]),
            )
            for place in replay.chosen(looks, MOST_BANDS)
        ),
    )


def _slow_from(story: Story) -> list[float]:
    """Seconds that the plan's KPIs call slow, each once."""
    rules = (kpi.bad for kpi in story.release.plan.kpis)
    return sorted({rule.limit.total_seconds() for rule in rules if isinstance(rule, SlowerThan)})


def _whole(story: Story, told: Sequence[chronicle.Event]) -> Frame:
    release = story.release
    end = release.stage_since if release.final else story.at
    times = [release.created_at, end, *(event.at for event in told)]
    return Frame(min(times), max(times), chronicle.marks(told), left=charts.INSET)


def _spans(story: Story, told: Sequence[chronicle.Event]) -> tuple[Span, ...]:
    changes = [event for event in told if event.kind is chronicle.Kind.STAGE]
    if not changes:
        return ()
    ends = [new.at for _, new in pairwise(changes)]
    final = story.release.final
    spans = [
        Span(_label(event), event.at, end, _tone(event))
        for event, end in zip(changes, ends, strict=False)
    ]
    if not final:
        spans.append(Span(_label(changes[-1]), changes[-1].at, None, _tone(changes[-1])))
    first = chronicle.text_of(changes[0].entry.data, "from")
    if first and changes[0].at > story.release.created_at:
        spans.insert(0, Span(first, story.release.created_at, changes[0].at))
    return tuple(spans[-MOST_SPANS:])


def _stage_of(event: chronicle.Event) -> str:
    return event.entry.action.removeprefix(chronicle.STAGE)


def _label(event: chronicle.Event) -> str:
    share = chronicle.number_of(event.entry.data, "share")
    name = _stage_of(event).replace("_", " ")
    return name if share is None else f"{name} {wording.share(share)}"


def _tone(event: chronicle.Event) -> str:
    name = _stage_of(event)
    return _TONES.get(Stage(name), "plain") if name in set(Stage) else "plain"


def _broken(story: Story) -> AuditEntry | None:
    """The first entry shown here whose content does not match its digest."""
    return next((entry for entry in story.audit if not _holds(entry)), None)


def _holds(entry: AuditEntry) -> bool:
    try:
        return entry.digest == digest_of(entry.sequence, entry.at, entry, entry.previous)
    except (TypeError, ValueError):
        # What has no digest at all was not written by a desk.
        return False
