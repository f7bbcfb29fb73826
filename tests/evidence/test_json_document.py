"""JSON that is wrong as JSON, whatever format it is of."""

import json
from collections.abc import Callable

import pytest
from tests.evidence.reading import content, read, refusal
from tests.growth import BLOWN_UP, growth

from gonogo.evidence import json_document
from gonogo.evidence.format import Beginning
from gonogo.evidence.json_document import outline

GOOD = content("gonogo/drill.json")


def test_a_key_that_stands_twice_is_refused_since_one_value_would_be_hidden():
    twice = GOOD.replace(b'"restored": true', b'"restored": false, "restored": true')
    assert "has the key restored twice" in refusal(twice)


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert read(b"\xef\xbb\xbf" + GOOD, "drill.json")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_refused(encoding):
    assert refusal(GOOD.decode().encode(encoding))


def test_latin_1_is_refused_with_the_place():
    assert "is not UTF-8 text (byte " in refusal(GOOD.replace(b"orders", b"caf\xe9"))


def test_a_file_that_is_cut_off_is_refused_with_the_place():
    assert "is not JSON (line 11, column 1" in refusal(GOOD[:-2])


def test_what_follows_the_document_is_refused():
    assert "is not JSON" in refusal(GOOD + b"{}")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_document_nested_too_deeply_is_refused(opening):
    assert "nested too deeply" in refusal(b'{"gonogo": 1, "drill": ' + opening * 200_000)


def test_a_number_with_too_many_digits_is_refused():
    assert "too many digits" in refusal(b'{"gonogo": %s}' % (b"1" * 5000))


def test_a_document_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(json_document, "LARGEST_JSON", 1024 * 1024)
    assert "larger than 1 MiB" in refusal(GOOD + b" " * 1024 * 1024)


@pytest.mark.parametrize("text", ["a\u0000b", "a\ud800b", "a\u202eb", "a\nb", "x" * 5000])
def test_texts_are_fit_to_be_shown_and_stored(text):
    (found,) = read(json.dumps([{"name": text, "value": 1}]).encode(), "plain.json")
    name = found.facts.measurements[0].name
    assert name.isprintable()
    assert len(name) <= 300
    name.encode()


@pytest.mark.parametrize(
    ("head", "keys"),
    [
        (b'{"a": {"x": 1}, "b": ["c", {"d": 2}], "e', {"a", "b"}),
        (b'[ {"a": "x", "b": 1}, {"c": 1}]', {"a", "b"}),
        (b'{"quo\\"ted": ":", "b": "{"', {'quo\\"ted', "b"}),
    ],
)
def test_an_outline_holds_the_top_keys_only(head, keys):
    assert outline(Beginning("x", head)).keys == keys


@pytest.mark.parametrize("head", [b"", b"[]", b"[1]", b'"a"', b"a: 1", b"\xff\xfe{\0"])
def test_what_is_no_object_has_no_outline(head):
    assert outline(Beginning("x", head)) is None


def test_an_outline_of_an_endless_text_takes_as_long_as_the_text():
    def endless(size: int, run: int) -> Callable[[], object]:
        beginning = Beginning("x", b'{"a": "' + b'\\"' * size + b"%d" % run)
        return lambda: outline(beginning)

    assert growth(endless, 8000) < BLOWN_UP
