"""`tocsin doctor` looks at gpg, our key and the verification words before a team waits for its letter."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_enrolment import Key, enrolled, home, homes, key, store, tocsin

from ivr.adapters.gpg_look import look
from ivr.adapters.store import SqlStore
from ivr.cli import main
from ivr.domain.records import VerificationWord

__all__ = ["home", "homes", "key", "store"]


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder of programs; it holds links to gpg and its kin, and no sendmail."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("gpg", "gpg-agent", "gpgconf"):
        found = subprocess.run(["which", name], capture_output=True, text=True).stdout.strip()
        (programs / name).symlink_to(found or "/nonexistent")
    monkeypatch.setenv("PATH", str(programs))
    yield programs


def checked(home: Path, name: str, capsys: pytest.CaptureFixture[str]) -> tuple[bool, str]:
    capsys.readouterr()
    main(["--config", str(home / "tocsin.yaml"), "doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    return checks[name]["ok"], checks[name]["detail"]


def test_before_the_first_letter_and_after_it(
    home: Path, key: Key, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = home / "secrets/openpgp"
    well, detail = checked(home, "letters", capsys)
    assert well and "gpg 2." in detail and "is made with the first letter" in detail
    assert "from hotline@bell.example, to a file (--eml): sendmail is not there" in detail
    assert not ring.exists(), "looking makes nothing"

    enrolled(home, key)
    tocsin(home, "enrol", "xyz", "--issue", "--eml", str(home / "letter.eml"))
    (path / "sendmail").symlink_to("/bin/true")
    well, detail = checked(home, "letters", capsys)
    own = look(ring)[1]
    assert own and own != key.fingerprint
    assert well and f"our key is {own}" in detail and "by sendmail" in detail


def test_without_an_address_to_send_from_it_says_what_to_name(
    home: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "tocsin.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(", mail: hotline@bell.example", ""))
    well, detail = checked(home, "letters", capsys)
    assert well and "name one in network.mail" in detail


def test_without_gpg_doctor_and_enrolment_say_what_to_install(
    home: Path, key: Key, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(home, key)
    for program in path.iterdir():
        program.unlink()
    assert checked(home, "letters", capsys) == (False, "gpg is not there; apt install gnupg")
    assert tocsin(home, "enrol", "xyz", "--issue", "--eml", str(home / "letter.eml")) == 1
    assert "apt install gnupg" in capsys.readouterr().err
    assert not (home / "letter.eml").exists()


def test_a_gpg_that_cannot_make_our_key_is_refused(
    home: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path / "gpg").unlink()
    (path / "gpg").write_text("#!/bin/sh\necho cfg:version:1.4.23\n")
    (path / "gpg").chmod(0o755)
    well, detail = checked(home, "letters", capsys)
    assert not well and "gpg 1.4.23 is too old" in detail


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_ring_that_is_somebody_else_s_is_told(
    home: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(home, key)
    ring = home / "secrets/openpgp"
    ring.chmod(0o500)
    well, detail = checked(home, "letters", capsys)
    ring.chmod(0o700)
    assert not well and f"{ring}: cannot be used" in detail


@pytest.mark.parametrize(("left", "well"), [(11, True), (10, True), (1, True), (0, False)])
def test_words_that_run_out_are_named_with_the_team(
    home: Path, store: SqlStore, left: int, well: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.write() as tx:
        tx.put(*(VerificationWord("xyz", n, f"w{n}", None if n <= left else "a call") for n in range(1, 51)))
    found, detail = checked(home, "teams", capsys)
    assert found is well
    assert (f"xyz has {left or 'no'} verification words left" in detail) is (left <= 10)
    assert ("tocsin team enrol xyz --words" in detail) is (left <= 10)
