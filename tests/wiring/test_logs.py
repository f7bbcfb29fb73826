"""The desk's log."""

import json
import logging

import pytest

from gonogo.domain.log_context import about_request, now_about_release
from gonogo.wiring.logs import JsonLines, TextLines, masked


def a_record(message: str, **more: object) -> logging.LogRecord:
    fields = {"name": "gonogo.desk", "levelname": "WARNING", "levelno": logging.WARNING}
    return logging.makeLogRecord({**fields, "msg": message, "created": 1_000_000_000.25, **more})


def test_a_json_line_says_when_where_and_about_what():
    with about_request("r-1"):
        now_about_release("abc")
        told = json.loads(JsonLines().format(a_record("it waits")))
    assert told == {
        "at": "2001-09-09T01:46:40.250Z",
        "level": "warning",
        "logger": "gonogo.desk",
        "message": "it waits",
        "request": "r-1",
        "release": "abc",
    }


def test_a_line_for_people_says_the_same():
    assert TextLines().format(a_record("it waits")) == "2001-09-09 01:46:40Z WARNING it waits"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("quinn@example.org signed", "…@… signed"),
        ("from 203.0.113.9 came", "from …ip… came"),
        ("from 2001:db8:0:0:1:2:3:4 came", "from …ip… came"),
        ("token gonogo_abcdefghijklmnopqrstuvwxyz12", "token gonogo_…"),
        ("GET /join?invitation=abcdefghijklmnopqrstuvwxyz", "GET /join?invitation=…"),
    ],
)
def test_personal_data_and_secrets_are_masked(said: str, kept: str):
    assert masked(said) == kept


@pytest.mark.parametrize(
    "said", ["127.0.0.1:8460", "version 1.2.3", "at 14:03:22", "sha256:ab12cd"]
)
def test_what_is_nobodys_stays(said: str):
    assert masked(said) == said


def test_a_traceback_is_masked_too_and_stays_in_one_json_line():
    error = ValueError("quinn@example.org")
    record = a_record("a defect", exc_info=(type(error), error, None))
    told = JsonLines().format(record)
    assert "\n" not in told
    assert "quinn" not in json.loads(told)["error"].splitlines()[-1]
