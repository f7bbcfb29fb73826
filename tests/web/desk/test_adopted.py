"""What was adopted, on the pages of the desk, in three languages."""

from typing import cast

import pytest
from tests.papers import OWNER
from tests.web.desk.conftest import Visit

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.usecases.services.adoption import adopt

AT = "127.0.0.1:8000"


@pytest.mark.parametrize(
    ("language", "word"), [("en", "adopted"), ("fa", "از پیش موجود"), ("ru", "принята")]
)
async def test_every_page_says_that_a_version_was_adopted(
    visit: Visit, language: str, word: str
) -> None:
    cast("MemoryDeployer", visit.desk.context.deployer).outside[AT] = True
    wanted = {"service": "shop", "environment": "production", "at": AT, "version": "v1.1.0"}
    found = await adopt(visit.desk.context, OWNER, **wanted)
    pages = (
        "/",
        "/services/shop",
        f"/releases/{found.adoption.release}",
        "/history?outcome=adopted",
    )
    for path in pages:
        page = await visit.open(path, reads=f"{language}|UTC||")
        assert page.status_code == 200, path
        assert word in page.text, path
        assert "v1.1.0" in page.text, path
    if language == "en":
        release = await visit.open(f"/releases/{found.adoption.release}")
        assert "No customer has met this version" not in release.text
