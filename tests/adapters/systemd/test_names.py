"""How units are named."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.adapters.systemd.names import Names, escape, unescape
from gonogo.domain.errors import InvalidInput

NAMES = Names.of(Path("/var/lib/gonogo"))
SPECIMENS = [
    "orders",
    "orders-api",
    "a.b_c:d",
    ".hidden",
    "v1.2.0-rc.1",
    "a/b",
    "x@y",
    "Größe",
    "a b",
    "\\",
]


@pytest.mark.skipif(shutil.which("systemd-escape") is None, reason="systemd-escape is not on PATH")
def test_parts_are_escaped_as_systemd_escapes_them():
    asked = ["systemd-escape", "--", *SPECIMENS]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert " ".join(map(escape, SPECIMENS)) == said.strip()


@settings(max_examples=50)
@given(st.text(min_size=1).map(lambda text: text.replace("\0", "/")))
def test_what_was_escaped_can_be_read_again(text):
    assert unescape(escape(text)) == text


def test_no_two_services_share_a_unit():
    one = NAMES.instance("orders-api", "eu", "a1")
    other = NAMES.instance("orders", "api-eu", "a1")
    assert one != other
    assert one.startswith(r"gonogo-orders\x2dapi-eu-")


def test_desks_in_two_folders_share_no_unit():
    elsewhere = Names.of(Path("/home/somebody/gonogo"))
    assert NAMES.instance("orders", "eu", "a1") != elsewhere.instance("orders", "eu", "a1")
    assert elsewhere.parts(NAMES.instance("orders", "eu", "a1")) is None


def test_a_unit_tells_what_it_is_of():
    unit = NAMES.instance("orders-api", "eu.west", "3f-9.eu.west")
    assert NAMES.parts(unit) == ("orders-api", "eu.west", "3f-9.eu.west")


@pytest.mark.parametrize(
    "unit", ["sshd.service", "gonogo-a-b-00000000@c.service", "gonogo-orders-eu@x.service"]
)
def test_units_of_others_are_none_of_ours(unit):
    assert NAMES.parts(unit) is None


@pytest.mark.parametrize(
    "name", ["../orders", "a b", "", "a/b", "x\ny", "%i", "a@b", ".hidden", "-a"]
)
def test_hostile_names_are_refused(name):
    with pytest.raises(InvalidInput):
        NAMES.instance(name, "production", "a1")
    with pytest.raises(InvalidInput):
        NAMES.instance("orders", name, "a1")
    with pytest.raises(InvalidInput):
        NAMES.instance("orders", "production", name)


def test_a_name_that_is_too_long_for_systemd_is_refused():
    with pytest.raises(InvalidInput, match="systemd takes 255"):
        NAMES.router("o" * 150, "p" * 150)
