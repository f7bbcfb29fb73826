"""Evidence that the desk makes itself: reports of declared commands, and its own smoke tests."""

import asyncio
import hashlib
import json
import shlex
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from gonogo.controllers.drive import Drive
from gonogo.controllers.steps import command, own_slot, smoke, smoke_facts
from gonogo.domain.actor import DESK, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import ActionFailed, InvalidInput, sentence
from gonogo.domain.evidence import Evidence, Facts
from gonogo.domain.facts import Example, SmokeFacts
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.domain.plan import Collection
from gonogo.evidence.formats import read_report

REUSED_FOR = timedelta(days=1)
"""How long the desk's own reports of a commit are good enough not to be made again.

Making them again would give other bytes, and void every sign-off that was given meanwhile.
"""


async def collect(drive: Drive) -> None:
    """Run what the plan declares, and file the reports it makes.

    A command that ends badly is no failure here: its report says why, and where it made none the
    gates say that something is missing.
    """
    for collection in drive.plan.collections:
        if not await _fresh(drive, collection):
            await _collect(drive, collection)


async def _fresh(drive: Drive, collection: Collection) -> bool:
    since = drive.world.clock.now() - REUSED_FOR
    papers = await drive.world.store.papers(drive.release.service, drive.release.commit)
    filed = {
        content.evidence.name
        for paper in papers
        if isinstance(content := paper.content, FiledEvidence)
        and paper.actor == DESK.name
        and content.job == collection.command.name
        and content.at >= since
    }
    return {PurePosixPath(path).name for path in collection.reports} <= filed


async def _collect(drive: Drive, collection: Collection) -> None:
    wanted = collection.command
    # A report that came with the version's files would pass for one that was just made.
    clean = " ".join(shlex.quote(path) for path in collection.reports)
    fresh = replace(wanted, line=f"rm -f -- {clean}; {wanted.line}", repeatable=True)
    failure, step = "", await _step(drive, wanted.name)
    try:
        await command(drive, step, fresh, None)
    except ActionFailed as failed:
        failure = str(failed)
    ran_at = await _ran_at(drive, step)
    papers: list[Paper] = []
    for path in collection.reports:
        try:
            papers += await _report(drive, path, wanted.name, ran_at)
        except (ActionFailed, InvalidInput) as trouble:
            reason = "; ".join(filter(None, (sentence(trouble), failure)))
            if not drive.is_news(f"missing {path}", reason):
                continue
            data = {"name": wanted.name, "report": path, "reason": reason}
            await drive.record(
                "desk:evidence:missing", data, message=f"has no report {path}: {reason}"
            )
    await _file(drive, tuple(papers))


async def _step(drive: Drive, name: str) -> str:
    """What a run is called in the journal: another one once the last has grown too old to be used."""
    since = drive.world.clock.now() - REUSED_FOR
    journal = await drive.world.store.journal(drive.release.id)
    outlived = {entry.step for entry in journal if entry.ended_at and entry.ended_at < since}
    names = (f"evidence/{name} {number}" for number in range(2, len(outlived) + 3))
    return next(step for step in (f"evidence/{name}", *names) if step not in outlived)


async def _ran_at(drive: Drive, step: str) -> datetime:
    """When the command ended: its report is of that time, also when it is read much later."""
    journal = await drive.world.store.journal(drive.release.id)
    ended = (entry.ended_at for entry in journal if entry.step == step)
    return next((at for at in ended if at is not None), drive.world.clock.now())


async def _report(drive: Drive, path: str, job: str, ran_at: datetime) -> list[Paper]:
    release = drive.release
    file = await drive.world.workshop.report(release.service, release.commit, path)
    with file:
        found = await asyncio.to_thread(read_report, file, PurePosixPath(path).name)
    return [_paper(drive, evidence, job, ran_at) for evidence in found]


def _paper(drive: Drive, evidence: Evidence, job: str, ran_at: datetime) -> Paper:
    """Evidence of the desk: the commit is the one it laid out, the time the one at which it ran."""
    now = drive.world.clock.now()
    own = evidence.at is not None and evidence.at <= now
    at: datetime = evidence.at if own and evidence.at is not None else ran_at
    content = FiledEvidence(
        evidence, at, claimed_commit=evidence.commit is None, claimed_at=not own, job=job
    )
    release = drive.release
    return Paper(
        drive.world.new_id(), release.service, release.commit, now, DESK.name, (Role.DESK,), content
    )


async def _file(drive: Drive, papers: tuple[Paper, ...]) -> None:
    if not papers:
        return
    reports = [
        {"kind": content.evidence.kind.value, "name": content.evidence.name}
        | {"digest": content.evidence.digest, "job": content.job}
        for paper in papers
        if isinstance(content := paper.content, FiledEvidence)
    ]
    audit = AuditDraft(DESK.name, "desk:evidence:filed", drive.release.id, {"evidence": reports})
    await drive.world.store.file(papers, audit)


async def renew_smoke(drive: Drive) -> None:
    """Run the smoke tests again where the version waits without customers, and file what they say."""
    for environment in drive.plan.rehearsals or (drive.plan.production,):
        slot = await own_slot(drive, environment)
        if slot is None:
            continue
        try:
            results = await smoke(
                drive, environment, replace(slot, testers=True), f"again in {environment.name}"
            )
            facts = smoke_facts(environment, results)
        except ActionFailed as failure:
            failed = Example("smoke tests", message=str(failure))
            facts = SmokeFacts(environment.name, passed=0, failed=1, failures=(failed,))
        await file_facts(drive, f"smoke in {environment.name}", facts)


async def file_facts(drive: Drive, name: str, facts: Facts) -> None:
    """File what the desk found out itself; the digest is that of the facts as JSON."""
    text = json.dumps(asdict(facts), sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    now = drive.world.clock.now()
    evidence = Evidence("desk", name, digest, len(text.encode()), facts, drive.release.commit, now)
    await _file(drive, (_paper(drive, evidence, "desk", now),))
