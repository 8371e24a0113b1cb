"""`tocsin serve bridge` as an operator starts it, without any hotline: mail stays with its server."""

import json
import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
from pgp_peer import peers

CONFIG = """
network: {name: Example Network, hotline: "+4940808077555"}
trunks: [{name: sip-a, host: 127.0.0.1, lines: 4}]
bridge: {domain: bell.example}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with peers():  # gpg is there
        (tmp_path / "tocsin.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ivr", "--config", str(home / "tocsin.yaml"), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip


def test_it_serves_until_it_is_told_to_stop(home: Path) -> None:
    with start(home, "serve", "bridge") as bridge:
        assert bridge.stderr is not None
        try:
            assert any("the bridge takes mail" in line for line in bridge.stderr)
            folder = home / "bridge"
            assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir() if path.name != "lmtp")
            with smtplib.LMTP(str(folder / "lmtp")) as client, pytest.raises(smtplib.SMTPDataError) as later:
                client.sendmail("a@b.example", ["alerts@bell.example"], b"X: y\r\n\r\n")
            assert later.value.smtp_code == 451
            with start(home, "mail", "keys", "--json") as asked:
                told, _ = asked.communicate(timeout=60)
            keys = json.loads(told)
            assert len(keys["openpgp"]["fingerprint"]) == 40 and "PUBLIC KEY" in keys["openpgp"]["key"]
            assert len(keys["smime"]["fingerprint"]) == 64 and "PRIVATE" not in told
            assert keys["failing"] == []  # of our own; the hotline is away
            bridge.send_signal(signal.SIGTERM)
            assert bridge.wait(60) == 0
        finally:
            bridge.kill()


def test_a_second_one_does_not_run_beside_the_first(home: Path) -> None:
    """Both would send all that is queued, and the second take the socket from the first."""
    with start(home, "serve", "bridge") as bridge:
        assert bridge.stderr is not None
        try:
            assert any("the bridge takes mail" in line for line in bridge.stderr)
            with start(home, "serve", "bridge") as second:
                try:
                    _, said = second.communicate(timeout=60)
                finally:
                    second.kill()
            assert second.returncode == 75 and "stop the one that runs" in said
            with smtplib.LMTP(str(home / "bridge" / "lmtp")) as client:
                assert client.noop()[0] == 250
        finally:
            bridge.kill()


def test_without_a_bridge_in_the_configuration_it_says_so(home: Path) -> None:
    (home / "tocsin.yaml").write_text(CONFIG.partition("bridge")[0], encoding="utf-8")
    with start(home, "serve", "bridge") as done:
        _, said = done.communicate(timeout=60)
    assert done.returncode == 78 and "there is no mail bridge" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do what the owner of a folder cannot undo")
def test_root_does_not_serve_in_the_folder_of_another_user(home: Path) -> None:
    (home / "bridge").mkdir()
    os.chown(home / "bridge", 65534, 65534)
    with start(home, "serve", "bridge") as done:
        _, said = done.communicate(timeout=60)
    assert done.returncode == 77 and "run this as that user" in said
    assert list((home / "bridge").iterdir()) == []
