"""Certificates: which are good enough, who is trusted, what a revocation list does, who is told of expiry."""

import shutil
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from smime_handmade import garbled, twisted
from smime_network import TEAM, Network, made
from smime_people import NOW, Authority, Person, ec_key, kept, openssl, rsa_key, take_home, usage
from smime_shapes import APPLE_MAIL, CONTENT, clear_signed, signature

from ivr.adapters.smime import Smime, SmimeError
from ivr.domain.mail import Opened, Reason, Recipient, Refused, Standard

LIST = "alerts@bell.example"
DAY_S = 86400.0
PUBLISHED = x509.CRLDistributionPoints(
    [x509.DistributionPoint([x509.UniformResourceIdentifier("http://ca.example/crl")], None, None, None)]
)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return made(tmp_path / "a network")


def mail(network: Network, by: Person | None = None, **how: str) -> bytes:
    by = by or network.team
    return network.mail(clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, by, detached=True)), **how)


def sealed(network: Network, person: Person) -> object:
    to = Recipient("cert", TEAM, Standard.SMIME, person.fingerprint)
    return network.smime.sign(CONTENT).sealed(to, time.time())


def bundle(network: Network, *authorities: Authority) -> None:
    pem = b"".join(a.certificate.public_bytes(Encoding.PEM) for a in authorities)
    (network.home / "authorities.pem").write_bytes(pem)


def revoke(network: Network, name: str, data: bytes) -> None:
    (network.home / "crls").mkdir(exist_ok=True)
    (network.home / "crls" / name).write_bytes(data)


