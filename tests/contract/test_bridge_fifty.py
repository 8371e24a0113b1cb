"""A mixed list of fifty, the bridge a process of its own: one alert in, fifty mails out, each opened and
found right by a program of its member's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from book import speak
from cryptography import x509
from gpgsm import Gpgsm
from pgp_peer import peers
from smime_people import NOW, Authority, rsa_key, sha_1

from bench.bridge import Took, alert, check
from bench.mail_town import MailTown
from bench.mailers import List, Mailer, mixed, parts, structure
from ivr.domain.mail import Standard
from ivr.domain.records import Delivery, DeliveryState, MailKey


@contextmanager
def with_gpg(team: str) -> Iterator[Mailer]:
    with peers("member") as (peer,):
        fingerprint = peer.make(f"{team} <duty@{team}.example>")

        def opened(raw: bytes, of: List) -> bytes:
            peer.gpg("--import", given=bytes(of.openpgp))
            sealed = parts(raw)[1].get_payload(decode=True)
            status = peer.gpg("--status-fd", "1", "--output", "/dev/null", "--decrypt", given=sealed)
            assert f"VALIDSIG {of.openpgp.fingerprint.upper()}" in status.decode()
            return peer.opened(sealed)

        yield Mailer(team, MailKey(team, Standard.OPENPGP, fingerprint, peer.public().decode()), opened)


def with_gpgsm(team: str, folder: Path) -> Mailer:
    authority = Authority("Authority of the teams")
    person = authority.certify(folder, f"duty@{team}.example", rsa_key(), end=NOW.replace(year=NOW.year + 1))

    def opened(raw: bytes, of: List) -> bytes:
        peer = Gpgsm(authority, person)
        try:
            own = x509.load_pem_x509_certificate(of.certificate)
            with (peer.home / "trustlist.txt").open("a") as trusted:
                trusted.write(f"{sha_1(own)} S relax\n")
            peer._run("--import", stdin=of.certificate)
            content, said = peer.verified(structure(peer.decrypted(structure(raw))))
            assert "VALIDSIG" in said
            return content
        finally:
            peer.close()

    return Mailer(team, MailKey(team, Standard.SMIME, person.fingerprint, person.pem.read_text()), opened)


def read_out(text: str, into: Path) -> None:
    speak(into, 2.0)


def test_each_of_fifty_gets_one_mail_and_opens_it_with_its_own_program(tmp_path: Path) -> None:
    with with_gpg("with-gpg") as by_gpg:
        mailers = [*mixed(49), by_gpg]
        with MailTown(tmp_path / "town", mailers, read_out) as town:
            took = [alert(town, mailers) for _ in range(2)]
            check(town, mailers)
            with town.store.read() as tx:
                states = {d.state for d in tx.find(Delivery)}
    kinds = [(mailer.pinned.standard, mailer.pinned.gcm) for mailer in mailers]
    assert [
        kinds.count(k) for k in ((Standard.OPENPGP, False), (Standard.SMIME, False), (Standard.SMIME, True))
    ] == [26, 12, 12]
    assert states == {DeliveryState.MAILED}
    assert all(isinstance(one, Took) and one.cpu_ms > 0 for one in took)


def test_gpgsm_opens_what_comes_for_it(tmp_path: Path) -> None:
    mailers = [with_gpgsm("with-gpgsm", tmp_path / "person")]
    with MailTown(tmp_path / "town", mailers, read_out) as town:
        alert(town, mailers)
        check(town, mailers)
        with pytest.raises(AssertionError):
            mailers[0].open(town.sink.got[0][2].replace(b"\r\n\r\nM", b"\r\n\r\nN", 1), town.own)
