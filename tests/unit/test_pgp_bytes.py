"""What arrives as bytes: any at all, and those that lie about what follows."""

import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.pgp import NotTaken, grammar, packets
from ivr.adapters.pgp.keys import listed
from ivr.domain.mail import Reason

TEXT = b"\xcb\x08b\0\0\0\0\0hi"
ONE_PASS = b"\xc4\x0d" + bytes(13)
SIGNATURE = b"\xc2\x06\x04\0\x16\x08\0\0"


def reason(of: Callable[[], object]) -> Reason:
    with pytest.raises(NotTaken) as caught:
        of()
    return caught.value.reason


def quietly(read: Callable[[], object]) -> None:
    """Whatever comes, it is taken or refused, and nothing else happens."""
    try:
        read()
    except NotTaken as error:
        assert error.detail


@given(
    st.binary()
    | st.lists(st.sampled_from([TEXT, ONE_PASS, SIGNATURE, b"\xc1\x00", b"\xd2\x01\x01"])).map(b"".join)
)
def test_any_packets(data: bytes) -> None:
    quietly(lambda: packets.read(data))
    quietly(lambda: grammar.recipients(data))
    quietly(lambda: grammar.text(data))
    quietly(lambda: grammar.detached(data))
    quietly(lambda: grammar.verifiable(data, data))
    quietly(lambda: grammar.intended(SIGNATURE[2:6] + data))
    quietly(lambda: packets.unpacked(data))
    quietly(lambda: packets.unpacked(b"\2" + zlib.compress(data)))


@given(st.text("-BEGINDPMSA \n=:abc"))
def test_any_armour(text: str) -> None:
    whole = f"-----BEGIN PGP MESSAGE-----\n{text}\n-----END PGP MESSAGE-----\n".encode()
    quietly(lambda: packets.dearmoured(whole, b"MESSAGE"))
    quietly(lambda: packets.dearmoured(text.encode(), b"MESSAGE"))


def test_armour_without_its_blank_line_is_none() -> None:
    whole = b"-----BEGIN PGP MESSAGE-----\naaaa\n-----END PGP MESSAGE-----\n"
    assert reason(lambda: packets.dearmoured(whole, b"MESSAGE")) is Reason.MALFORMED
    assert packets.dearmoured(whole.replace(b"\n", b"\n\n", 1), b"MESSAGE") == b"\x69\xa6\x9a"
    assert packets.dearmoured(whole.replace(b"\n", b"\nVersion: 1\n\n", 1), b"MESSAGE") == b"\x69\xa6\x9a"
    text = whole.replace(b"\n", b"\nCall me at once\n\n", 1)
    assert reason(lambda: packets.dearmoured(text, b"MESSAGE")) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (b"\3\0\x16\x08\0\0", Reason.WEAK_SIGNATURE),
        (b"\4\0\x16\1\0\0", Reason.WEAK_SIGNATURE),  # MD5
        (b"\4\0\x16\2\0\0", Reason.WEAK_SIGNATURE),  # SHA-1
        (b"\4\x10\x16\x08\0\0", Reason.BAD_SIGNATURE),  # of a user id
        (b"\4\2\x16\x08\0\0", Reason.BAD_SIGNATURE),  # of nothing
        (b"\4\0", Reason.MALFORMED),
    ],
)
def test_signatures_that_gpg_is_not_asked_about(signature: bytes, why: Reason) -> None:
    assert reason(lambda: grammar.verifiable(signature, b"")) is why
    assert grammar.verifiable(b"\4\0\x16\x08\0\0", b"")


def test_the_readers_that_a_signature_names() -> None:
    ours, theirs = bytes(range(20)), bytes(20)
    kinds = [b"\x23\4" + ours, b"\x21\4" + theirs, b"\xa3\4" + theirs]
    lengths = [b"\x16", b"\xff\0\0\0\x16", b"\x16"]
    long = b"\xc0\x40\x14" + bytes(255)
    hashed = long + b"".join(length + kind for length, kind in zip(lengths, kinds, strict=True))
    body = b"\4\0\x16\x08" + len(hashed).to_bytes(2, "big") + hashed
    assert grammar.intended(body) == {ours.hex().upper(), theirs.hex().upper()}
    assert grammar.intended(b"\4\0\x16\x08\0\0" + hashed) == set()  # said by nobody: it is not signed


def test_what_lies_about_its_length_is_cut_off() -> None:
    for whole in (TEXT, ONE_PASS + TEXT + SIGNATURE, b"\xcb\xff\0\0\0\x08b\0\0\0\0\0hi"):
        for n in range(1, len(whole)):
            quietly(lambda n=n, whole=whole: grammar.text(whole[:n]))
        assert grammar.text(whole).data == b"hi"
    assert reason(lambda: grammar.text(b"\xcb\x08b\x09\0\0\0\0hi")) is Reason.MALFORMED  # its name


def test_a_text_in_pieces() -> None:
    assert grammar.text(b"\xcb\xe3b\0\0\0\0\0hi\x02ho").data == b"hiho"
    assert grammar.text(b"\xae\0\0\0\x08b\0\0\0\0\0hi").data == b"hi"  # a length of the old format
    assert grammar.text(b"\xafb\0\0\0\0\0hi").data == b"hi"  # to the end


def test_a_marker_and_padding_are_skipped() -> None:
    assert grammar.text(b"\xca\x03PGP" + TEXT + b"\xd5\x02xx").data == b"hi"


def test_a_line_within_a_user_id_is_no_record() -> None:
    good, bad = "A" * 40, "B" * 40
    colons = (
        "pub:u:255:22:0:1:::u:::scESC:::::ed25519:::0:\n"
        f"fpr:::::::::{good}:\n"
        f"uid:u::::1::0::x\x85fpr:::::::::{bad}\x85sub:u:1024:1:0:1:::u:::e::::::::\x85fpr:::::::::{bad}::::::::::0:\n"
    ).encode()
    (key,) = listed(colons)
    assert key.fingerprint == good
    assert [part.uses for part in key.parts] == ["sc"]