WEAK: dict[str, tuple[Callable[[Authority, Path], Person], Reason]] = {
    "expired": (
        lambda a, at: a.certify(at, TEAM, rsa_key(), end=NOW - timedelta(hours=1)),
        Reason.KEY_EXPIRED,
    ),
    "not valid yet": (
        lambda a, at: a.certify(at, TEAM, rsa_key(), start=NOW + timedelta(hours=1)),
        Reason.KEY_EXPIRED,
    ),
    "RSA of 1024 bits": (lambda a, at: a.certify(at, TEAM, rsa_key(1024)), Reason.WEAK_KEY),
    "a curve that is not in use": (
        lambda a, at: a.certify(at, TEAM, ec_key(ec.SECP256K1())),
        Reason.WEAK_KEY,
    ),
    "of a web server": (
        lambda a, at: a.certify(at, TEAM, rsa_key(), purposes=[ExtendedKeyUsageOID.SERVER_AUTH]),
        Reason.NOT_PERMITTED,
    ),
    "neither to sign nor to encrypt": (
        lambda a, at: a.certify(at, TEAM, rsa_key(), allowed=usage(key_cert_sign=True)),
        Reason.NOT_PERMITTED,
    ),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_certificate_that_is_not_good_enough(tmp_path: Path, name: str) -> None:
    make, reason = WEAK[name]
    network = made(tmp_path / "a network", make)

    assert network.refused(mail(network)).reason is reason
    found = sealed(network, network.team)
    assert isinstance(found, Refused)
    assert found.reason is reason


def test_one_certificate_to_sign_and_another_to_encrypt(tmp_path: Path) -> None:
    signing = made(
        tmp_path / "s", lambda a, at: a.certify(at, TEAM, rsa_key(), allowed=usage(digital_signature=True))
    )
    encrypting = made(
        tmp_path / "e", lambda a, at: a.certify(at, TEAM, rsa_key(), allowed=usage(key_encipherment=True))
    )

    assert signing.opened(mail(signing)).content == CONTENT
    assert encrypting.refused(mail(encrypting)).reason is Reason.NOT_PERMITTED
    assert isinstance(sealed(signing, signing.team), Refused)
    assert not isinstance(sealed(encrypting, encrypting.team), Refused)


def test_a_key_on_a_curve_agrees_on_keys(tmp_path: Path) -> None:
    """RFC 5753, 3: it enciphers none."""
    agreeing, enciphering = (
        made(
            tmp_path / name,
            lambda a, at, name=name: a.certify(at, TEAM, ec_key(), allowed=usage(**{name: True})),
        )
        for name in ("key_agreement", "key_encipherment")
    )

    assert not isinstance(sealed(agreeing, agreeing.team), Refused)
    assert isinstance(sealed(enciphering, enciphering.team), Refused)


def test_a_certificate_signed_with_sha_1(tmp_path: Path) -> None:
    """cryptography makes none: openssl does."""

    def by_sha_1(authority: Authority, folder: Path) -> Person:
        key = rsa_key()
        person = kept(folder, key, authority.certify(tmp_path / "model", TEAM, key).certificate)
        made_so = openssl(
            "req", "-new", "-x509", "-sha1", "-key", person.key_file, "-subj", "/CN=x",
            "-addext", f"subjectAltName=email:{TEAM}",
        )  # fmt: skip
        person.pem.write_bytes(made_so)
        return Person(key, x509.load_pem_x509_certificate(made_so), folder)

    network = made(tmp_path / "a network", by_sha_1)
    assert isinstance(network.team.certificate.signature_hash_algorithm, hashes.SHA1)

    assert network.refused(mail(network)).reason is Reason.WEAK_KEY


def test_who_is_pinned_is_trusted_and_nobody_else(network: Network) -> None:
    assert network.refused(mail(network, network.stranger)).reason is Reason.UNKNOWN_SIGNER

    network.pin(network.stranger)
    assert network.opened(mail(network, network.stranger)).signer == network.stranger.fingerprint

    network.pin()
    assert network.refused(mail(network, network.stranger)).reason is Reason.UNKNOWN_SIGNER


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_what_cannot_be_pinned_touches_nobody_else(network: Network) -> None:
    team, stranger = network.team, network.stranger
    broken = [ssl.DER_cert_to_PEM_cert(der) for der in (twisted(stranger), *garbled(stranger))]

    wrong = network.smime.pin(
        {
            team.fingerprint: (team.pem.read_text(), ["Other@cert.example", TEAM.upper()]),
            stranger.fingerprint: (stranger.pem.read_text(), ["other@cert.example"]),
            "AA": (stranger.pem.read_text(), [TEAM]),
            "BB": ("hello", [TEAM]),
            "CC": (team.pem.read_text() * 2, [TEAM]),
            **{f"D{n}": (pem, [TEAM]) for n, pem in enumerate(broken)},
        }
    )

    assert wrong == [
        f"the certificate {stranger.fingerprint} is for none of its team's addresses; ask the team again",
        "the certificate AA has another fingerprint; ask the team again",
        *(
            f"the certificate {name} cannot be read; ask the team again"
            for name in ("BB", "CC", "D0", "D1", "D2", "D3", "D4")
        ),
    ]
    assert network.opened(mail(network)).signer == team.fingerprint
    assert network.refused(mail(network, stranger)).reason is Reason.UNKNOWN_SIGNER


def test_two_certificates_of_one_key_during_a_renewal(network: Network, tmp_path: Path) -> None:
    renewed = network.authority.certify(
        tmp_path / "renewed", TEAM, network.team.key, end=NOW + timedelta(days=300)
    )
    network.pin(renewed)

    def by(person: Person, *options: str) -> str:
        structure = signature(CONTENT, person, detached=True, options=("-keyid", *options))
        return network.opened(network.mail(clear_signed(APPLE_MAIL, CONTENT, structure))).signer

    assert by(network.team) == network.team.fingerprint
    assert by(renewed) == renewed.fingerprint
    assert by(network.team, "-nocerts") == renewed.fingerprint


class TestAuthorities:
    def test_a_certificate_that_the_network_has_issued(self, network: Network) -> None:
        bundle(network, network.authority)

        assert network.opened(mail(network, network.stranger)).signer == network.stranger.fingerprint
        assert network.refused(mail(network, network.stranger, sender="x@evil.example")).reason is (
            Reason.NOT_THE_SENDER
        )

    def test_one_in_between_belongs_in_the_bundle(self, network: Network, tmp_path: Path) -> None:
        between = Authority("In between", network.authority)
        person = between.certify(tmp_path / "person", TEAM, rsa_key())
        (tmp_path / "between.pem").write_bytes(between.certificate.public_bytes(Encoding.PEM))
        bundle(network, network.authority)
        structure = signature(
            CONTENT, person, detached=True, options=("-certfile", str(tmp_path / "between.pem"))
        )
        raw = network.mail(clear_signed(APPLE_MAIL, CONTENT, structure))

        assert network.refused(raw).reason is Reason.UNKNOWN_SIGNER
        bundle(network, network.authority, between)
        assert network.opened(raw).signer == person.fingerprint
        revoke(network, "root.crl", network.authority.revocations(between.certificate))
        assert network.refused(raw).reason is Reason.UNKNOWN_SIGNER

    def test_an_authority_of_the_same_name(self, network: Network, tmp_path: Path) -> None:
        bundle(network, network.authority)
        other = Authority("Authority of the team's").certify(tmp_path / "other", TEAM, rsa_key())

        assert network.refused(mail(network, other)).reason is Reason.UNKNOWN_SIGNER

    @pytest.mark.parametrize("name", ["good", "weak", "of web servers"])
    def test_an_authority_that_is_not_good_enough(self, network: Network, tmp_path: Path, name: str) -> None:
        authority = {
            "good": lambda: Authority("Another"),
            "weak": lambda: Authority("Another", key=rsa_key(1024)),
            "of web servers": lambda: Authority("Another", purposes=[ExtendedKeyUsageOID.SERVER_AUTH]),
        }[name]()
        bundle(network, authority)

        found = network.open(mail(network, authority.certify(tmp_path / "person", TEAM, ec_key())))

        assert isinstance(found, Opened if name == "good" else Refused), found

    def test_an_authority_that_has_expired(self, network: Network, tmp_path: Path) -> None:
        bundle(network, network.authority)
        person = network.authority.certify(
            tmp_path / "person", TEAM, ec_key(), end=NOW + timedelta(days=2000)
        )
        raw = mail(network, person)
        then = (NOW + timedelta(days=1000)).timestamp()

        assert network.opened(raw).signer == person.fingerprint
        assert network.refused(raw, then).reason is Reason.UNKNOWN_SIGNER


class TestRevocation:
    @pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER], ids=["pem", "der"])
    def test_a_revoked_certificate_is_refused(self, network: Network, form: Encoding) -> None:
        bundle(network, network.authority)
        pem = network.authority.revocations(network.team.certificate)
        revoke(network, "list", x509.load_pem_x509_crl(pem).public_bytes(form))

        assert network.refused(mail(network)).reason is Reason.KEY_REVOKED
        found = sealed(network, network.team)
        assert isinstance(found, Refused)
        assert found.reason is Reason.KEY_REVOKED

    def test_also_by_a_list_that_is_out_of_date(self, network: Network) -> None:
        bundle(network, network.authority)
        stale = network.authority.revocations(network.team.certificate, next_update=NOW - timedelta(days=3))
        revoke(network, "list", stale)

        assert network.refused(mail(network)).reason is Reason.KEY_REVOKED

    def test_a_list_that_is_out_of_date_warns_and_no_more(self, network: Network) -> None:
        bundle(network, network.authority)
        revoke(network, "list", network.authority.revocations())
        assert network.opened(mail(network)).warnings == ()

        stale = network.authority.revocations(
            network.stranger.certificate, next_update=NOW - timedelta(days=3)
        )
        revoke(network, "list", stale)

        [warning] = network.opened(mail(network)).warnings
        assert warning == "the revocation list of CN=Authority of the team's is out of date"
        out = sealed(network, network.team)
        assert not isinstance(out, Refused)
        assert out.warnings == (warning,)  # type: ignore[attr-defined]

    def test_a_list_that_was_never_fetched_warns(self, tmp_path: Path) -> None:
        network = made(
            tmp_path / "a network", lambda a, at: a.certify(at, TEAM, rsa_key(), extensions=[PUBLISHED])
        )
        assert network.opened(mail(network)).warnings == ()  # nobody could check its signature
        bundle(network, network.authority)

        [warning] = network.opened(mail(network)).warnings

        assert warning.startswith("there is no revocation list of")

    def test_a_list_that_fails_whoever_reads_it_warns(self, network: Network) -> None:
        """Whoever sits between us and the authority can change it."""
        bundle(network, network.authority)
        good = x509.load_pem_x509_crl(network.authority.revocations()).public_bytes(Encoding.DER)
        issuer = good.index(bytes.fromhex("06035504030c")) + 5
        for broken in (
            good.replace(bytes.fromhex("020101"), bytes.fromhex("020103"), 1),  # of no version
            good[:issuer] + b"\x05" + good[issuer + 1 :],
            good[:issuer] + b"\x03" + good[issuer + 1 : issuer + 2] + b"\0" + good[issuer + 3 :],
        ):
            revoke(network, "list", broken)
            opened = network.opened(mail(network))
            assert any("is no revocation list" in warning for warning in opened.warnings)

    def test_a_list_of_somebody_else_counts_for_nothing(self, network: Network) -> None:
        bundle(network, network.authority)
        forged = Authority("Authority of the team's").revocations(network.team.certificate)
        revoke(network, "forged", forged)

        [warning] = network.opened(mail(network)).warnings

        assert "signed by none of the authorities" in warning


