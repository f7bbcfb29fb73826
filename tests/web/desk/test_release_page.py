"""A release on its page: what it says in every stage, to whom it lets what, and how it says no."""

import pytest

from gonogo.domain.story import Story
from tests.web.desk.conftest import Visit
from tests.web.desk.theatre import play


async def test_x(visit: Visit, refused: Story, bad: Story):
    await play(visit.desk, refused)
    page = await visit.open("/releases/r-1")
    assert page.status_code == 200
