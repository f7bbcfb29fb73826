"""A customer's repetitions count once, and leaving them out says nothing about the arms."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.domain.repeats import CROWD_LEAST, GOOD_AGAIN, MOST_APART, Repeats
from gonogo.domain.traffic import BadStatus, Kpi, Unit

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BURSTS = Kpi("errors", BadStatus(((500, 599),)), ratio=1.0, once_in=MINUTE)
CLIENTS = Kpi("errors", BadStatus(((500, 599),)), ratio=1.0, unit=Unit.CLIENT, once_in=MINUTE)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def counted(repeats: Repeats, client: str, outcomes: str, second: float = 0) -> str:
    """Which of these answers (b: bad, g: good) count; a dash stands for one that does not."""
    said = ""
    for outcome in outcomes:
        counts = repeats.count("errors", client, at(second), bad=outcome == "b")
        said += outcome if counts else "-"
    return said


def test_a_burst_of_one_customer_counts_once():
    assert counted(Repeats([BURSTS]), "anna", "gg" + 30 * "b") == "ggb" + 29 * "-"


def test_a_customer_counts_again_after_five_good_answers_or_when_the_time_is_up():
    repeats = Repeats([BURSTS])
    assert (
        counted(repeats, "anna", "bb" + GOOD_AGAIN * "g" + "gb") == "b-" + GOOD_AGAIN * "-" + "gb"
    )
    assert counted(repeats, "anna", "b", second=59) == "-"
    assert counted(repeats, "anna", "bb", second=60) == "b-"


def test_other_customers_and_requests_of_nobody_known_are_not_touched():
    repeats = Repeats([BURSTS])
    assert counted(repeats, "anna", "bb") == "b-"
    assert counted(repeats, "berta", "bb") == "b-"
    assert counted(repeats, "", "bbb") == "bbb"


def test_every_request_counts_where_the_plan_says_so():
    kpi = Kpi("errors", BURSTS.bad, ratio=1.0)
    assert counted(Repeats([kpi]), "anna", "bbb") == "bbb"


def test_an_address_that_carries_much_of_the_traffic_is_taken_for_many_customers():
    repeats = Repeats([BURSTS])
    for number in range(10 * CROWD_LEAST):
        repeats.answered_well("proxy" if number % 8 == 0 else f"customer {number}")
    assert counted(repeats, "proxy", "bbbb") == "bbbb"
    assert counted(repeats, "customer 9", "bbbb") == "b---"


def test_no_burst_makes_its_customer_a_crowd():
    repeats = Repeats([BURSTS])
    for number in range(CROWD_LEAST):
        repeats.answered_well(f"customer {number}")
    assert counted(repeats, "anna", 500 * "b").count("b") == 1


def test_a_crowd_that_has_left_is_forgotten():
    repeats = Repeats([BURSTS])
    for number in range(60_000):
        repeats.answered_well("proxy" if number < 10_000 else f"customer {number}")
    assert counted(repeats, "proxy", "bb") == "b-"


def test_counted_by_customer_only_the_first_request_in_a_stretch_counts():
    repeats = Repeats([CLIENTS])
    assert counted(repeats, "anna", "gbb") == "g--"
    assert counted(repeats, "berta", "bg") == "b-"
    assert counted(repeats, "anna", "gb", second=59.9) == "--"
    assert counted(repeats, "anna", "bg", second=60) == "b-"


def test_of_many_customers_at_once_hardly_one_is_left_out():
    repeats = Repeats([CLIENTS])
    new = sum(counted(repeats, f"customer {number}", "g") == "g" for number in range(50_000))
    assert new >= 0.999 * 50_000


def test_past_its_bound_the_memory_lets_the_longest_set_aside_count_again():
    repeats = Repeats([BURSTS])
    for number in range(MOST_APART + 1):
        counted(repeats, f"customer {number}", "b")
    assert counted(repeats, f"customer {MOST_APART}", "b") == "-"
    assert counted(repeats, "customer 0", "b") == "b"


requests = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(0, 30), st.booleans()), min_size=1, max_size=60
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(requests, st.sampled_from([BURSTS, CLIENTS]))
def test_whether_a_request_counts_never_depends_on_its_own_outcome(stream, kpi):
    one, other = Repeats([kpi]), Repeats([kpi])
    now = 0.0
    for client, wait, bad in stream:
        now += wait
        for repeats in (one, other):
            if not bad:
                repeats.answered_well(client)
        found = [repeats.count("errors", client, at(now), bad=bad) for repeats in (one, other)]
        assert found[0] == found[1]
    last = stream[-1][0]
    assert one.count("errors", last, at(now), bad=True) == other.count(
        "errors", last, at(now), bad=False
    )


@pytest.mark.parametrize("once_in", [None, timedelta(), -MINUTE])
def test_a_kpi_that_counts_customers_needs_a_time(once_in):
    with pytest.raises(ValueError, match=r"once_in|needs a time"):
        Kpi("errors", BURSTS.bad, ratio=1.0, unit=Unit.CLIENT, once_in=once_in)