def test_nobody_is_blamed_where_openssl_is_killed(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = mail(network)
    (tmp_path / "openssl").write_text("#!/bin/sh\nkill -9 $$\n")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SmimeError, match="was killed"):
        network.open(message)
    with pytest.raises(SmimeError, match="was killed"):
        sealed(network, network.team)


def test_expiry_is_told_ahead(network: Network) -> None:
    end = network.team.certificate.not_valid_after_utc
    now, team = end.timestamp() - 10 * DAY_S, network.team.fingerprint

    for wanted in (team, network.own.fingerprint):
        assert network.smime.watched().failing(wanted, now + 9 * DAY_S) is None
        told = network.smime.watched().failing(wanted, now + 11 * DAY_S)
        assert told is not None
        assert f"to {end:%Y-%m-%d} (UTC); a new one is needed" in told


def test_what_else_fails_is_told(network: Network) -> None:
    now = time.time()
    assert network.smime.watched().failing("AA", now) == "the certificate AA is not pinned"
    bundle(network, network.authority)
    revoke(network, "list", network.authority.revocations(network.team.certificate))

    told = network.smime.watched().failing(network.team.fingerprint, now)
    network.smime.pin({network.team.fingerprint: (network.team.pem.read_text(), ["other@cert.example"])})
    unfit = network.smime.watched().failing(network.team.fingerprint, now)

    assert unfit is not None and "is for none of its team's addresses" in unfit
    refused = sealed(network, network.team)
    assert isinstance(refused, Refused) and refused.detail == unfit
    assert told == (
        f"the certificate {network.team.fingerprint}: its certificate is revoked; a new one is needed"
    )


