"""The report as a reader finds it."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from tests.growth import BLOWN_UP, growth

from gonogo.domain.audit import AuditDraft, link
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.release import Stage
from gonogo.domain.story import Story
from gonogo.web.report import render, render_many

HOSTILE = "<script>alert(1)</script>\u202eevil\u0000\ud800\"'&{{7*7}}"
VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """Checks that every element is closed and gathers what a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in {"td", "th", "dt", "dd", "li", "p"}:
            self.text += " "

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"script", "style"}:
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.replace("\u00a0", " ").split())

    def scripts(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == "script"]


def with_audit(story: Story, action: str, **data: object) -> Story:
    entry = link(AuditDraft("desk", action, "r-1", data), story.at, story.audit[-1])
    return replace(story, audit=(*story.audit, entry))


def test_a_rollback_is_answered_in_one_paragraph_with_the_figures(bad: Story) -> None:
    words = Page(render(bad)).words
    sentence = (
        r"v1\.2\.0 was taken back at 14:02:\d\d UTC, 0\.052 s after the evidence crossed its limit\."
        r" create-order: (\d+) of (\d+) canary requests bad against \d+ of \d+ on the baseline\."
        r" Exposure at most 5 %; \d+ customers were hurt\. Traffic confirmed on v1\.1\.0 at 14:02:\d\d\."
    )
    found = re.search(sentence, words)
    assert found, words[:600]
    canary = bad.looks[-1].judgement.kpis[0].canary
    assert (int(found[1]), int(found[2])) == (canary.bad, canary.total)


def test_a_good_release_is_told_as_released_and_as_unproven(good: Story) -> None:
    words = Page(render(good)).words
    assert "v1.2.1 was released at" in words
    assert "no evidence of harm crossed its limit" in words
    assert "not proven" in words


def test_a_version_that_met_no_customer_says_so_and_draws_nothing(unexposed: Story) -> None:
    page = Page(render(unexposed))
    assert 'is a No-Go since 14:02:05 UTC: step "staging/migrate" ended with 1.' in page.words
    assert "No customer reached it." in page.words
    assert "Nothing was judged: no customer reached this version." in page.words
    assert "log10 e" not in page.words


def test_a_rollback_by_a_person_names_the_person_and_the_reason(good: Story) -> None:
    story = with_audit(good, "person:release:roll_back", reason="customers called.")
    story = replace(story, release=replace(story.release, stage=Stage.ROLLED_BACK))
    assert "UTC on the word of desk: customers called." in Page(render(story)).words


def test_a_canary_that_died_is_not_said_to_have_crossed_a_limit(good: Story) -> None:
    story = with_audit(
        good, "judge:release:fail", at=good.at.isoformat(), sentence="the canary exited with 137"
    )
    story = replace(story, release=replace(story.release, stage=Stage.ROLLED_BACK))
    words = Page(render(story)).words
    assert "after the judge said fail: the canary exited with 137." in words
    assert "crossed its limit." not in words.split("What the judge said")[0]


def test_a_time_that_was_not_recorded_is_said_to_be_not_recorded(bad: Story) -> None:
    audit = tuple(entry for entry in bad.audit if entry.action != "rollback:traffic:confirmed")
    words = Page(render(replace(bad, audit=audit))).words
    assert "When it was out of rotation was not recorded." in words
    assert "Decision to weight 0 not recorded" in words


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_can_be_reported(good: Story, stage: Stage) -> None:
    story = replace(good, release=replace(good.release, stage=stage), looks=good.looks[:5])
    assert "v1.2.1" in Page(render(story)).words


