"""The answer: what became of a release, in the few sentences that a reader takes away."""

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.domain.release import Stage
from gonogo.domain.story import (
    DECISIONS,
    PERSON,
    Figures,
    Story,
    closing_look,
    deciding_look,
    first_entry,
)
from gonogo.domain.verdict import KpiAssessment, Verdict
from gonogo.web.chronicle import text_of
from gonogo.web.wording import count, isolated, moment, people, plain, seconds, share

WORDS = {
    Stage.RELEASED: ("✓", "released", "safe"),
    Stage.ROLLED_BACK: ("↩", "rolled back", "harm"),
    Stage.ADOPTED: ("⇠", "adopted", "still"),
    Stage.NO_GO: ("✕", "no-go", "harm"),
    Stage.ABORTED: ("■", "aborted", "still"),
    Stage.NEEDS_PERSON: ("!", "needs a person", "waiting"),
    Stage.HELD: ("‖", "held", "waiting"),
    Stage.PAUSED: ("‖", "paused", "waiting"),
}
"""Icon, word and tone of an outcome; every other stage is under way."""


def outcome(stage: Stage) -> tuple[str, str, str]:
    """Icon, word and tone (safe, harm, waiting, still or going) of a stage."""
    return WORDS.get(stage, ("▶", stage.value.replace("_", " "), "going"))


def answer(story: Story, figures: Figures) -> Markup:
    """The sentences, safe to be put into a page."""
    said = _SAID.get(story.release.stage, _under_way)(story, figures)
    return Markup(" ").join(sentence for sentence in said if sentence)


def _rolled_back(story: Story, figures: Figures) -> list[Markup]:
    release = story.release
    at = moment(figures.weight_zero_at or release.stage_since)
    taken = Markup("{} was taken back at {} UTC").format(isolated(release.version), at)
    return [
        Markup("{}{}.").format(taken, _why_taken_back(story, figures)),
        _deciding_kpi(story),
        _exposure(story, figures),
        _confirmed(story, figures),
    ]


def _why_taken_back(story: Story, figures: Figures) -> Markup:
    decision = first_entry(story.audit, DECISIONS)
    if decision is not None:
        took = figures.seconds_decision_to_weight_zero
        after = "after" if took is None else f"{seconds(took)} after"
        if _crossed(deciding_look(story)):
            return Markup(", {} the evidence crossed its limit").format(after)
        sentence = _clause(text_of(decision.data, "sentence"))
        return Markup(", {} the judge said fail: {}").format(after, sentence)
    words = {f"{PERSON}roll_back", f"{PERSON}reject"}
    person = next((entry for entry in story.audit if entry.action in words), None)
    reason = "" if person is None else text_of(person.data, "reason")
    if person is not None:
        said = Markup(": {}").format(_clause(reason)) if reason else Markup("")
        return Markup(" on the word of {}{}").format(isolated(person.actor), said)
    return Markup(": {}").format(_clause(story.release.reason))


def _crossed(look: Look | None) -> bool:
    """Whether a test's evidence is what decided; a dead canary fails without any."""
    return look is not None and any(
        max(evidence.log10_e, evidence.peak) >= evidence.threshold
        for kpi in look.judgement.kpis
        for evidence in kpi.evidence
        if evidence.alpha
    )


def _deciding_kpi(story: Story) -> Markup:
    look = deciding_look(story)
    if look is None:
        return Markup("")
    named = next((text_of(e.data, "kpi") for e in story.audit if e.action in DECISIONS), "")
    kpis = look.judgement.kpis
    found = next((kpi for kpi in kpis if kpi.kpi == named), None)
    found = found or next((kpi for kpi in kpis if kpi.verdict is Verdict.FAIL), None)
    return Markup("") if found is None else compared(found)


def compared(found: KpiAssessment) -> Markup:
    """`create-order: 9 of 61 canary requests bad against 2 of 1,150.`"""
    canary, baseline = found.canary, found.baseline
    against = (
        f" against {count(baseline.bad)} of {count(baseline.total)} on the baseline"
        if baseline.total
        else "; the baseline was not measured"
    )
    return Markup("{}: {} of {} canary requests bad{}.").format(
        isolated(found.kpi), count(canary.bad), count(canary.total), against
    )


