"""Mail that is too complex, cut off, damaged, or changed without the key; see the corpus for the attacks."""

import contextlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from smime_handmade import elements, tlv
from smime_network import TEAM, Network, made
from smime_people import ec_key
from smime_shapes import (
    APPLE_MAIL,
    CONTENT,
    THUNDERBIRD,
    clear_signed,
    cms_entity,
    envelope,
    message,
    signature,
)

from ivr.adapters.smime import cms
from ivr.adapters.smime.refusal import Refusal
from ivr.domain.mail import Reason, Refused


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return made(tmp_path_factory.mktemp("a network"))


def detached(network: Network, *options: str) -> bytes:
    """multipart/signed, by the team."""
    structure = signature(CONTENT, network.team, detached=True, options=options)
    return clear_signed(APPLE_MAIL, CONTENT, structure)


def opaque(network: Network) -> bytes:
    """Signed in one piece, by the team."""
    return cms_entity(APPLE_MAIL, "signed-data", signature(CONTENT, network.team, detached=False))


Raw = Callable[[Network], bytes]
"""Makes a message."""


def sent(entity: Callable[[Network], bytes]) -> Raw:
    return lambda network: network.mail(entity(network))


GOOD: dict[str, Raw] = {"detached": sent(detached), "opaque": sent(opaque)}


P_256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the curve."""


def with_the_other_s(structure: bytes) -> bytes:
    """The structure with the one signer's (r, n - s) in the place of (r, s)."""
    [(_, info)] = elements(structure)
    kind, (_, content) = elements(info)
    [(_, data)] = elements(content)
    *fields, (_, signers) = elements(data)
    [(_, signer)] = elements(signers)
    *more, (octets, value) = elements(signer)
    r, s = utils.decode_dss_signature(value)
    changed = tlv(0x30, *(tlv(*f) for f in more), tlv(octets, utils.encode_dss_signature(r, P_256 - s)))
    rest = tlv(0x30, *(tlv(*field) for field in fields), tlv(0x31, changed))
    return tlv(0x30, tlv(*kind), tlv(0xA0, rest))


@pytest.mark.parametrize("name", GOOD)
def test_the_twin_is_taken(network: Network, name: str) -> None:
    assert network.opened(GOOD[name](network)).content == CONTENT


def test_a_strangers_certificate_beside_the_teams(network: Network) -> None:
    """Anybody's certificates in the message neither help nor harm."""
    entity = detached(network, "-certfile", str(network.stranger.pem))

    assert network.opened(network.mail(entity)).signer == network.team.fingerprint


def test_an_ecdsa_signature_changed_without_the_key(tmp_path: Path) -> None:
    """(r, s) and (r, n - s) are both right (SEC 1, 4.1.4): it must not count as another signature."""
    network = made(tmp_path / "a network", lambda a, at: a.certify(at, TEAM, ec_key()))
    structure = signature(CONTENT, network.team, detached=True)
    plain = clear_signed(APPLE_MAIL, CONTENT, structure)

    changed = clear_signed(APPLE_MAIL, CONTENT, with_the_other_s(structure))

    ids = {network.opened(network.mail(entity)).signature_id for entity in (plain, changed)}
    assert len(ids) == 1


@pytest.mark.parametrize("depth", [20, 50_000])
def test_lengths_that_never_end(network: Network, depth: int) -> None:
    bomb = tlv(0x06, bytes.fromhex("2a864886f70d010703")) + b"\xa0\x80" * depth
    raw = raw_of(b"\x30\x80" + bomb)

    assert network.refused(raw).reason is Reason.TOO_COMPLEX


def test_elements_without_number(network: Network) -> None:
    raw = raw_of(b"\x30\x80" + b"\x05\x00" * 200_000 + b"\x00\x00")

    assert network.refused(raw).reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize("length", [0, 1, 2, 30, 300, -1])
def test_cut_off(network: Network, length: int) -> None:
    structure = envelope(detached(network), network.own)

    assert network.refused(raw_of(structure[:length])).reason is Reason.MALFORMED


def test_something_after_the_structure(network: Network) -> None:
    structure = envelope(detached(network), network.own)

    assert network.refused(raw_of(structure + b"\x05\x00")).reason is Reason.MALFORMED


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_message_that_was_damaged_is_never_taken_for_another(network: Network, data: st.DataObject) -> None:
    raw = GOOD[data.draw(st.sampled_from(sorted(GOOD)))](network)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 40)) :]

    found = network.open(raw)

    assert isinstance(found, Refused) or found.content == CONTENT


@given(st.binary(max_size=60), st.sampled_from(["enveloped", "signed"]), st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_reader_of_cms_only_ever_refuses(
    network: Network, piece: bytes, kind: str, data: st.DataObject
) -> None:
    good = ENVELOPES[kind](network)
    at = data.draw(st.integers(0, min(400, len(good) - 1)))
    damaged = good[:at] + piece + good[at + data.draw(st.integers(0, 60)) :]

    for read in (lambda _, content: cms.signed(content), cms.enveloped):
        with contextlib.suppress(Refusal):
            read(*cms.content_of(damaged))


ENVELOPES: dict[str, Raw] = {
    "enveloped": cache(lambda n: envelope(CONTENT, n.own)),
    "signed": cache(lambda n: signature(CONTENT, n.team, detached=False)),
}


def raw_of(structure: bytes) -> bytes:
    return message(THUNDERBIRD, cms_entity(THUNDERBIRD, "enveloped-data", structure), TEAM)
