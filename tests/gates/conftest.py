"""No test of gates sees what another one left in a cache."""

import pytest

from gonogo.gates.patch_guard import is_ignored


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    is_ignored.cache_clear()
