"""A team is led into the network by the shell, with a real gpg at both ends."""

import email
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gnupg
import pyotp
import pytest

from ivr import bootstrap, config
from ivr.adapters.pgp.ring import KeyRing
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore, migrate
from ivr.adapters.totp import Codes
from ivr.cli import main
from ivr.domain.budget import Login
from ivr.domain.records import Account, Budget, ListenPin, Number, Team, VerificationWord
from ivr.domain.words import ISSUED
from ivr.services.door import Door

CONFIG = """
network: {name: Example Network, hotline: "+4940808077555", mail: hotline@bell.example}
trunks: [{name: sip-a, host: 127.0.0.1, lines: 4}]
"""
MAIL = "team@cert.example"


@dataclass
class Key:
    gpg: gnupg.GPG
    fingerprint: str
    file: Path


def make_key(home: Path, name: str = "team", **more: object) -> Key:
    if shutil.which("gpg") is None:  # a peer that is missing must not look like one that agreed
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs gpg: apt install gnupg")
    gpg = gnupg.GPG(gnupghome=str(home))
    made = gpg.gen_key(
        gpg.gen_key_input(
            key_type="EDDSA", key_curve="ed25519", subkey_type="ECDH", subkey_curve="cv25519",
            name_real=name, name_email=MAIL, no_protection=True, **{"expire_date": 0, **more},
        )
    )  # fmt: skip
    file = home / "key.asc"
    file.write_text(gpg.export_keys(made.fingerprint))
    return Key(gpg, made.fingerprint, file)


@pytest.fixture(scope="module")
def homes() -> Iterator[Path]:
    """Short paths: gpg's agent has its socket there."""
    folder = Path(tempfile.mkdtemp(prefix="gpg-"))
    yield folder
    for home in folder.iterdir():
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"])
    shutil.rmtree(folder, ignore_errors=True)


def fresh(homes: Path, name: str) -> Path:
    home = homes / name
    home.mkdir(mode=0o700)
    return home


