"""Requests added up: nothing depends on when they are fetched or on which arm is called what."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.adapters.tally import Tally, keyed_digest
from gonogo.domain.traffic import BadStatus, Counts, Kpi, Request, Unit

ERRORS = BadStatus(((500, 599),))
KPIS = (
    Kpi("all", ERRORS, ratio=1.0),
    Kpi("bursts", ERRORS, ratio=1.0, once_in=timedelta(minutes=1)),
    Kpi("customers", ERRORS, ratio=1.0, unit=Unit.CLIENT, once_in=timedelta(minutes=1)),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
stream = st.lists(
    st.tuples(
        st.sampled_from(["one", "other"]),
        st.sampled_from([200, 500, None]),
        st.sampled_from(["anna", "berta", "clara", ""]),
        st.booleans(),
    ),
    max_size=60,
)


def added(requests, names=None, take_after=()):
    tally = Tally(KPIS, keyed_digest(b"0123456789abcdef"))
    sums: dict[tuple[str, str], Counts] = {}
    hurt = 0
    for number, (address, status, client, _) in enumerate(requests):
        at = START + timedelta(seconds=7 * number)
        where = (names or {}).get(address, address)
        tally.add(Request(at, where, status, 0.1, "GET", "/", client))
        if number in take_after or number == len(requests) - 1:
            batch = tally.take(at)
            hurt += len(batch.hurt)
            for key, counts in batch.counts.items():
                sums[key] = sums.get(key, Counts()) + counts
    return sums, hurt


@settings(deadline=None, derandomize=True, max_examples=80)
@given(stream)
def test_counts_add_up_to_the_same_however_they_are_fetched(requests):
    often = {number for number, (*_, take) in enumerate(requests) if take}
    assert added(requests, take_after=often) == added(requests)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(stream)
def test_versions_that_change_places_change_their_counts_and_nothing_else(requests):
    swapped, _ = added(requests, names={"one": "other", "other": "one"})
    other = {"one": "other", "other": "one"}
    assert {(other[address], kpi): counts for (address, kpi), counts in swapped.items()} == added(
        requests
    )[0]


@settings(deadline=None, derandomize=True, max_examples=80)
@given(stream)
def test_leaving_out_repetitions_never_adds_a_request_and_hurts_nobody_less(requests):
    sums, hurt = added(requests)
    for (address, kpi), counts in sums.items():
        whole = sums[address, "all"]
        assert counts.bad <= whole.bad, kpi
        assert counts.total <= whole.total
    assert hurt == sum(status != 200 for _, status, *_ in requests)
