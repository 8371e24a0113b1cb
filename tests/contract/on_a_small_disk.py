"""A disk that is really full. Run by test_disk_full.py, in a mount namespace where we may mount one."""

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from book import CALLED, CONFIGURATION, NUMBERS, TEAMS, Book, speak

from ivr import bootstrap, config
from ivr.adapters.reserve import FileReserve
from ivr.adapters.store import SqlStore, migrate
from ivr.cli import main
from ivr.cli.output import Exit
from ivr.config import Settings
from ivr.domain.facts import AlertRecorded, CallCameIn, SmsSubmitted
from ivr.domain.records import Account, DeliveryState, Enrolment, EnrolState, Source, Team
from ivr.ports import DiskFull
from ivr.services.keeper import Keeper
from ivr.services.ledger import Ledger

DISK = 40 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 40 MiB."""
    folder = tmp_path / "a small disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tocsin", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def settings(disk: Path) -> Settings:
    file = disk / "tocsin.yaml"
    file.write_text(CONFIGURATION + "disk_reserve_mb: 8\n", encoding="utf-8")
    return config.load(file)


@pytest.fixture
def reserve(settings: Settings) -> FileReserve:
    settings.state.mkdir()
    found = bootstrap.reserve(settings)
    assert found is not None
    assert found.renew()
    return found


@pytest.fixture
def store(settings: Settings, reserve: FileReserve) -> Iterator[SqlStore]:
    opened = bootstrap.open_store(settings)
    migrate.upgrade(opened)
    with opened.write() as tx:
        tx.put(*TEAMS)
        tx.put(*NUMBERS)
    yield opened
    opened.close()


def fill(disk: Path, but: int = 0) -> Path:
    """Let somebody else's file take all that is free, but so many octets."""
    ballast = disk / "somebody's"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    if but:
        os.truncate(ballast, ballast.stat().st_size - but)
    assert shutil.disk_usage(disk).free == but
    return ballast


def test_facts_go_on_record_while_the_reserve_lasts(book: Book, disk: Path, reserve: FileReserve) -> None:
    alert = book.raises()
    calls = {team: book.rings(team, alert) for team in CALLED}
    fill(disk)
    for team, call in calls.items():
        book.answers(call)
        book.presses_1(call, alert, team)
        book.hangs_up(call)
    assert set(book.states(alert).values()) == {DeliveryState.ACKNOWLEDGED}
    assert reserve.is_given_up
    for n in range(500):  # more than SQLite writes before it uses the room of its log again
        book.apply(CallCameIn(f"caller-{n}", "sip-a"))
        book.hangs_up(f"caller-{n}")


def test_so_do_many_that_come_together(book: Book, disk: Path, reserve: FileReserve) -> None:
    fill(disk)
    done = book.ledger.apply_together([CallCameIn(f"caller-{n}", "sip-a") for n in range(500)])
    assert None not in done
    assert reserve.is_given_up


def test_without_a_reserve_they_do_not(book: Book, disk: Path, reserve: FileReserve) -> None:
    """What makes the test above one of the reserve."""
    alert = book.raises()
    reserve.give_up()
    fill(disk)
    with pytest.raises(DiskFull, match="cannot write to its disk: database or disk is full"):
        book.acknowledges(alert, "def-cert")


def test_a_service_that_starts_on_a_full_disk_works(
    settings: Settings, store: SqlStore, disk: Path, reserve: FileReserve
) -> None:
    """The first to connect needs room for SQLite's own files, even to read."""
    store.close()
    fill(disk)
    fresh = bootstrap.open_store(settings)
    with pytest.raises(DiskFull), fresh.read() as tx:
        tx.find(Team)
    with fresh.read() as tx:
        assert len(tx.find(Team)) == len(TEAMS)
    with fresh.write() as tx:
        tx.put(Team("new-cert", "NEW-CERT"))
    fresh.close()