def _exposure(story: Story, figures: Figures) -> Markup:
    if not story.release.exposed:
        return Markup("No customer reached it.")
    if figures.exposure_share is None:
        return Markup("How many customers reached it was not recorded.")
    hurt = people(figures.customers_hurt or 0)
    return Markup("Exposure at most {}; {}.").format(share(figures.exposure_share), hurt)


def _confirmed(story: Story, figures: Figures) -> Markup:
    if figures.weight_zero_at is None:
        if not story.release.exposed:
            return Markup("")
        return Markup("When it was out of rotation was not recorded.")
    previous = story.release.previous
    where = Markup("") if previous is None else Markup(" on {}").format(isolated(previous))
    return Markup("Traffic confirmed{} at {}.").format(where, moment(figures.weight_zero_at))


def _released(story: Story, figures: Figures) -> list[Markup]:
    release = story.release
    said = [
        Markup("{} was released at {} UTC.").format(
            isolated(release.version), moment(release.stage_since)
        )
    ]
    look = closing_look(story)
    if look is None:
        return [*said, Markup("What the judge saw was not recorded.")]
    if look.judgement.verdict is not Verdict.FAIL:
        said.append(
            Markup(
                "{} judged requests went to it and no evidence of harm crossed its limit; {}."
            ).format(count(figures.canary_requests), people(figures.customers_hurt or 0))
        )
    else:
        said.append(Markup("The evidence of harm had crossed its limit: see the timeline."))
    if look.judgement.verdict is Verdict.PASS:
        said.append(Markup("Every limit is shown to be kept."))
    elif look.judgement.verdict is Verdict.UNPROVEN:
        said.append(Markup("That every limit is kept was not proven: too few requests for that."))
    return said


def _adopted(story: Story, figures: Figures) -> list[Markup]:
    del figures  # nothing was measured of it as a release
    release = story.release
    said = Markup("{} was adopted at {} UTC: {}.").format(
        isolated(release.version), moment(release.stage_since), _clause(release.reason)
    )
    return [said]


def _no_go(story: Story, figures: Figures) -> list[Markup]:
    release = story.release
    why = _clause(release.reason.removeprefix("NO-GO: "))
    said = Markup("{} is a No-Go since {} UTC: {}.").format(
        isolated(release.version), moment(release.stage_since), why
    )
    return [said, _exposure(story, figures)]


def _aborted(story: Story, figures: Figures) -> list[Markup]:
    release = story.release
    said = Markup("{} was aborted at {} UTC: {}.").format(
        isolated(release.version), moment(release.stage_since), _clause(release.reason)
    )
    return [said, _exposure(story, figures)]


def _waiting(story: Story, figures: Figures) -> list[Markup]:
    release = story.release
    said = Markup("{} waits for a person since {} UTC: {}.").format(
        isolated(release.version), moment(release.stage_since), _clause(release.reason)
    )
    return [said, _exposure(story, figures)]


def _under_way(story: Story, figures: Figures) -> list[Markup]:
    release = story.release
    said = Markup("{} is under way, {} since {} UTC: {}.").format(
        isolated(release.version),
        release.stage.value.replace("_", " "),
        moment(release.stage_since),
        _clause(release.reason),
    )
    return [said, _exposure(story, figures)]


def _clause(reason: str) -> Markup:
    """A reason inside a sentence: isolated, without its own full stop."""
    told = plain(reason.strip().rstrip("."), 300) or "no reason was recorded"
    return Markup("<bdi>{}</bdi>").format(told)


_SAID = {
    Stage.ROLLED_BACK: _rolled_back,
    Stage.RELEASED: _released,
    Stage.ADOPTED: _adopted,
    Stage.NO_GO: _no_go,
    Stage.ABORTED: _aborted,
    Stage.HELD: _waiting,
    Stage.PAUSED: _waiting,
    Stage.NEEDS_PERSON: _waiting,
}
