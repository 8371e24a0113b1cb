"""What SMSCs have taken outlives a kill of the service, until it is on record."""

import resource
from pathlib import Path

import pytest

from ivr.adapters.taken import TakenFile
from ivr.domain.facts import SmsSubmitted

ONE, TWO = SmsSubmitted(1, ("a1", "a2"), "sms-a"), SmsSubmitted(2, (), "sms-b")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sms-taken"


def test_the_next_process_finds_what_was_kept(path: Path) -> None:
    file = TakenFile(path)
    assert file.left() == []
    assert file.keep(ONE, 12.5)
    assert file.keep(TWO, 13.0)
    assert TakenFile(path).left() == [(12.5, ONE), (13.0, TWO)]


def test_it_is_empty_when_all_is_on_record(path: Path) -> None:
    TakenFile(path).keep(ONE, 12.5)
    file = TakenFile(path)
    file.keep(TWO, 13.0)
    file.on_record()
    assert TakenFile(path).left() == [(12.5, ONE), (13.0, TWO)]
    file.on_record()
    assert TakenFile(path).left() == []
    file.keep(TWO, 14.0)
    assert TakenFile(path).left() == [(14.0, TWO)]


@pytest.mark.parametrize("rest", [b"12.5 2 sms", b"12.5 x sms-a\n", b"\xff 1 a\n", b"\n", b"12.5 2\n"])
def test_what_is_no_answer_is_passed_over(path: Path, rest: bytes) -> None:
    TakenFile(path).keep(ONE, 12.5)
    with path.open("r+b") as file:
        file.seek(path.read_bytes().index(b"\0"))
        file.write(rest)
    TakenFile(path).keep(TWO, 13.0)
    assert TakenFile(path).left() == [(12.5, ONE), (13.0, TWO)]


def test_a_file_that_is_full_says_so_until_all_is_on_record(path: Path) -> None:
    file = TakenFile(path, size=100)
    kept = [file.keep(ONE, 12.5) for _ in range(9)]
    assert kept == [True] * 5 + [False] * 4
    assert len(TakenFile(path, size=100).left()) == 5
    for _ in range(6):
        file.on_record()
    assert file.keep(ONE, 12.5)


def test_a_disk_without_room_is_told_at_the_start(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError):
            TakenFile(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
