"""Gauges and the comparison with the past on the page of a release."""

from dataclasses import replace

from tests.web.desk.conftest import Visit
from tests.web.desk.theatre import play
from tests.web.test_gauges import MEMORY, with_readings

from gonogo.domain.story import Story
from gonogo.domain.verdict import Evidence
from gonogo.domain.verdict import Test as Comparison


async def test_a_page_shows_gauges_and_the_test_against_the_past(visit: Visit, good: Story) -> None:
    story = with_readings(good, replace(MEMORY, value=1e12))
    last = story.looks[-1]
    kpi = last.judgement.kpis[0]
    past = Evidence(Comparison.PAST, 0.2, 3.3, 0.4, 0.0, 0.01)
    unbegun = Evidence(Comparison.PAST, 0.0, 3.3, 0.0, 0.001, 0.0)
    kpis = (replace(kpi, evidence=(*kpi.evidence, past, unbegun)), *last.judgement.kpis[1:])
    changed = replace(last, judgement=replace(last.judgement, kpis=kpis))
    await play(visit.desk, replace(story, looks=(*story.looks[:-1], changed)))
    page = await visit.open("/releases/r-1")
    assert page.status_code == 200
    assert "memory &lt;b&gt;" in page.text
    assert "within its bound of at most 1 TB" in page.text
    assert page.text.count("against its recorded past</span>") == 1
