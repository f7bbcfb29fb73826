"""Which desk is talked to and as whom; no token goes where it could be read."""

from pathlib import Path

import pytest

from gonogo.cli.access import Access, read_access
from gonogo.domain.errors import InvalidInput
from gonogo.wiring.own_files import private

TOKEN = "gonogo_abc"


def test_without_variables_it_is_the_desk_here_as_its_owner() -> None:
    assert read_access({}) == read_access({"GONOGO_URL": "", "GONOGO_TOKEN": ""}) == Access()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8460",
        "http://localhost:8460/",
        "http://[::1]:8460",
        "https://desk.example.invalid",
        "https://desk.example.invalid/gonogo",
    ],
)
def test_a_token_goes_to_this_machine_or_under_tls(url: str) -> None:
    found = read_access({"GONOGO_URL": url, "GONOGO_TOKEN": TOKEN})
    assert found == Access(url.rstrip("/"), TOKEN)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://desk.example.invalid", "would send the token unprotected"),
        ("http://127.0.0.1.example.invalid:8460", "would send the token unprotected"),
        ("http://127.0.0.1@desk.example.invalid", "must not hold a name or password"),
        ("ftp://127.0.0.1", "must be the address of a desk"),
        ("127.0.0.1:8460", "must be the address of a desk"),
        ("https://desk.example.invalid?x=1", "must be the address of a desk"),
        ("http://127.0.0.1:port", "is not an address"),
    ],
)
def test_an_address_that_is_none_or_not_safe_is_refused(url: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_access({"GONOGO_URL": url, "GONOGO_TOKEN": TOKEN})


def test_the_owners_own_token_is_not_sent_to_a_desk_that_a_variable_names() -> None:
    with pytest.raises(InvalidInput, match="there is no token for it"):
        read_access({"GONOGO_URL": "http://127.0.0.1:8460"})


def test_a_token_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert read_access({"GONOGO_TOKEN_FILE": str(file)}) == Access(token=TOKEN)
    both = {"GONOGO_TOKEN_FILE": str(file), "GONOGO_TOKEN": "gonogo_other"}
    assert read_access(both) == Access(token="gonogo_other")


@pytest.mark.parametrize("content", [b"", b"a b", b"uno\ndos", b"\xff\xfe", "é".encode()])
def test_a_token_that_is_none_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(InvalidInput) as refusal:
        read_access({"GONOGO_TOKEN_FILE": str(file)})
    said = "GONOGO_TOKEN_FILE holds no token: a token is one word in one line"
    assert str(refusal.value) in {said, f"GONOGO_TOKEN_FILE {file} cannot be read: it is no text"}


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_access({"GONOGO_TOKEN_FILE": str(tmp_path / "none")})


def test_a_folder_that_cannot_be_the_desks_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(InvalidInput, match="cannot be used"):
            private(home)
