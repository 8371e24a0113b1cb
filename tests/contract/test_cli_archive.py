"""`tocsin archive`, `alert export` and `alert audio --verify`, as scripts meet them."""

import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_cli import TEAMS, answer, environment, raised, sound, tocsin

from ivr import bootstrap, config
from ivr.adapters.store import SqlStore
from ivr.services import seals


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An install with three teams and three alerts: withdrawn, closed with nobody reached, draft."""
    folder = tmp_path_factory.mktemp("an archive")
    assert tocsin(folder, "init").returncode == 0
    (folder / "teams.yaml").write_text(TEAMS, encoding="utf-8")
    assert tocsin(folder, "team", "import", "teams.yaml").returncode == 0
    wav = sound(folder / "warning.wav")
    answer(folder, "alert", "withdraw", str(raised(folder, wav, "--release")))
    closing_one = raised(folder, wav, "--release")
    for team in ("xyz", "def"):
        assert tocsin(folder, "delivery", "skip", str(closing_one), team).returncode == 0
    raised(folder, wav)
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "an install")


@pytest.fixture
def opened_store(home: Path) -> Iterator[SqlStore]:
    opened = bootstrap.open_store(config.load(home / "config/tocsin.yaml"))
    yield opened
    opened.close()


def age(home: Path, days: int) -> None:
    """As if everything had happened so long ago."""
    with closing(sqlite3.connect(home / "state/tocsin.db")) as database:
        for column in ("recorded_at", "closed_at"):
            database.execute(f"UPDATE alert SET {column} = {column} - ?", (days * 86_400,))  # noqa: S608
        database.commit()


def tamper(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)


def test_a_recording_is_the_one_that_was_kept_or_what_is_wrong_is_said(home: Path) -> None:
    path = home / "recordings/1.wav"
    good = answer(home, "alert", "audio", "1", "--verify")
    assert (good["condition"], good["path"]) == ("intact", str(path))
    tamper(path)
    assert answer(home, "alert", "audio", "1", "--verify", code=1)["condition"] == "changed"
    assert Path(answer(home, "alert", "audio", "1")["path"]) == path
    path.unlink()
    gone = tocsin(home, "alert", "audio", "1", "--verify")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == "tocsin: the recording of alert 1 is gone; look for it in the backups\n"
    assert tocsin(home, "alert", "audio", "1").returncode == 1


def test_verify_looks_at_journal_and_recordings(home: Path, opened_store: SqlStore) -> None:
    seals.seal(opened_store, time.time())
    good = answer(home, "archive", "verify")
    assert good["ok"] and good["journal"]["sealed"] > 5 and good["recordings"]["intact"] == 3
    chain = good["journal"]["chain"]
    assert answer(home, "archive", "verify", "--has", chain)["journal"]["has"] is True
    assert answer(home, "archive", "verify", "--has", "0" * 64, code=1)["journal"]["has"] is False

    tamper(home / "recordings/2.wav")
    (home / "recordings/3.wav").unlink()
    with closing(sqlite3.connect(home / "state/tocsin.db")) as database:
        database.execute("UPDATE journal SET detail = 'nothing' WHERE what = 'alert withdrawn'")
        database.commit()
    bad = answer(home, "archive", "verify", code=1)
    assert bad["recordings"] == {
        "intact": 1,
        "erased": 0,
        "copy-changed": [],
        "changed": [2],
        "missing": [3],
    }
    assert bad["journal"]["broken"] == [{"first": 1, "last": good["journal"]["sealed"]}]
    said = tocsin(home, "archive", "verify")
    assert said.returncode == 1
    assert "alert 2 is not the one that was kept" in said.stderr and "alert 3 is gone" in said.stderr
    assert "the journal was changed somewhere in its lines 1 to" in said.stderr


def test_what_callees_hear_is_verified_too(home: Path) -> None:
    assert (home / "recordings/1-level.wav").exists()
    sound(home / "recordings/2-level.wav", seconds=1.0)
    assert answer(home, "alert", "audio", "1", "--verify")["condition"] == "intact"
    found = tocsin(home, "alert", "audio", "2", "--verify")
    assert (found.returncode, "remove that (...-level.wav)" in found.stderr) == (1, True)
    assert Path(answer(home, "alert", "audio", "2")["path"]) == home / "recordings/2.wav"
    bad = answer(home, "archive", "verify", code=1)
    assert (bad["recordings"]["copy-changed"], bad["recordings"]["changed"]) == ([2], [])
    assert "alert 2 is the one that was kept, but its copy" in tocsin(home, "archive", "verify").stderr


def test_no_link_in_the_place_of_a_recording_is_followed_into_an_export(home: Path, tmp_path: Path) -> None:
    secret = home / "config/secrets/ami"
    path = home / "recordings/1.wav"
    path.unlink()
    path.symlink_to(secret)
    assert answer(home, "alert", "audio", "1", "--verify", code=1)["condition"] == "changed"
    assert tocsin(home, "alert", "audio", "1").stdout == ""
    assert tocsin(home, "alert", "export", "1", str(tmp_path / "out")).returncode == 1
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "SHA256SUMS",
        "alert.json",
        "journal.jsonl",
    ]


def test_an_export_over_a_link_that_leads_nowhere_makes_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    refused = tocsin(home, "alert", "export", "1", str(tmp_path / "out"))
    assert (refused.returncode, "name a new folder" in refused.stderr) == (1, True)
    assert [p.name for p in tmp_path.iterdir() if p.name != "an install"] == ["out"]


def test_erase_takes_what_ended_before_a_day(home: Path) -> None:
    today = datetime.now(UTC).date()
    assert answer(home, "archive", "erase", "--before", str(today))["alerts"] == []
    age(home, 10)
    before = str(today - timedelta(days=5))
    assert answer(home, "archive", "erase", "--before", before, "--dry-run") == {
        "alerts": [1, 2, 3],
        "erased": False,
    }
    assert (home / "recordings/2.wav").exists()
    assert answer(home, "archive", "erase", "--before", before)["alerts"] == [1, 2, 3]
    assert [a["state"] for a in answer(home, "alert", "list")] == ["withdrawn", "closed", "withdrawn"]
    assert answer(home, "archive", "verify")["recordings"]["erased"] == 3
    assert not list((home / "recordings").glob("*.wav*"))
    erased = tocsin(home, "alert", "audio", "2")
    assert (erased.returncode, "is erased" in erased.stderr) == (1, True)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("tomorrow", "'tomorrow' is no day, such as 2026-01-31"),
        ("2026-02-30", "'2026-02-30' is no day"),
        ("2999-01-01", "2999-01-01 lies ahead"),
    ],
)
def test_a_day_that_is_none_or_lies_ahead_is_refused(day: str, why: str, home: Path) -> None:
    done = tocsin(home, "archive", "erase", "--before", day)
    assert (done.returncode, why in done.stderr) == (2, True)


def test_an_export_holds_everything_and_its_checksums_are_right(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "for the police"
    assert tocsin(home, "alert", "export", "2", str(out)).returncode == 0
    assert sorted(p.name for p in out.iterdir()) == ["2.wav", "SHA256SUMS", "alert.json", "journal.jsonl"]
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out).returncode == 0
    assert json.loads((out / "alert.json").read_text()) == answer(home, "alert", "show", "2")
    lines = [json.loads(line) for line in (out / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["alert"] for line in lines} == {2}
    assert [line["what"] for line in lines][:2] == ["alert recorded", "alert released"]
    assert (out / "2.wav").read_bytes() == (home / "warning.wav").read_bytes()
    assert out.stat().st_mode & 0o077 == 0
    again = tocsin(home, "alert", "export", "2", str(out))
    assert (again.returncode, "name a new folder" in again.stderr) == (1, True)


def test_an_export_goes_through_a_pipe_as_a_tar(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ivr", "alert", "export", "2", "-"],
        cwd=home, capture_output=True, env=environment(),
    )  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        assert tar.getnames() == [
            f"alert-2/{n}" for n in ("alert.json", "journal.jsonl", "2.wav", "SHA256SUMS")
        ]
        kept = tar.extractfile("alert-2/2.wav")
        assert kept is not None and kept.read() == (home / "warning.wav").read_bytes()


def test_what_is_left_of_an_alert_can_be_exported(home: Path, tmp_path: Path) -> None:
    tamper(home / "recordings/1.wav")
    assert tocsin(home, "alert", "export", "1", str(tmp_path / "one")).returncode == 1
    age(home, 10)
    assert tocsin(home, "archive", "erase", "--before", str(datetime.now(UTC).date())).returncode == 0
    assert tocsin(home, "alert", "export", "1", str(tmp_path / "two")).returncode == 0
    assert not (tmp_path / "two/1.wav").exists()
    assert tocsin(home, "alert", "export", "99", str(tmp_path / "three")).returncode == 1
    assert not (tmp_path / "three").exists()
