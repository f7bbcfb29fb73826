"""Two real desks over one PostgreSQL, of which one is killed, and then the other."""

import gc
from random import Random

import pytest
from bench.takeover import measure


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_desk_that_is_killed_is_followed_by_the_other_and_the_release_reaches_its_end():
    held, driven, broken = measure(2, Random(1))
    assert len(held) == len(driven) == 2
    assert broken == []
    gc.collect()  # connections to a desk that was killed are not closed by anybody