@pytest.fixture(scope="module")
def key(homes: Path) -> Key:
    return make_key(fresh(homes, "team"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An install with one team; its path has a space, and is longer than a socket's may be."""
    folder = tmp_path / ("an install " + "x" * 60)
    folder.mkdir()
    (folder / "tocsin.yaml").write_text(CONFIG, encoding="utf-8")
    store = bootstrap.open_store(config.load(folder / "tocsin.yaml"))
    migrate.upgrade(store)
    with store.write() as tx:
        tx.put(Team("xyz", "XYZ-CERT"))
        tx.put(Number("xyz", 0, "+4940100004"), Number("xyz", 1, "+4917100004", sms=True))
    store.close()
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[SqlStore]:
    opened = bootstrap.open_store(config.load(home / "tocsin.yaml"))
    yield opened
    opened.close()


def tocsin(home: Path, *words: str) -> int:
    return main(["--config", str(home / "tocsin.yaml"), "team", *words])


def enrolled(home: Path, key: Key) -> None:
    steps = ["--policy-accepted", "--contact", MAIL, "--key", str(key.file), "--fingerprint", key.fingerprint]
    assert tocsin(home, "enrol", "xyz", *steps) == 0


def opened(key: Key, file: Path) -> tuple[str, str | None]:
    """What a team reads in a letter, and whose valid signature it bears."""
    message = email.message_from_bytes(file.read_bytes())
    assert message.get_content_type() == "multipart/encrypted"
    assert message.get_param("protocol") == "application/pgp-encrypted"
    version, sealed = message.get_payload()
    assert version.get_payload().strip() == "Version: 1"
    clear = key.gpg.decrypt(sealed.get_payload(), always_trust=True)
    assert clear.ok, clear.status
    text = email.message_from_bytes(clear.data).get_payload(decode=True).decode()
    return text.replace("\r\n", "\n"), clear.fingerprint if clear.valid else None


def access(text: str) -> tuple[str, str]:
    """UID and PIN of a letter."""
    uid, pin = (re.search(rf"{what}: +(\d+)$", text, re.M) for what in ("UID", "PIN"))
    assert uid is not None
    assert pin is not None
    return uid[1], pin[1]


def knock(home: Path, store: SqlStore, uid: str, pin: str, code: str = "") -> Login:
    settings = config.load(home / "tocsin.yaml")
    book = bootstrap.ledger(settings, store, bootstrap.clock(store))
    return Door(store, book, Pins(), Codes()).knock("c1", uid, pin, code, 0).login


def test_step_by_step_to_a_letter_that_its_team_alone_can_read(
    home: Path, key: Key, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tocsin(home, "enrol", "xyz", "--issue", "--eml", str(home / "a.eml")) == 1
    assert "first: --policy-accepted" in capsys.readouterr().err
    enrolled(home, key)
    letter = home / "letter.eml"
    capsys.readouterr()
    assert tocsin(home, "enrol", "xyz", "--issue", "--eml", str(letter), "--json") == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["state"], told["mail"], told["fingerprint"]) == ("issued", MAIL, key.fingerprint)
    assert stat.S_IMODE(letter.stat().st_mode) == 0o600

    with KeyRing(home / "secrets/openpgp", "Example Network hotline", "hotline@bell.example") as ring:
        own = ring.public(ring.own)
    key.gpg.import_keys(own)
    text, signer = opened(key, letter)
    assert signer is not None
    assert signer in {k["fingerprint"] for k in key.gpg.scan_keys_mem(own)}
    uid, pin = access(text)
    assert uid == told["uid"]
    assert pin not in out + err
    assert pin.encode() not in letter.read_bytes()
    assert knock(home, store, uid, pin) is Login.IN
    with store.read() as tx:
        words = tx.find(VerificationWord, team="xyz")
    assert len(words) == ISSUED
    assert all(f"{w.n:3}  {w.word}" in text for w in words)


def test_a_second_letter_brings_another_account_and_the_words_that_are_left(
    home: Path, key: Key, store: SqlStore
) -> None:
    enrolled(home, key)
    letters = [home / "1.eml", home / "2.eml"]
    assert tocsin(home, "enrol", "xyz", "--issue", "--eml", str(letters[0])) == 0
    with store.write() as tx:
        tx.put(VerificationWord("xyz", 1, tx.find(VerificationWord, team="xyz")[0].word, "a call"))
        before = [w.word for w in tx.find(VerificationWord, team="xyz", call=None)]
    assert tocsin(home, "enrol", "xyz", "--issue", "--eml", str(letters[1])) == 0
    first, second = (opened(key, letter)[0] for letter in letters)
    assert access(first)[0] != access(second)[0]
    assert all(word in second for word in before)
    assert "  1  " not in second
    assert tocsin(home, "enrol", "xyz", "--words", "--eml", str(home / "3.eml")) == 0
    third, _ = opened(key, home / "3.eml")
    assert "PIN:" not in third
    with store.read() as tx:
        assert len(tx.find(Account)) == 2
        after = [w.word for w in tx.find(VerificationWord, team="xyz")]
    assert after[:10] != before[:10]
    assert all(word in third for word in after)


def test_an_account_with_one_time_codes(home: Path, key: Key, store: SqlStore) -> None:
    enrolled(home, key)
    assert tocsin(home, "enrol", "xyz", "--issue", "--codes", "--clear", str(home / "letter.txt")) == 0
    text = (home / "letter.txt").read_text()
    assert stat.S_IMODE((home / "letter.txt").stat().st_mode) == 0o600
    uid, pin = access(text)
    (uri,) = re.findall(r"otpauth://\S+", text)
    assert f"Example%20Network:{uid}?" in uri
    assert knock(home, store, uid, pin) is Login.WRONG
    assert knock(home, store, uid, pin, pyotp.parse_uri(uri).now()) is Login.IN
    assert tocsin(home, "totp", uid, "--off") == 0
    assert knock(home, store, uid, pin) is Login.IN


@pytest.mark.parametrize("how", ["another", "expired"])
def test_a_key_that_must_not_be_used_is_refused(
    home: Path, key: Key, homes: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = key if how == "another" else make_key(fresh(homes, "old"), expire_date="seconds=1")
    while how == "expired" and given.gpg.list_keys()[0]["trust"] != "e":
        time.sleep(0.3)
    fingerprint = "0" * 40 if how == "another" else given.fingerprint
    tocsin(home, "enrol", "xyz", "--policy-accepted", "--contact", MAIL)
    assert tocsin(home, "enrol", "xyz", "--key", str(given.file), "--fingerprint", fingerprint) == 1
    assert ("no key with the fingerprint" if how == "another" else "expired") in capsys.readouterr().err


def test_a_letter_that_cannot_be_sealed_leaves_no_account_behind(
    home: Path, key: Key, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(home, key)
    ring = home / "secrets/openpgp"
    gpg = gnupg.GPG(gnupghome=str(ring))  # no agent is needed for this
    assert gpg.delete_keys(key.fingerprint).status == "ok"
    assert tocsin(home, "enrol", "xyz", "--issue", "--eml", str(home / "letter.eml")) == 1
    assert "certify it again" in capsys.readouterr().err
    taken = home / "taken.txt"
    taken.write_text("mine")
    assert tocsin(home, "enrol", "xyz", "--issue", "--clear", str(taken)) == 1
    assert taken.read_text() == "mine"
    with store.read() as tx:
        assert (tx.find(Account), tx.find(VerificationWord)) == ([], [])


def test_sendmail_gets_the_letter(
    home: Path, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(home, key)
    fake = tmp_path / "bin" / "sendmail"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/asked"; cat > "{tmp_path}/letter.eml"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    assert tocsin(home, "enrol", "xyz", "--issue", "--send") == 0
    assert (tmp_path / "asked").read_text().split() == ["-oi", "-f", "hotline@bell.example", "--", MAIL]
    assert "Hotline:  +4940808077555" in opened(key, tmp_path / "letter.eml")[0]


@pytest.mark.parametrize("what", ["--issue", "--words"])
def test_a_letter_that_is_not_sent_holds_and_what_to_do_is_said(
    home: Path, key: Key, store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    enrolled(home, key)
    fake = tmp_path / "bin" / "sendmail"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'queue full' >&2; exit 75\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    capsys.readouterr()
    assert tocsin(home, "enrol", "xyz", what, "--send") == 69
    said = capsys.readouterr().err
    assert "queue full; the letter is lost" in said and "write another one" in said
    with store.read() as tx:
        assert len(tx.find(VerificationWord, team="xyz")) == ISSUED
        accounts = [f"tocsin team remove --uid {account.uid}\n" for account in tx.find(Account)]
    assert [said[-len(end) :] for end in accounts] == accounts
    assert len(accounts) == (what == "--issue")


def test_show_tells_how_a_team_gets_in_and_no_secret(
    home: Path, key: Key, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(*options: str) -> str:
        capsys.readouterr()
        assert tocsin(home, "show", "xyz", *options) == 0
        return "".join(capsys.readouterr())

    before = json.loads(shown("--json"))
    assert (before["enrolment"], before["words_left"], before["accounts"]) == (None, None, [])
    assert "enrolment: none, entered by operators" in shown()

    enrolled(home, key)
    assert json.loads(shown("--json"))["enrolment"] == "certified"
    tocsin(home, "enrol", "xyz", "--issue", "--codes", "--clear", str(home / "letter.txt"))
    uid, pin = access((home / "letter.txt").read_text())
    tocsin(home, "callback", uid, "+4917100004")
    tocsin(home, "suspend", "xyz")
    with store.write() as tx:
        words = [word.word for word in tx.find(VerificationWord)]
        tx.put(*(VerificationWord("xyz", n, word, "a call") for n, word in enumerate(words[:40], 1)))
        (account,) = tx.find(Account)
        tx.put(ListenPin("xyz", "$argon2id$of-the-team"))
    told = json.loads(shown("--json"))
    assert (told["enrolment"], told["suspended"], told["listen_pin"]) == ("issued", True, True)
    assert told["words_left"] == 10
    assert told["accounts"] == [{"uid": uid, "pin": True, "totp": True, "callback": "+4917100004"}]
    said = shown()
    assert re.search(rf"^{uid} +issued +yes +\+4917100004$", said, re.M)
    lines = ("suspended: yes", "enrolment: issued", "verification words left: 10", "listening PIN: issued")
    assert not [line for line in lines if f"{line}\n" not in said]
    assert "tocsin team enrol xyz --words" in said
    assert "tocsin team suspend xyz --undo" in said
    secrets = [pin, account.totp, account.pin_hash, "$argon2id$of-the-team", *words]
    assert not [secret for secret in secrets if secret and secret in said + shown("--json")]


def test_what_operators_do_to_those_who_are_in(
    home: Path, key: Key, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(home, key)
    tocsin(home, "enrol", "xyz", "--issue", "--clear", str(home / "letter.txt"))
    uid, pin = access((home / "letter.txt").read_text())
    with store.write() as tx:
        tx.put(Budget(uid, 4e9), Budget("network", 4e9))
    assert knock(home, store, uid, pin) is Login.HELD
    assert tocsin(home, "unlock", uid) == tocsin(home, "unlock", "--network") == 0
    assert knock(home, store, uid, pin) is Login.IN
    assert tocsin(home, "suspend", "xyz") == 0
    assert knock(home, store, uid, pin) is Login.WRONG
    assert tocsin(home, "suspend", "xyz", "--undo") == 0
    assert knock(home, store, uid, pin) is Login.IN
    assert tocsin(home, "callback", uid, "+4917100004") == 0
    assert tocsin(home, "callback", uid, "+4917199999") == 1
    with store.read() as tx:
        assert [a.callback for a in tx.find(Account)] == ["+4917100004"]
    assert tocsin(home, "remove", "--uid", uid) == 0
    assert knock(home, store, uid, pin) is Login.WRONG
    with store.write() as tx:
        tx.put(ListenPin("xyz", "of another, should one have its id some day"))
    assert tocsin(home, "remove", "xyz") == 0
    with store.read() as tx:
        left = [tx.find(kind) for kind in (Team, Number, VerificationWord, ListenPin)]
    assert left == [[], [], [], []]
    assert tocsin(home, "remove", "xyz") == 1
    assert "there is no team xyz" in capsys.readouterr().err