class TestOwn:
    def test_one_is_made_once(self, tmp_path: Path) -> None:
        smime = Smime(tmp_path / "smime")
        smime.make("Example Network", "alerts@bell.example", time.time())
        first = smime.certificate()
        smime.make("Example Network", "alerts@bell.example", time.time())

        assert smime.certificate() == first
        assert (tmp_path / "smime" / "own.key").stat().st_mode & 0o777 == 0o600
        other = Smime(tmp_path / "member")
        assert other.pin({first[0]: (first[1].decode(), [LIST])}) == []

    def test_a_new_one_beside_the_former(self, network: Network, tmp_path: Path) -> None:
        """Members encrypt to the former certificate until they have the new one; what goes out is signed by
        the new one."""
        sent = mail(network)
        former, network.own = network.own, network.authority.certify(tmp_path / "new", LIST, rsa_key())
        take_home(network.own, network.home)
        assert network.refused(sent).reason is Reason.NOT_TO_US

        (network.home / "former").mkdir()
        shutil.copy(former.key_file, network.home / "former" / "2025.key")
        shutil.copy(former.pem, network.home / "former" / "2025.pem")

        assert network.opened(sent).content == network.opened(mail(network)).content == CONTENT
        assert network.smime.certificate()[0] == network.own.fingerprint

    def test_what_cannot_be_ours(self, network: Network) -> None:
        take_home(network.team, network.home)
        (network.home / "own.pem").write_bytes(network.stranger.pem.read_bytes())
        with pytest.raises(SmimeError, match="is not that of the key"):
            network.smime.certificate()

        (network.home / "own.pem").write_text("hello")
        with pytest.raises(SmimeError, match="want a key without a password"):
            network.smime.certificate()

        (network.home / "own.pem").unlink()
        with pytest.raises(SmimeError, match="cannot be read"):
            network.smime.certificate()
