"""A file for an operator is there as a whole or not at all, and never in the place of another."""

import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivr.cli.newfile import new_file

LETTER = b"PIN: 94610358\n" * 1000


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """As on a disk that has room for so much more of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_it_is_whole_and_nobody_else_s_to_read(tmp_path: Path) -> None:
    with new_file(tmp_path / "a letter", LETTER):
        assert (tmp_path / "a letter").read_bytes() == LETTER, "before what it says holds"
    assert stat.S_IMODE((tmp_path / "a letter").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a letter"]


@pytest.mark.parametrize("room", [0, 4096])
def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path, room: int) -> None:
    with full_after(room), pytest.raises(OSError, match="too large"), new_file(tmp_path / "a letter", LETTER):
        pytest.fail("what it says must not hold")
    assert names(tmp_path) == []


def test_it_goes_if_what_it_says_does_not_come_to_hold(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_file(tmp_path / "a letter", LETTER):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.parametrize("what", ["file", "link", "dangling link", "folder"])
def test_what_is_there_stays_as_it_is(tmp_path: Path, what: str) -> None:
    taken, other = tmp_path / "a letter", tmp_path / "somebody's"
    if what == "folder":
        taken.mkdir()
    elif what == "file":
        taken.write_bytes(b"mine")
    else:
        taken.symlink_to(other)
    if what == "link":
        other.write_bytes(b"mine")
    before = names(tmp_path)
    with pytest.raises(FileExistsError), new_file(taken, LETTER):
        pytest.fail("written over")
    assert names(tmp_path) == before
    assert what == "folder" or not taken.exists() or taken.read_bytes() == b"mine"