def test_what_smscs_have_taken_waits_for_the_store(settings: Settings, disk: Path) -> None:
    fill(disk)
    taken = bootstrap.taken(settings)
    assert taken.left() == []
    assert not taken.keep(SmsSubmitted(1, ("m1",), "a"), 12.5)
    taken.on_record()


def test_a_recording_that_was_made_is_kept(book: Book, disk: Path, reserve: FileReserve) -> None:
    """Its checksum is a file of its own."""
    take = speak(disk / "recordings/incoming/take.wav", 2.0)
    fill(disk)
    recorded = book.apply(AlertRecorded("abc-cert", "40712", Source.HOTLINE, str(take), 2.0, "f" * 64))
    assert recorded.alert is not None
    kept = disk / "recordings" / recorded.alert.audio
    assert kept.read_bytes() == take.read_bytes()
    assert kept.with_name(f"{kept.name}.sha256").stat().st_size > 64
    assert reserve.is_given_up


def test_no_recording_is_taken_where_it_could_reach_the_reserve(
    settings: Settings, store: SqlStore, ledger: Ledger, disk: Path, reserve: FileReserve
) -> None:
    desk = bootstrap.desk(settings, store, ledger)
    longest = settings.audio.longest_s * 16_000
    one = -(-(reserve.size + longest) // 4096) * 4096
    ballast = fill(disk, but=one)
    assert desk.may_record()
    os.truncate(ballast, ballast.stat().st_size + 4096)
    fill(disk, but=one - 4096)
    assert not desk.may_record()


def test_recordings_that_are_being_made_count(
    settings: Settings, store: SqlStore, ledger: Ledger, disk: Path, reserve: FileReserve
) -> None:
    desk = bootstrap.desk(settings, store, ledger)
    fill(disk, but=reserve.size + 2 * 2**20)
    assert desk.may_record()
    desk.new_recording(Account("40712", "abc-cert"))
    assert not desk.may_record()


def test_once_it_is_given_up_nothing_is_recorded_and_operators_are_told_until_there_is_room_twice(
    settings: Settings,
    book: Book,
    ledger: Ledger,
    disk: Path,
    reserve: FileReserve,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "ivr")
    desk = bootstrap.desk(settings, book.store, ledger)
    alert = book.raises()
    ballast = fill(disk)
    book.acknowledges(alert, "def-cert")
    assert not desk.may_record()

    async def looks() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(Keeper(reserve, ledger).run(), 0.5)

    asyncio.run(looks())
    assert [line for line in book.journal() if "disk" in line] == ["disk full"]
    assert "no new recordings are taken" in caplog.text

    os.truncate(ballast, ballast.stat().st_size - reserve.size)
    assert not reserve.renew(), "room for it, but not twice"
    assert not desk.may_record()
    os.truncate(ballast, ballast.stat().st_size - reserve.size - 2**20)
    assert reserve.renew()
    assert desk.may_record()


def test_a_letter_that_does_not_fit_issues_nothing_and_is_not_there(
    store: SqlStore, disk: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a stick that is full; the database is somewhere else."""
    with store.write() as tx:
        tx.put(Enrolment("xyz-cert", EnrolState.CERTIFIED))
    stick = tmp_path / "a stick"
    stick.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tocsin", stick], check=True)
    (stick / "somebody's").write_bytes(bytes(8192))
    enrol = ["--config", str(settings.path), "team", "enrol", "xyz-cert", "--issue", "--clear"]
    assert main([*enrol, str(stick / "letter.txt")]) == Exit.AGAIN
    assert "No space left on device" in capsys.readouterr().err
    assert [path.name for path in stick.iterdir()] == ["somebody's"]
    with store.read() as tx:
        assert tx.find(Account) == []
    assert main([*enrol, str(tmp_path / "letter.txt")]) == Exit.DONE
    subprocess.run(["umount", "-l", stick], check=True)
