"""Every sentence that a store holds and pages say, with where it stands."""

import re
from collections.abc import AsyncIterator

from gonogo.domain.paper import FiledEvidence
from gonogo.domain.release import Release
from gonogo.domain.story import Story
from gonogo.gates.written import read_decision
from gonogo.language.phrases import say, say_message
from gonogo.language.reader import Reader
from gonogo.storage.store import SqlStore
from gonogo.usecases.papers.evidence_words import say as evidence_said
from gonogo.web import chronicle

Sentence = tuple[str, str]
"""Where it stands, and what it says."""

OTHERS = (Reader.of("ru", "Europe/Moscow"), Reader.of("fa", "Asia/Tehran"))


_QUOTED = re.compile(r'"[^"]*"|«[^»]*»|`[^`]*`|\((?:[^()]|\([^()]*\))*\)')
_ENGLISH = re.compile(
    r"(?<![\w./`-])(?:rolled|rolling|verifying|held|gates?|customers|requests?|missing|passed|failed"
    r"|waits|filed|taken|is|of|the|and|was|by|with|not)(?![\w./`-])"
)
"""Words that no name, program or person of the demo has: where one is left, a part was not said."""


async def without_form(store: SqlStore) -> list[Sentence]:
    """The sentences that a page in another language would show in English, each once."""
    found = dict.fromkeys([each async for each in sentences(store)])
    return [
        each
        for each in found
        if not all(_said(each[1], to, message=each[0] == "message") for to in OTHERS)
    ]


def _said(sentence: str, reader: Reader, *, message: bool) -> bool:
    """Whether all of a sentence is said, but for what stands in quotes or brackets."""
    found = (say_message if message else say)(sentence, reader)
    return found.translated and not _ENGLISH.search(_QUOTED.sub("", found.text))


async def sentences(store: SqlStore) -> AsyncIterator[Sentence]:
    """All of them, of every release, its messages and the papers about its service."""
    releases = await store.releases(limit=1000)
    for release in releases:
        async for each in _of_release(store, release):
            if each[1]:
                yield each
    for service in sorted({release.service for release in releases}):
        for paper in await store.papers(service):
            if isinstance(paper.content, FiledEvidence):
                yield "evidence", evidence_said(paper.content.evidence.facts)


async def _of_release(store: SqlStore, release: Release) -> AsyncIterator[Sentence]:
    audit = tuple([entry async for entry in store.entries(subject=release.id)])
    looks = await store.looks(release.id)
    yield "stage", release.reason
    for event in chronicle.events(Story(release, (), audit, (), release.stage_since)):
        yield "timeline", event.what
        yield "timeline, why", event.reason
    for entry in audit:
        decision = read_decision(entry.data)
        if decision is None:
            continue
        yield "decision", decision.sentence
        for result in decision.results:
            yield "gate", result.reason
            yield "gate, to do", result.fix
            if result.number is not None and result.unit != "share":
                yield "gate, figure", f"{result.number:g} {result.unit}".strip()
    for look in looks:
        yield "verdict", look.judgement.sentence
        for kpi in look.judgement.kpis:
            yield "verdict of a KPI", kpi.sentence
        if look.gap:
            yield "gap", look.gap
    for each in await store.deliveries(release.id):
        yield "message", each.message.text
        yield "message, trouble", each.trouble
        yield "message, place", each.sent_to
