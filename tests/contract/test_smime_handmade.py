"""Signatures that are right, over attributes that are not what they should be; and their twins."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from smime_handmade import attribute, attributes, garbled, oid, signed_data, tlv, twisted
from smime_network import TEAM, Network, made
from smime_people import ec_key, take_home
from smime_shapes import APPLE_MAIL, CONTENT, clear_signed, cms_entity, encrypted, message, signature

from ivr.domain.mail import Opened, Reason

GOOD = attributes(CONTENT)
OTHER = attributes(CONTENT + b"!")
ENCRYPTED = oid("1.2.840.113549.1.7.3")
COUNTERSIGNED = tlv(0xA1, attribute(6, tlv(0x30)))
PSS = oid("1.2.840.113549.1.1.10")


def pss(*parameters: bytes) -> bytes:
    return tlv(0x30, PSS, tlv(0x30, *parameters))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return made(tmp_path_factory.mktemp("a network"))


def mail(network: Network, structure: bytes) -> bytes:
    return network.mail(cms_entity(APPLE_MAIL, "signed-data", structure))


def test_the_twin_is_taken(network: Network) -> None:
    found = network.opened(mail(network, signed_data(network.team, CONTENT, [*GOOD.values()])))

    assert found.content == CONTENT


def test_what_is_not_signed_neither_helps_nor_harms(network: Network) -> None:
    structure = signed_data(network.team, CONTENT, [*GOOD.values()], unsigned=COUNTERSIGNED)

    plain = network.opened(mail(network, signed_data(network.team, CONTENT, [*GOOD.values()])))

    assert network.opened(mail(network, structure)).signature_id == plain.signature_id


def test_a_certificate_that_cannot_be_read_does_not_spoil_it(network: Network) -> None:
    structure = signed_data(network.team, CONTENT, [*GOOD.values()], beside=twisted(network.stranger))

    assert network.opened(mail(network, structure)).content == CONTENT


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("n", range(4))
def test_a_certificate_at_which_readers_fail_does_no_more_than_that(network: Network, n: int) -> None:
    """openssl reads some of them, and refuses a mail with the others."""
    broken = garbled(network.stranger)[n]
    found = network.open(mail(network, signed_data(network.team, CONTENT, [*GOOD.values()], beside=broken)))

    assert isinstance(found, Opened) or found.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("time", "meant"),
    [
        (tlv(0x17, b"490102030405Z"), datetime(2049, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (tlv(0x17, b"500102030405Z"), datetime(1950, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (tlv(0x17, b"690102030405Z"), datetime(1969, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (tlv(0x18, b"20510102030405Z"), datetime(2051, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_when_it_was_signed(network: Network, time: bytes, meant: datetime) -> None:
    structure = signed_data(network.team, CONTENT, [*attributes(CONTENT, time).values()])

    assert network.opened(mail(network, structure)).signed_at == meant.timestamp()


ATTACKS: dict[str, tuple[list[bytes], dict[str, bytes], Reason]] = {
    "no time": ([GOOD["type"], GOOD["digest"]], {}, Reason.WEAK_SIGNATURE),
    "no digest": ([GOOD["type"], GOOD["time"]], {}, Reason.MALFORMED),
    "no type": ([GOOD["digest"], GOOD["time"]], {}, Reason.MALFORMED),
    "a digest of something else": (list(OTHER.values()), {}, Reason.BAD_SIGNATURE),
    "two digests": ([*GOOD.values(), OTHER["digest"]], {}, Reason.MALFORMED),
    "a digest of two values": (
        [GOOD["type"], GOOD["time"], attribute(4, tlv(4, b"1"), tlv(4, b"2"))],
        {},
        Reason.MALFORMED,
    ),
    "of another type": ([attribute(3, ENCRYPTED), GOOD["digest"], GOOD["time"]], {}, Reason.MALFORMED),
    "over something that is no mail": (list(GOOD.values()), {"kind": ENCRYPTED}, Reason.MALFORMED),
    "a time that is none": (
        list(attributes(CONTENT, tlv(0x17, b"991399999999Z")).values()),
        {},
        Reason.MALFORMED,
    ),
    "a time of another kind": (
        list(attributes(CONTENT, tlv(0x0C, b"20260102030405Z")).values()),
        {},
        Reason.MALFORMED,
    ),
    "SHA-1 with RSA, it says": (
        list(GOOD.values()),
        {"algorithm": tlv(0x30, oid("1.2.840.113549.1.1.5"), tlv(5))},
        Reason.WEAK_SIGNATURE,
    ),
    "PSS, and nothing of its digest": (list(GOOD.values()), {"algorithm": pss()}, Reason.WEAK_SIGNATURE),
    "PSS over SHA-1": (
        list(GOOD.values()),
        {"algorithm": pss(tlv(0xA0, tlv(0x30, oid("1.3.14.3.2.26"))))},
        Reason.WEAK_SIGNATURE,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(network: Network, name: str) -> None:
    signed, how, reason = ATTACKS[name]

    refused = network.refused(mail(network, signed_data(network.team, CONTENT, signed, **how)))

    assert refused.reason is reason, refused


def test_a_file_name_that_makes_readers_of_it_fail(network: Network) -> None:
    entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, network.team, detached=True))
    body = encrypted(APPLE_MAIL, entity, network.own).split(b"\r\n\r\n", 1)[1]

    def named(name: bytes) -> bytes:
        head = b"Content-Type: application/octet-stream; " + name
        return message(APPLE_MAIL, head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body, TEAM)

    assert network.opened(named(b"name*=utf-8''smime.p7m")).content == CONTENT
    assert network.refused(named(b"name*=\0''smime.p7m")).reason is Reason.MALFORMED
    assert network.refused(named(b"name*0*=a; name*=b")).reason is Reason.MALFORMED


@pytest.fixture(scope="module")
def elliptic(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A list with a key on an elliptic curve."""
    folder = tmp_path_factory.mktemp("elliptic")
    network = made(folder)
    network.own = network.authority.certify(folder / "elliptic", "alerts@bell.example", ec_key())
    take_home(network.own, network.home)
    return network


class TestKeyAgreement:
    @pytest.mark.parametrize("options", [(), ("-keyid",), ("-wrap", "id-aes128-wrap")])
    def test_the_twin_is_taken(self, elliptic: Network, options: tuple[str, ...]) -> None:
        entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, elliptic.team, detached=True))

        assert elliptic.opened(elliptic.mail(entity, options=options)).content == CONTENT

    def test_a_key_wrapped_with_3des(self, elliptic: Network) -> None:
        entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, elliptic.team, detached=True))

        refused = elliptic.refused(elliptic.mail(entity, options=("-des3-wrap",)))

        assert refused.reason is Reason.WEAK_CIPHER

    def test_to_somebody_else(self, elliptic: Network, tmp_path: Path) -> None:
        other = elliptic.authority.certify(tmp_path / "other", TEAM, ec_key())
        entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, elliptic.team, detached=True))

        refused = elliptic.refused(message(APPLE_MAIL, encrypted(APPLE_MAIL, entity, other), TEAM))

        assert refused.reason is Reason.NOT_TO_US


def test_a_key_that_is_named_by_its_identifier(network: Network) -> None:
    entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, network.team, detached=True))

    assert network.opened(network.mail(entity, options=("-keyid",))).content == CONTENT
