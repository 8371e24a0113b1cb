"""`tocsin mail`, as operators and a mail server's pipe meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mails import DOMAIN, NOW, Answered, Hotline, context, message

from ivr.bridge.failing import Failing
from ivr.bridge.incoming import Incoming
from ivr.bridge.outgoing import Kind, Outgoing
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeStore
from ivr.bridge.worker import Worker
from ivr.domain.records import FailingKey

CONFIG = f"""
network: {{name: Example Network, hotline: "+4940808077555"}}
trunks: [{{name: sip-a, host: 127.0.0.1, lines: 4}}]
bridge: {{domain: {DOMAIN}, state: the bridge, most-mb: 1}}
"""
ALERTS = f"alerts@{DOMAIN}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "an install"
    (folder / "the bridge").mkdir(parents=True)
    (folder / "tocsin.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def tocsin(home: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivr", "--config", str(home / "tocsin.yaml"), "mail", *words],
        input=given.decode("latin-1"), capture_output=True, encoding="latin-1",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip


def ingest(home: Path, raw: bytes, to: str = ALERTS, sender: str = "b@abc.example") -> int:
    return tocsin(home, "ingest", "--from", sender, to, given=raw).returncode


def parts(home: Path) -> tuple[BridgeStore, Spool]:
    store = BridgeStore(home / "the bridge" / "bridge.db")
    return store, Spool(home / "the bridge" / "spool")


def work(home: Path) -> None:
    """As the process does."""
    store, spool = parts(home)
    Worker(spool, Incoming(store), Hotline(), lambda: context(store.claim), Answered(), lambda: NOW).run()


def test_a_pipe_gets_the_status_that_it_acts_on(home: Path) -> None:
    raw = message().replace(b"\r\n", b"\n")
    assert ingest(home, raw) == 0
    _, spool = parts(home)
    (key,) = spool.waiting()
    assert spool.read(key)[1] == message()
    assert ingest(home, raw, to=f"nobody@{DOMAIN}") == 65
    assert ingest(home, b"x" * 1_000_001) == 65
    (home / "the bridge" / "spool" / "new").rmdir()
    (home / "the bridge" / "spool" / "new").write_text("a file in its place")
    assert ingest(home, raw) == 75 and len(spool.waiting()) == 1
    (home / "tocsin.yaml").write_text(CONFIG.partition("bridge")[0], encoding="utf-8")
    assert ingest(home, raw) == 75


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do what the owner of a folder cannot undo")
def test_root_does_not_work_in_the_folder_of_another_user(home: Path) -> None:
    os.chown(home / "the bridge", 65534, 65534)
    refused = tocsin(home, "list")
    assert (refused.returncode, "run this as that user" in refused.stderr) == (77, True)
    assert ingest(home, message()) == 75
    assert list((home / "the bridge").iterdir()) == []


def test_what_became_of_mail_is_listed_and_never_what_it_says(home: Path) -> None:
    ingest(home, message(b"\r\nzebra\r\n", at=NOW - 1))
    ingest(home, b"From: a@b.example\r\n\r\nzebra")
    spool = parts(home)[1]
    for path in (home / "the bridge/spool/waiting").iterdir():  # as if they had come at that moment
        head, _, raw = path.read_bytes().partition(b"\n")
        path.write_bytes(json.dumps({**json.loads(head), "at": NOW}).encode() + b"\n" + raw)
    assert len(spool.waiting()) == 2
    work(home)
    listed = json.loads(tocsin(home, "list", "--json").stdout)
    assert [(one["state"], one["team"], one["alert"]) for one in listed] == [
        ("accepted", "abc", 1), ("refused", None, None),
    ]  # fmt: skip
    assert listed[1]["reason"] == "not-encrypted" and listed[0]["received_at"].endswith("Z")
    assert json.loads(tocsin(home, "list", "--state", "refused", "--json").stdout) == listed[1:]
    shown = tocsin(home, "show", listed[1]["id"]).stdout
    assert "reason: not-encrypted" in shown and "zebra" not in shown
    assert "not-encrypted" in tocsin(home, "list").stdout
    assert tocsin(home, "show", "nothing").returncode == 1


def test_keys_that_fail_are_named_where_operators_look(home: Path) -> None:
    ingest(home, b"")
    store, _ = parts(home)
    Failing(store).put(
        [FailingKey("A", "xyz", 0, "the key A is revoked"), FailingKey("B", None, 7, "it ends")]
    )
    Failing(store).put(
        [FailingKey("A", "xyz", 0, "the key A is revoked"), FailingKey("C", "abc", 1, "it ends")]
    )
    listed = tocsin(home, "list", "--json")
    assert len(json.loads(listed.stdout)) == 0
    assert "xyz: its key for mail cannot be used any more: the key A is revoked" in listed.stderr
    assert "abc: its key for mail fails within 1 day: it ends" in listed.stderr and "B" not in listed.stderr


def test_the_database_of_the_version_before_is_brought_up(home: Path) -> None:
    ingest(home, b"")
    store, _ = parts(home)
    with store.write() as db:
        db.execute("DROP TABLE failing")
        db.execute("PRAGMA user_version = 1")
    store.make()
    assert Failing(store).all() == []


def test_a_refused_mail_is_judged_anew(home: Path) -> None:
    ingest(home, b"From: a@b.example\r\n\r\nzebra")
    work(home)
    store, spool = parts(home)
    (entry,) = Incoming(store).all()
    assert tocsin(home, "retry", entry.id).returncode == 0
    assert spool.waiting() == [entry.id] and Incoming(store).all("waiting")
    assert tocsin(home, "retry", entry.id).returncode == 1
    work(home)
    spool.sweep(9e9)
    gone = tocsin(home, "retry", entry.id)
    assert gone.returncode == 1 and "no longer kept" in gone.stderr


def test_the_queue(home: Path) -> None:
    ingest(home, b"")
    outgoing = Outgoing(parts(home)[0])
    outgoing.add(Kind.ALERT, "17", 17, "xyz", "cert@xyz.example", b"zebra", NOW)
    outgoing.add_failed(Kind.ALERT, "18", 18, "xyz", "cert@xyz.example", "its key has expired", NOW)
    (line,) = json.loads(tocsin(home, "queue", "--alert", "18", "--json").stdout)
    assert (line["state"], line["reason"], line["sent_at"]) == ("failed", "its key has expired", None)
    shown = tocsin(home, "queue", "--state", "queued").stdout
    assert "cert@xyz.example" in shown and "zebra" not in shown and "expired" not in shown


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (f"domain: {DOMAIN}", "domain: no domain", "domain: 'alerts@no domain' is no mail address"),
        ("most-mb: 1", "most-mb: 0", "most-mb: must be between 1 and 100"),
        ("most-mb: 1", "keep-days: 7", "keep-days: must be between 8 and 3650"),
        ("most-mb: 1", "lmtp: a/b", "lmtp: must be a port"),
        ("most-mb: 1", 'lmtp: "99999"', "lmtp: must be a port"),
        (
            "most-mb: 1",
            "smtp: {host: mail.example, starttls: false}",
            "starttls: false is for a server on this",
        ),
    ],
)
def test_the_configuration_is_checked(home: Path, old: str, new: str, complaint: str) -> None:
    (home / "tocsin.yaml").write_text(CONFIG.replace(old, new), encoding="utf-8")
    done = tocsin(home, "list")
    assert done.returncode == 78 and complaint in done.stderr
