"""Why a release stands where it stands, in a few sentences with the numbers."""

from gonogo.domain.journal import StepState
from gonogo.domain.release import FINAL, TRANSITIONS, WAITING, Release, Stage
from gonogo.domain.story import Story
from gonogo.domain.verdict import KpiAssessment, Verdict
from gonogo.gates.words import count
from gonogo.judge.outlook import smallest_visible
from gonogo.judge.plan import judge_plan
from gonogo.judge.sentences import counted_once
from gonogo.usecases.releases.decisions import last_decision, told_blocking


def why(story: Story) -> list[str]:
    """Sentences, the most important first. Every number in them was recorded."""
    release = story.release
    stage = release.stage.value.replace("_", " ")
    since = f"{release.stage_since:%Y-%m-%d %H:%M:%S} UTC"
    word = "ended as" if release.stage in FINAL else "is"
    said = [f"{release.service} {release.version} {word} {stage} since {since}: {release.reason}."]
    said += _position(release)
    said += _decided(story)
    said += _judged(story)
    said += _steps(story)
    return said + _next(release)


def _next(release: Release) -> list[str]:
    if release.stage is Stage.HELD:
        return ["Next: bring what is missing."]
    if release.stage not in WAITING:
        return []
    back = Stage.ROLLING_BACK in TRANSITIONS[release.stage] and release.exposed
    end = "rollback" if back else "abort"
    return [f"Next: `gonogo resume {release.id}`, or `gonogo {end} {release.id}`, with a --reason."]


def _position(release: Release) -> list[str]:
    steps = release.plan.rollout.steps
    if release.stage is Stage.CANARY and 0 <= release.step < len(steps):
        step = steps[release.step]
        return [
            f"It is in step {release.step + 1} of {len(steps)}: {step.share * 100:g} % of customers"
            f" for {step.hold.total_seconds():g} s and at least"
            f" {count(step.minimum_requests, 'request', 'requests')}."
        ]
    return []


def _decided(story: Story) -> list[str]:
    decision = last_decision(story.audit)
    if decision is None:
        return []
    told = "as above" if decision.sentence == story.release.reason else decision.sentence
    said = f"The gates at {decision.at:%H:%M:%S} UTC: {told}."
    return [said, *(f"  {line}" for line in told_blocking(decision))]


def _judged(story: Story) -> list[str]:
    if not story.looks:
        return ["No customer of it was counted."] if story.release.exposed else []
    last = story.looks[-1]
    said = [f"The judge at {last.at:%H:%M:%S} UTC: {last.judgement.sentence}"]
    for kpi in last.judgement.kpis:
        said.append(f"  {kpi.sentence}")
        said += _visible(kpi)
    said += [f"  {rule}" for rule in counted_once(judge_plan(story.release.plan, 1).kpis)]
    said += [f"  {gauge.sentence}" for gauge in last.judgement.gauges]
    hurt = {client for look in story.looks for client in look.hurt}
    if hurt:
        said.append(f"{count(len(hurt), 'customer', 'customers')} got a bad answer from it.")
    gaps = [look.gap for look in story.looks if look.gap]
    if gaps:
        said.append(
            f"{count(len(gaps), 'stretch was', 'stretches were')} not counted; the last: {gaps[-1]}."
        )
    return said


def _visible(kpi: KpiAssessment) -> list[str]:
    """What could not be hidden any more, where nothing was found."""
    share = smallest_visible(kpi)
    if share is None or kpi.verdict is Verdict.FAIL:
        return []
    return [f"  {kpi.kpi}: {share * 100:.2g} % bad requests or more should have been seen by now"]


def _steps(story: Story) -> list[str]:
    return [
        f"Step {entry.step} is {entry.state.value}: {entry.output.strip()[-300:] or 'no output'}"
        for entry in story.journal
        if entry.state in {StepState.FAILED, StepState.UNKNOWN}
    ]
