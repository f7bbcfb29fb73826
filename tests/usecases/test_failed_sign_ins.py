"""Failed sign-ins in the record: all are counted, few are entries."""

from datetime import timedelta

from tests.plans import START

from gonogo.domain.audit import AuditDraft
from gonogo.usecases.failed_sign_ins import FailedSignIns


def test_a_thousand_failures_are_four_entries_that_add_up() -> None:
    failures = FailedSignIns()
    entries = [failures.failed(START, "203.0.113.9", name="Quinn") for _ in range(1000)]
    written = [entry for entry in entries if entry is not None]
    assert [entry.data["failed"] for entry in written] == [1, 9, 90, 900]
    assert failures.rest() is None


def test_the_rest_is_told_when_the_quarter_of_an_hour_is_over_or_the_desk_ends() -> None:
    failures = FailedSignIns()
    for _ in range(5):
        failures.failed(START, "203.0.113.9")
    assert failures.due(START + timedelta(minutes=14)) is None
    due = failures.due(START + timedelta(minutes=15))
    assert due is not None
    assert due.data["failed"] == 4
    assert failures.failed(START + timedelta(minutes=16), "203.0.113.9") is not None
    failures.failed(START + timedelta(minutes=16), "203.0.113.9")
    rest = failures.rest()
    assert rest is not None
    assert rest.data["failed"] == 1


def test_an_entry_names_people_and_addresses_and_only_counts_names_that_nobody_has() -> None:
    failures = FailedSignIns()
    entries: list[AuditDraft | None] = [failures.failed(START, "10.0.0.1", name="Quinn")]
    entries.extend(failures.failed(START, f"10.0.0.{number}") for number in range(8))
    entries.append(failures.failed(START, "10.0.0.9", turned_away=True))
    last = entries[-1]
    assert last is not None
    assert last.data["names"] == []
    assert (last.data["unknown_names"], last.data["turned_away"]) == (8, 1)
    assert len(last.data["addresses"]) == 9