def test_the_page_asks_for_nothing_outside_itself(bad: Story, good: Story) -> None:
    html = render_many([bad, good])
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "base", "form"}
        assert not {"src", "srcset", "style", "onclick", "onload"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert set(re.findall(r"https?://[^\"' <]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]*)\)", html)) == {"#gonogo-hatch"}


def test_the_policy_allows_only_the_script_and_style_of_the_page(bad: Story) -> None:
    html = render(bad)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.startswith("default-src &#39;none&#39;")
    for tag in ("script", "style"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy


def test_hostile_text_is_shown_and_does_nothing(bad: Story) -> None:
    long = HOSTILE + "x" * 10_000
    release = replace(
        bad.release,
        version=long,
        service=long,
        actor=long,
        reason=long,
        previous=long,
        plan=replace(
            bad.release.plan,
            kpis=tuple(replace(kpi, name=long) for kpi in bad.release.plan.kpis),
        ),
    )
    looks = tuple(
        replace(
            look,
            gap=long if index == 50 else None,
            judgement=replace(
                look.judgement,
                kpis=tuple(
                    replace(kpi, kpi=long + kpi.kpi, sentence=long) for kpi in look.judgement.kpis
                ),
            ),
        )
        for index, look in enumerate(bad.looks[::10])
    )
    audit = replace(bad.audit[0], data={"reason": long}, actor=long)
    journal = (JournalEntry("r-1", long, StepState.FAILED, bad.at, bad.at, long),)
    smoke = {"smoke": [{"name": long, "passed": False, "detail": long}, "x", {"passed": "yes"}]}
    broken = replace(bad.audit[6], data=smoke | {"share": "all", "from": 3})
    html = render(Story(release, looks, (audit, broken), journal, bad.at))
    page = Page(html)
    assert len(page.scripts()) == 2
    assert "<script>alert" not in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000\ud800]", html)
    assert "⟨U+202E⟩evil" in page.text
    assert "{{7*7}}" in page.text
    assert len(html.encode()) < 1_000_000


@pytest.mark.parametrize(
    "data", [{}, {"at": 1, "sentence": [], "kpi": {}}, {"slots": 3, "seconds": "x", "smoke": "no"}]
)
@pytest.mark.parametrize(
    "action",
    [
        "judge:release:fail",
        "rollback:traffic:confirmed",
        "desk:release:nowhere",
        "desk:step:done",
        "person:release:pause",
        "something:else:entirely",
    ],
)
def test_an_entry_with_missing_or_odd_keys_is_still_told(
    unexposed: Story, action: str, data: dict[str, object]
) -> None:
    page = Page(render(with_audit(unexposed, action, **data)))
    assert page.words.count(unexposed.at.strftime("%H:%M:%S")) > 0


def test_gaps_are_named_with_their_reason(gapped: Story) -> None:
    words = Page(render(gapped)).words
    assert "1 stretch was not measured" in words
    assert "the router dropped 12 log lines" in words


def test_the_chain_head_is_there_to_be_compared(bad: Story) -> None:
    words = Page(render(bad)).words
    assert bad.audit[-1].digest in words
    assert "✓ each matches its digest" in words
    assert "gonogo verify" in words


def test_a_changed_audit_entry_is_announced_at_the_top(bad: Story) -> None:
    forged = replace(bad.audit[2], actor="nobody")
    words = Page(render(replace(bad, audit=(*bad.audit[:2], forged, *bad.audit[3:])))).words
    assert f"Entry {forged.sequence} was changed after it was written" in words
    assert "each matches its digest" not in words


def test_steps_smoke_and_plan_are_told(bad: Story, unexposed: Story) -> None:
    words = Page(render(bad)).words
    assert "✓ done staging/migrate" in words
    assert "INFO running upgrade 41ac -> 52bd, add tracking" in words
    assert "? unknown production/clear-cache" in words
    assert "create order with courier ✓ passed" in words
    assert (
        "POST /orders status 500–599, or no answer 2 × the baseline's share and 5 % of requests"
        in words
    )
    assert "Sum 1 %" in words
    assert 'IntegrityError: column "courier"' in Page(render(unexposed)).text


def test_several_releases_stand_on_one_page_with_an_overview(
    bad: Story, good: Story, unexposed: Story
) -> None:
    page = Page(render_many([bad, good, unexposed]))
    identities = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(identities) == len(set(identities))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == ["#release-1", "#release-2", "#release-3"]
    assert {link.removeprefix("#") for link in links} <= set(identities)
    for version in ("v1.2.0", "v1.2.1", "v1.3.0"):
        assert version in page.words


def test_no_release_at_all_is_said_plainly() -> None:
    assert "No release was recorded" in Page(render_many([])).words


def test_the_replay_has_a_reading_for_every_kpi_and_keeps_the_turning_points(bad: Story) -> None:
    html = render(bad)
    points = json.loads(re.search(r'application/json">(.*?)</script>', html, re.DOTALL)[1])
    assert points[-1][3] == "fail"
    assert all(len(point[4]) == 3 for point in points)
    assert [point[0] for point in points] == sorted(point[0] for point in points)


def test_two_thousand_looks_make_a_small_page(long: Story) -> None:
    assert len(render(long).encode()) < 1_000_000


def test_four_times_as_many_looks_take_about_four_times_as_long_to_render(
    after_looks: Callable[[int], Story],
) -> None:
    stories = {looks: after_looks(looks) for looks in (250, 1000)}
    assert growth(lambda looks, _: lambda: render(stories[looks]), 250, runs=3) < BLOWN_UP


def test_a_release_over_midnight_names_both_days(bad: Story) -> None:
    entry = link(AuditDraft("desk", "x:y:z", "r-1"), bad.at + timedelta(hours=11), bad.audit[-1])
    words = Page(render(replace(bad, audit=(*bad.audit, entry)))).words
    assert "2025-11-22 UTC" in words
    assert "2025-11-23 UTC" in words
