"""Freezes by date, by hours of the week, and by flag."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from tests.gates.cases import COMMIT, DAY, HOUR, NOW, OPS, OTHER, dossier, held, paper, said

from gonogo.domain.gate_rules import FreezeDates, FreezeHours, FreezeRule
from gonogo.domain.paper import Flag, Withdrawal

SALE = FreezeDates(NOW - HOUR, NOW + HOUR, "spring sale")
LATER = FreezeDates(NOW + 5 * DAY, NOW + 6 * DAY, "audit")
WEEKEND = FreezeHours(4, time(16), 0, time(8), "Europe/Berlin", "weekend")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def frozen(*dates: FreezeDates, hours: tuple[FreezeHours, ...] = (), now=NOW, papers=()):
    return held(FreezeRule(dates=dates, hours=hours), dossier(*papers), now=now)


def test_without_a_freeze_releases_are_allowed():
    assert (said(frozen()), frozen().until) == (("pass", "no freeze"), None)
    past = replace(SALE, end=NOW)
    assert said(frozen(past)) == ("pass", "no freeze")


def test_a_freeze_holds_from_its_start_and_not_at_its_end():
    result = frozen(replace(SALE, start=NOW))
    assert said(result) == (
        "fail",
        "releases are frozen until 2026-03-10 13:00 UTC: spring sale",
    )
    assert (result.until, result.passes) == (NOW + HOUR, True)


def test_releases_are_allowed_until_the_next_freeze_begins():
    even_later = FreezeDates(NOW + 9 * DAY, NOW + 10 * DAY)
    result = frozen(even_later, LATER, replace(SALE, end=NOW))
    assert said(result) == ("pass", "no freeze before 2026-03-15 12:00 UTC")
    assert (result.until, result.passes) == (LATER.start, False)


def test_a_freeze_without_a_reason_says_none():
    assert (
        frozen(replace(SALE, reason="")).reason == "releases are frozen until 2026-03-10 13:00 UTC"
    )


def test_freezes_that_overlap_or_follow_each_other_end_together():
    second = FreezeDates(NOW + HOUR, NOW + 2 * HOUR, "audit")
    third = FreezeDates(NOW - DAY, NOW + HOUR, "holiday")
    result = frozen(SALE, second, third)
    assert result.until == NOW + 2 * HOUR
    assert result.reason.endswith(": spring sale; holiday")


@pytest.mark.parametrize(
    ("now", "until", "holds"),
    [
        ("2026-03-13T14:59", "2026-03-13T15:00", False),  # Friday, 16:00 in Berlin is 15:00 UTC
        ("2026-03-13T15:00", "2026-03-16T07:00", True),
        ("2026-03-15T23:30", "2026-03-16T07:00", True),  # already Monday in Berlin
        ("2026-03-16T06:59", "2026-03-16T07:00", True),
        ("2026-03-16T07:00", "2026-03-20T15:00", False),
        ("2026-03-28T12:00", "2026-03-30T06:00", True),  # summer time begins in this weekend
        ("2026-03-30T06:00", "2026-04-03T14:00", False),
        ("2026-10-24T12:00", "2026-10-26T07:00", True),  # and ends in this one
        ("2026-10-23T13:59", "2026-10-23T14:00", False),
    ],
)
def test_weekly_hours_are_those_of_the_wall_clock(now, until, holds):
    result = frozen(hours=(WEEKEND,), now=at(now))
    assert (result.status == "fail", result.until) == (holds, at(until))


def test_hours_within_one_day_are_of_that_day():
    lunch = FreezeHours(1, time(11), 1, time(13), "UTC")  # NOW is a Tuesday at 12:00
    assert frozen(hours=(lunch,)).until == NOW + HOUR
    assert frozen(hours=(replace(lunch, start_day=2, end_day=2),)).status == "pass"
    assert frozen(hours=(lunch,), now=NOW + HOUR).until == NOW + 7 * DAY - HOUR


def test_an_end_before_its_start_is_in_the_week_after():
    nearly_always = FreezeHours(1, time(13), 1, time(11), "UTC")
    result = frozen(hours=(nearly_always,))
    assert (result.status, result.until) == ("pass", NOW + HOUR)
    assert frozen(hours=(nearly_always,), now=NOW + HOUR).until == NOW + 7 * DAY - HOUR


def test_a_freeze_over_the_whole_week_never_ends():
    always = FreezeHours(1, time(12), 1, time(12), "UTC", "closed")
    result = frozen(hours=(always,))
    assert said(result) == ("fail", "releases are frozen until somebody lifts it: closed")
    assert (result.until, result.passes) == (None, True)


def test_where_clocks_change_a_freeze_lasts_as_long_as_its_times_could_mean():
    night = FreezeHours(6, time(2, 30), 6, time(2, 45), "Europe/Berlin")
    assert frozen(hours=(night,), now=at("2026-10-25T00:30")).until == at("2026-10-25T01:45")
    assert frozen(hours=(night,), now=at("2026-03-29T00:30")).until == at("2026-03-29T01:45")


def test_a_zone_that_nobody_knows_is_not_taken_for_no_freeze():
    for zone in ("Mars/Olympus", "../etc/passwd"):
        result = frozen(hours=(replace(WEEKEND, zone=zone),))
        assert result.status == "inconclusive"
        assert result.reason.startswith("a time zone of the freeze is not known: ")


def flag(*, on: bool = True, until: datetime | None = None, reason: str = "incident", **more):
    more = {"commit": None, **more}
    name = more.pop("name", "freeze")
    return paper(Flag(name, on, reason, until), OPS, **more)


def test_a_flag_freezes_until_it_is_lifted_or_ends():
    forever = frozen(papers=(flag(),))
    assert said(forever) == ("fail", "releases are frozen until somebody lifts it: incident (olga)")
    assert (forever.until, forever.passes) == (None, True)
    ending = frozen(papers=(flag(until=NOW + HOUR, reason=""),))
    assert said(ending) == (
        "fail",
        "releases are frozen until 2026-03-10 13:00 UTC: set by olga",
    )
    assert frozen(papers=(flag(until=NOW),)).status == "pass"


def test_the_newest_flag_of_this_name_and_service_or_commit_counts():
    assert frozen(papers=(flag(), flag(on=False))).status == "pass"
    assert frozen(papers=(flag(on=False), flag())).status == "fail"
    assert frozen(papers=(flag(), flag(on=False, name="other"))).status == "fail"
    assert frozen(papers=(flag(commit=COMMIT),)).status == "fail"
    assert frozen(papers=(flag(commit=OTHER),)).status == "pass"
    first = flag()
    assert frozen(papers=(first, paper(Withdrawal(first.id, "x")))).status == "pass"


def test_a_flag_and_a_date_end_with_the_later_of_them():
    assert frozen(SALE, papers=(flag(until=NOW + 3 * HOUR),)).until == NOW + 3 * HOUR
    assert frozen(SALE, papers=(flag(),)).until is None
