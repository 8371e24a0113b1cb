"""TLS to an SMSC: the certificate must be good, and for the host that we called."""

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from smsc.bell import Bell
from smsc.peer import PASSWORD, SYSTEM_ID, NpmSmsc

from ivr.adapters.smpp.account import SmscSettings
from ivr.adapters.smpp.link import SmppLink
from ivr.domain.sms import LinkDown, LinkUp, Receipt, Submitted

TO = "+4915112345678"


def certificate(folder: Path, names: str, days: int = 2) -> Path:
    """A key and a certificate that vouches for itself, in one file."""
    pem = folder / f"{names.replace(':', ' ')}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    subject = ["-subj", "/CN=smsc", "-addext", f"subjectAltName={names}", "-days", str(days)]
    subprocess.run(
        [*command, *subject, "-keyout", pem, "-out", f"{pem}.crt"], check=True, capture_output=True
    )
    with pem.open("a", encoding="ascii") as file:
        file.write(Path(f"{pem}.crt").read_text(encoding="ascii"))
    return pem


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("good ca"), "IP:127.0.0.1")


@pytest.fixture
def smsc(good: Path) -> Iterator[NpmSmsc]:
    smsc = NpmSmsc(good)
    yield smsc
    smsc.kill()


def told(port: int, **settings: Any) -> str:
    """Why there is no link."""
    bell = Bell(port, tls=True, **settings)
    reason = bell.expect(LinkDown).reason
    bell.link.stop(2.0)
    return reason


def test_texts_and_receipts_go_over_tls(smsc: NpmSmsc, good: Path) -> None:
    bell = Bell(smsc.port, tls=True, ca=good, window=100)
    bell.expect(LinkUp)
    assert sum(bell.link.submit(f"sms-{n}", TO, "x" * 400) for n in range(50)) == 50
    told = [bell.next() for _ in range(200)]
    assert sum(isinstance(event, Submitted) for event in told) == 50
    assert sum(isinstance(event, Receipt) for event in told) == 150
    bell.link.stop(2.0)


def test_a_quiet_link_stays(smsc: NpmSmsc, good: Path) -> None:
    """TLS 1.3 sends its tickets when it likes: to have something to read is not to have a PDU."""
    bell = Bell(smsc.port, tls=True, ca=good, enquire_s=0.2, timeout_s=0.5)
    bell.expect(LinkUp)
    for _ in range(5):
        smsc.expect("enquire")
    bell.expect_silence()
    bell.link.stop(2.0)


class Halving:
    """Stands before an SMSC, and passes on octets as they come; on demand, only half of what comes next."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._to = port
        self.halve, self.go_on = threading.Event(), threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        ours, _ = self._listener.accept()
        with self._listener, ours, socket.create_connection(("127.0.0.1", self._to)) as theirs:
            threading.Thread(target=self._pass, args=(ours, theirs), daemon=True).start()
            self._pass(theirs, ours)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                half = len(octets) // 2
                target.sendall(octets[:half])
                if self.halve.is_set() and source.getpeername()[1] == self._to:
                    self.go_on.wait()
                target.sendall(octets[half:])


def test_half_a_record_holds_up_nothing(smsc: NpmSmsc, good: Path) -> None:
    between = Halving(smsc.port)
    bell = Bell(between.port, tls=True, ca=good)
    bell.expect(LinkUp)
    between.halve.set()
    smsc.order(send="deliver_sm", fields={"esm_class": 4, "short_message": "id:ab1 stat:DELIVRD"})
    assert smsc.saw_nothing("deliver_sm_resp", for_s=0.3)
    assert bell.link.submit("sms-1", TO, "ALERT 17")
    smsc.expect("submit")
    between.go_on.set()
    assert bell.expect(Receipt).message_id == "ab1"
    bell.expect_after_others(Submitted)
    bell.link.stop(2.0)


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "DNS:smsc.example")
    smsc = NpmSmsc(pem)
    reason = told(smsc.port, ca=pem)
    assert "TLS: its certificate is refused" in reason
    assert "127.0.0.1" in reason
    assert "check host and ca" in reason
    assert smsc.saw_nothing("bind", for_s=0.3)  # neither name nor password was told to a stranger
    smsc.kill()


def test_a_certificate_that_nobody_vouches_for_is_refused(smsc: NpmSmsc) -> None:
    assert "TLS: its certificate is refused: self-signed certificate" in told(smsc.port)
    assert smsc.saw_nothing("bind", for_s=0.3)


def test_an_smsc_without_tls_is_told_as_that(good: Path) -> None:
    smsc = NpmSmsc()
    assert "TLS: no agreement" in (reason := told(smsc.port, ca=good, timeout_s=1.0))
    assert "is this its port for TLS?" in reason
    smsc.kill()


def test_an_smsc_that_says_nothing_is_not_waited_for_without_end(good: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(listener.accept()[0]), daemon=True).start()
        assert "TLS: no agreement" in told(listener.getsockname()[1], ca=good, timeout_s=0.5)
        held[0].close()


def test_a_ca_file_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    for name, content in (("missing.pem", None), ("empty.pem", "no certificate\n")):
        if content is not None:
            (tmp_path / name).write_text(content, encoding="ascii")
        account = SmscSettings(
            "sms-a", "127.0.0.1", 1, SYSTEM_ID, PASSWORD, "ABC-CERT", tls=True, ca=tmp_path / name
        )
        with pytest.raises(ValueError, match=f"SMSC sms-a: ca: no certificates can be read from .*{name}"):
            SmppLink(account, print)
