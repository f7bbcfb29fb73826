"""What every view of a folder's files keeps, and what the one of this machine keeps besides."""

import os
from pathlib import Path

import pytest

from gonogo.adapters.local.tree import LARGEST_TEXT, FolderTree
from gonogo.adapters.memory.tree import MemoryTree
from gonogo.domain.errors import InvalidInput
from gonogo.ports.tree import Tree

FILES = {"package.json": "{}", "src/server.js": "listen()\n", "src/a/b.js": "ä"}


@pytest.fixture(params=["folder", "memory"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    if request.param == "memory":
        return MemoryTree(FILES)
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return FolderTree(tmp_path)


def test_every_file_is_listed_once_in_order(tree):
    assert tree.listing().paths == ("package.json", "src/a/b.js", "src/server.js")
    assert tree.listing().cut is False


def test_a_file_has_its_text_and_anything_else_has_none(tree):
    assert tree.text("src/a/b.js") == "ä"
    assert tree.text("src/c.js") is None
    assert tree.text("src") is None
    assert tree.text("../../../../../../../../etc/passwd") is None


def test_nothing_outside_of_the_folder_is_read_through_links(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret").write_text("secret")
    (inside / "to-file").symlink_to(outside / "secret")
    (inside / "to-folder").symlink_to(outside)
    (inside / "round").symlink_to(inside)
    (inside / "own").write_text("own")
    (inside / "again").symlink_to("own")
    tree = FolderTree(inside)
    assert tree.listing().paths == ("again", "own")
    assert tree.text("again") == "own"
    assert tree.text("to-file") is None
    assert tree.text("to-folder/secret") is None


def test_pipes_installed_packages_and_version_control_are_left_out(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for folder in (".git", "node_modules", "vendor"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    tree = FolderTree(tmp_path)
    assert tree.listing().paths == ()
    assert tree.text("pipe") is None


def test_a_submodule_is_left_out_as_it_is_where_versions_run(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / ".git").write_text("gitdir: ../.git/modules/lib")
    (tmp_path / "lib" / "server.js").touch()
    (tmp_path / "main.py").touch()
    assert FolderTree(tmp_path).listing().paths == ("main.py",)


def test_a_long_file_is_read_to_its_bound_whatever_bytes_it_has(tmp_path):
    (tmp_path / "long").write_bytes(b"\xff" * (LARGEST_TEXT + 10))
    assert FolderTree(tmp_path).text("long") == "�" * LARGEST_TEXT


def test_more_files_than_are_looked_at_are_cut_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("gonogo.adapters.local.tree.MOST_FILES", 3)
    for number in range(5):
        (tmp_path / str(number)).touch()
    listing = FolderTree(tmp_path).listing()
    assert listing.cut
    assert len(listing.paths) == 3


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="is not a folder"):
        FolderTree(tmp_path / "nowhere").listing()
