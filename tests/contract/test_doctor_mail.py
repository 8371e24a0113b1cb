"""`tocsin doctor` looks at all that an alert by mail passes: gate, bridge, keys and mail server, each away in
its turn."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from book import CONFIGURATION
from correspondent import BridgeService
from pgp_peer import peers
from smime_people import Authority, rsa_key
from test_bridge_out import Sink, certificate

from ivr import config
from ivr.adapters.gate.server import GateServer
from ivr.adapters.gpg_look import GpgUnfit
from ivr.cli.doctor_mail import by_mail
from ivr.cli.ill import Ill
from ivr.config import Settings
from ivr.domain.gate import Object
from ivr.pstn.ports import free_ports

BRIDGE = """
bridge: {{domain: bell.example, lmtp: "{lmtp}", smtp: {{host: localhost, port: {smtp}, ca: cert.pem}}}}
"""


def nobody(request: Object) -> Object:
    return {"ok": True, "members": [], "more": False}


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration whose bridge runs, with a mail server; without a hotline."""
    home = tmp_path_factory.mktemp("by mail")
    lmtp, smtp = free_ports(2)
    (home / "state").mkdir()
    key, pem = certificate(home)
    conf = home / "tocsin.yaml"
    conf.write_text(CONFIGURATION + BRIDGE.format(lmtp=lmtp, smtp=smtp), encoding="utf-8")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key)
    server = Controller(Sink(), "127.0.0.1", smtp, tls_context=tls, require_starttls=True)
    bridge = BridgeService(conf)
    with peers():  # gpg is there
        bridge.start()
    server.start()
    try:
        yield conf
    finally:
        server.stop()
        bridge.kill()


@pytest.fixture
def running(install: Path) -> Settings:
    return config.load(install)


def seen(chosen: Settings, name: str) -> str:
    return dict(by_mail(chosen))[name]()


def ill(chosen: Settings, name: str) -> str:
    with pytest.raises((Ill, GpgUnfit)) as found:
        seen(chosen, name)
    return str(found.value)


def altered(chosen: Settings, old: str, new: str) -> Settings:
    """The same install, and something else in its configuration."""
    other = chosen.path.with_name("other.yaml")
    text = chosen.path.read_text(encoding="utf-8")
    assert old in text
    other.write_text(text.replace(old, new), encoding="utf-8")
    return config.load(other)


def test_all_is_well(running: Settings) -> None:
    assert running.gate.socket is not None
    gate = GateServer(running.gate.socket, nobody)
    gate.start()
    try:
        assert "answers; 0 teams" in seen(running, "gate")
    finally:
        gate.stop()
    assert "takes mail at" in seen(running, "bridge") and "the user of the service" in seen(running, "bridge")
    keys = seen(running, "bridge keys")
    assert "OpenPGP" in keys and f"until {datetime.now(UTC).year + 1}" < keys.partition("; S/MIME ")[2][65:]
    assert seen(running, "mail server").endswith("its certificate is good")


def test_without_a_bridge_nothing_is_looked_at(settings: Settings) -> None:
    assert list(by_mail(settings)) == []


def test_a_gate_that_is_not_there_and_one_that_hangs(running: Settings) -> None:
    where = running.gate.socket
    assert where is not None
    assert "does not answer: No such file" in ill(running, "gate") and "tocsin serve" in ill(running, "gate")
    with socket.socket(socket.AF_UNIX) as hangs:
        hangs.bind(str(where))
        hangs.listen()
        assert "timed out" in ill(running, "gate")
    where.unlink()


def test_a_bridge_that_is_not_there_and_one_that_hangs(running: Settings) -> None:
    assert running.bridge is not None
    (port,) = free_ports(1)
    away = altered(running, f'lmtp: "{running.bridge.port}"', f'lmtp: "{port}"')
    assert f"nothing takes mail at {port}" in ill(away, "bridge")
    with socket.socket() as hangs:
        hangs.bind(("127.0.0.1", port))
        hangs.listen()
        assert "tocsin serve bridge" in ill(away, "bridge")
    by_name = altered(running, f'lmtp: "{running.bridge.port}"', "lmtp: lmtp")
    assert "bridge/lmtp" in ill(by_name, "bridge")
    nowhere = altered(running, "domain:", "state: nowhere, domain:")
    assert "is not there" in ill(nowhere, "bridge") and "has no key" in ill(nowhere, "bridge keys")


def test_a_folder_that_is_not_the_bridges_alone(running: Settings) -> None:
    assert running.bridge is not None
    for mode, well in ((0o755, False), (0o770, False), (0o710, True), (0o700, True)):
        running.bridge.state.chmod(mode)
        if well:
            assert seen(running, "bridge")
        else:
            assert "chmod 700" in ill(running, "bridge")


def test_keys_that_end_soon(running: Settings, tmp_path: Path) -> None:
    assert running.bridge is not None
    (tmp_path / "bridge").mkdir()
    shutil.copytree(running.bridge.state / "smime", tmp_path / "bridge/smime")
    soon = altered(running, "domain:", f"state: {tmp_path / 'bridge'}, domain:")
    with peers("bridge") as (peer,):
        fingerprint = peer.make("Example Network <alerts@bell.example>")
        (tmp_path / "bridge/openpgp").symlink_to(peer.home)
        assert fingerprint in seen(soon, "bridge keys")
        peer.gpg("--quick-set-expire", fingerprint, "20d")
        assert f"{fingerprint} expires on" in ill(soon, "bridge keys")
        peer.gpg("--quick-set-expire", fingerprint, "40d")
        person = Authority("x").certify(
            tmp_path / "x", "alerts@bell.example", rsa_key(), end=datetime.now(UTC) + timedelta(days=20)
        )
        shutil.copy(person.pem, tmp_path / "bridge/smime/own.pem")
        shutil.copy(person.key_file, tmp_path / "bridge/smime/own.key")
        assert "the list's certificate ends on" in ill(soon, "bridge keys")
        (tmp_path / "bridge/smime/own.pem").unlink()
        assert "own.pem: cannot be read" in ill(soon, "bridge keys")


def test_a_mail_server_that_is_away_hangs_or_is_another_one(
    running: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert running.bridge is not None and running.bridge.smtp is not None
    (port,) = free_ports(1)
    away = altered(running, f"port: {running.bridge.smtp.port}", f"port: {port}")
    assert "Connection refused" in ill(away, "mail server") and "mail waits" in ill(away, "mail server")
    with socket.socket() as hangs:
        hangs.bind(("127.0.0.1", port))
        hangs.listen()
        assert "timed out" in ill(away, "mail server")
    assert "CERTIFICATE_VERIFY_FAILED" in ill(altered(running, ", ca: cert.pem", ""), "mail server")
    by_sendmail = altered(
        running, f", smtp: {{host: localhost, port: {running.bridge.smtp.port}, ca: cert.pem}}", ""
    )
    monkeypatch.setenv("PATH", "")
    assert "sendmail is not there" in ill(by_sendmail, "mail server")
