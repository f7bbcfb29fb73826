"""What a read script prints is taken strictly, or refused in one sentence."""

import pytest

from gonogo.adapters.command.answer import Answer, PlatformState, Unreadable, read_answer


def test_an_answer_is_read_whole() -> None:
    printed = b"""
    {"state": "running", "healthy": true, "address": "10.0.0.7:8080", "share": 0.25,
     "version": "v2", "detail": "2 of 2\\nready", "log": "one\\ntwo"}
    """
    assert read_answer(printed) == Answer(
        PlatformState.RUNNING,
        True,
        ("10.0.0.7", 8080),
        0.25,
        "v2",
        "2 of 2 ready",
        None,
        "one\ntwo",
    )
    assert read_answer(b'{"state": "failed", "exit_code": -9}').exit_code == -9


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        (b"", "printed nothing; expected one JSON object"),
        (b"\n \n", "printed nothing"),
        (b"x" * 65_537, "printed more than 64 KiB"),
        (b"running", 'printed "running"; expected one JSON object'),
        (b'{"state": "running", "healthy": tru', "expected one JSON object"),
        (b'{"state": "absent"}\n{"state": "absent"}', "expected one JSON object"),
        (b'["absent"]', "expected one JSON object"),
        (b"\xff\xfe", "expected one JSON object"),
        (b"[" * 60_000, "expected one JSON object"),
        (b"{}", "gave no state; one of absent, starting, running, failed, unknown"),
        (b'{"state": "up"}', 'gave "up" as state; it must be one of absent'),
        (b'{"state": "absent", "helthy": false}', 'gave the unknown key "helthy"; allowed: state'),
        (b'{"state": "absent", "state": "running"}', 'gave "state" twice'),
        (b'{"state": "running"}', "not whether it is healthy"),
        (
            b'{"state": "running", "healthy": "yes"}',
            'gave "yes" as healthy; it must be true or false',
        ),
        (b'{"state": "running", "healthy": 1}', "it must be true or false"),
        (b'{"state": "starting", "healthy": true}', "said healthy of what is starting"),
        (
            b'{"state": "absent", "address": "web:80"}',
            'it must be an IP address with a port, as in "10',
        ),
        (b'{"state": "absent", "address": null}', "gave null as address"),
        (b'{"state": "absent", "share": 25}', "it must be a number from 0 to 1"),
        (b'{"state": "absent", "share": NaN}', "it must be a number from 0 to 1"),
        (b'{"state": "absent", "share": true}', "it must be a number from 0 to 1"),
        (b'{"state": "failed", "exit_code": 1.5}', "it must be a whole number"),
        (b'{"state": "absent", "detail": 7}', "it must be a sentence"),
    ],
)
def test_what_is_no_answer_is_told_with_what_is_expected(printed: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as found:
        read_answer(printed)
    assert sentence in str(found.value)


def test_what_was_printed_is_shown_short_and_safe() -> None:
    with pytest.raises(Unreadable) as found:
        read_answer(b"\x1b[31m" + b"word " * 5_000)
    assert len(str(found.value)) < 350
    assert str(found.value).isprintable()
