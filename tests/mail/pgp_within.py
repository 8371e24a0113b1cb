"""Attacks on what is signed with OpenPGP, made by whoever can encrypt to the list."""

import pgp_shapes as shapes
from pairs import Attacks, Twins
from pgp_packets import SIGNATURE, armoured, bare, compressed, joined, literal, packet, split
from pgp_world import World

from ivr.domain.mail import Reason

TEXT = shapes.TEXT
LURE = b"+491234567"
BESIDE = b"Content-Type: text/plain\r\n\r\nCall %b at once.\r\n" % LURE
attack: Attacks[World] = Attacks()


@attack("not-signed", Reason.NOT_SIGNED)
def not_signed(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    return shapes.mutt(here.encrypted(joined(split(packets)[1:2]))), shapes.mutt(here.encrypted(packets))


@attack("not-signed", Reason.NOT_SIGNED)
def not_signed_in_a_text(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    return shapes.inline(here.encrypted(joined(split(packets)[1:2]))), shapes.inline(here.encrypted(packets))


@attack("signature-wrapping", Reason.BAD_SIGNATURE)
def another_text_under_the_signature(here: World) -> Twins:
    (first, (_, text), last) = split(here.team.signed(TEXT))
    bad = joined([first, (11, text.replace(b"1434", b"1435")), last])
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, (11, text), last])))


@attack("signature-wrapping", Reason.BAD_SIGNATURE)
def another_part_under_the_signature(here: World) -> Twins:
    content = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    bad = content.replace(b"1434", b"1435")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(content)))


@attack("signature-wrapping", Reason.BAD_SIGNATURE)
def a_signature_that_gpg_does_not_know(here: World) -> Twins:
    (first, text, (tag, body)) = split(here.team.signed(TEXT))
    bad = joined([first, text, (tag, body[:2] + b"\x63" + body[3:])])  # an algorithm of somebody's own
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, text, (tag, body)])))


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def the_end_of_a_line_that_gpg_does_not_read(here: World) -> Twins:
    """Over lines of text, a signature of gpg's ends at 19,995 bytes of a line."""
    (first, _, _) = split(here.team.signed(b"x", "--textmode"))

    def mail(length: int, text: bytes) -> bytes:
        signature = bare(here.team.detached(b"x" * length + b"pay A\r\n", "--textmode"))
        packets = joined([first]) + literal(b"x" * length + text) + signature
        return shapes.inline(here.encrypted(packets))

    return mail(20_050, b"pay B\r\n"), mail(18_050, b"pay A\r\n")


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def a_second_text_behind(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    return shapes.mutt(here.encrypted(packets + literal(BESIDE))), shapes.mutt(here.encrypted(packets))


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def a_second_text_before(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    return shapes.mutt(here.encrypted(literal(BESIDE) + packets)), shapes.mutt(here.encrypted(packets))


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def a_second_text_under_the_signature(here: World) -> Twins:
    (first, text, last) = split(here.team.signed(TEXT))
    bad = joined([first]) + literal(BESIDE) + joined([text, last])
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, text, last])))


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def a_packed_text_behind(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    bad = packets + compressed(literal(BESIDE))
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(packets))


@attack("unsigned-beside-signed", Reason.NOT_SIGNED)
def a_text_before_a_clear_signature(here: World) -> Twins:
    """The signature is in the text, where anybody can write something before and behind it."""
    head, _, text = TEXT.partition(b"\r\n\r\n")
    clear = here.team.gpg("--local-user", here.team.fingerprint, "--clearsign", given=text)
    bad = head + b"\r\n\r\nCall %b.\r\n" % LURE + shapes.crlf(clear)
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.sealed(TEXT))


def _swallowed(here: World, kind: bytes, before: bytes, fields: bytes = b"") -> Twins:
    signed = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    mixed = b'Content-Type: multipart/%b; boundary="x"\r\n\r\n--x\r\n%b\r\n--x\r\n%b%b\r\n--x--\r\n'
    bad = mixed % (kind, b"Content-Type: text/html\r\n\r\nCall %b.%b" % (LURE, before), fields, signed)
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(signed)))


@attack("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED)
def a_text_that_swallows_what_is_signed(here: World) -> Twins:
    return _swallowed(here, b"mixed", b"<div style='display:none'><plaintext>")


@attack("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED)
def what_is_signed_is_a_picture_of_a_text(here: World) -> Twins:
    return _swallowed(here, b"related", b"<iframe src='cid:target'></iframe>", b"Content-ID: <target>\r\n")


@attack("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED)
def a_part_beside_the_signed_one(here: World) -> Twins:
    signed = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    mixed = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n%b\r\n--x\r\n%b\r\n--x--\r\n'
    bad = literal(mixed % (BESIDE, signed))
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(literal(signed)))


@attack("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED)
def a_part_behind_the_signature(here: World) -> Twins:
    signature = here.team.detached(TEXT)
    bad = shapes.encapsulated(TEXT, signature, more=b"--s\r\n" + BESIDE)
    good = shapes.encapsulated(TEXT, signature)
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))


@attack("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED)
def a_text_behind_the_signed_parts(here: World) -> Twins:
    signature = here.team.detached(TEXT)
    bad = shapes.encapsulated(TEXT, signature, after=b"Call +491234567.\r\n")
    good = shapes.encapsulated(TEXT, signature, after=b"\r\n")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))


@attack("several-signatures", Reason.SEVERAL_SIGNATURES)
def signed_by_two(here: World) -> Twins:
    (first, text, last) = split(here.team.signed(TEXT))
    (outer, _, end) = split(here.other.signed(TEXT))
    bad = joined([(4, outer[1][:-1] + b"\0"), first, text, last, end])
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, text, last])))


@attack("several-signatures", Reason.SEVERAL_SIGNATURES)
def two_signatures_behind_a_part(here: World) -> Twins:
    one, two = (bare(peer.detached(TEXT)) for peer in (here.team, here.other))
    bad, good = (shapes.encapsulated(TEXT, armoured(packets, SIGNATURE)) for packets in (one + two, one))
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))


@attack("several-signatures", Reason.SEVERAL_SIGNATURES)
def signed_as_a_part_and_as_a_message(here: World) -> Twins:
    content = shapes.encapsulated(TEXT, here.other.detached(TEXT))
    return shapes.mutt(here.sealed(content)), shapes.mutt(here.sealed(TEXT))


@attack("several-signatures", Reason.SEVERAL_SIGNATURES)
def a_part_signed_twice(here: World) -> Twins:
    once = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    twice = shapes.encapsulated(once, here.team.detached(once)).replace(b'boundary="s"', b'boundary="t"', 1)
    twice = twice.replace(b"--s\r\n", b"--t\r\n", 1)
    head, _, rest = twice.rpartition(b"--s\r\n")
    bad = head + b"--t\r\n" + rest.replace(b"--s--", b"--t--")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(once)))


@attack("huge-and-nested", Reason.TOO_COMPLEX)
def packed_twice(here: World) -> Twins:
    packets = compressed(here.team.signed(TEXT))
    return shapes.mutt(here.encrypted(compressed(packets))), shapes.mutt(here.encrypted(packets))


@attack("malformed", Reason.MALFORMED)
def something_behind_what_is_packed(here: World) -> Twins:
    packed = compressed(here.team.signed(TEXT))
    (tag, body) = split(packed)[0]
    return shapes.mutt(here.encrypted(packet(tag, body + b"beside"))), shapes.mutt(here.encrypted(packed))


def bomb(name: str, algorithm: int) -> None:
    def make(here: World) -> Twins:
        bad, good = (
            compressed(here.team.signed(TEXT + b"\r\n" * blank), algorithm) for blank in (17 * 2**20, 2**10)
        )
        assert len(bad) < 100_000
        return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(good))

    attack.made[f"a_bomb_of_{name}"] = ("bomb", Reason.TOO_COMPLEX, make)


for _algorithm, _name in enumerate(("zip", "zlib", "bzip2"), 1):
    bomb(_name, _algorithm)


def weak_hash(name: str) -> None:
    def make(here: World) -> Twins:
        how = ("--allow-weak-digest-algos", "--digest-algo")
        twin = here.sealed(TEXT, "--digest-algo", "SHA256")
        return shapes.mutt(here.sealed(TEXT, *how, name)), shapes.mutt(twin)

    attack.made[f"signed_with_{name}"] = ("weak", Reason.WEAK_SIGNATURE, make)


for _name in ("SHA1", "RIPEMD160"):
    weak_hash(_name)


@attack("malformed", Reason.MALFORMED)
def what_is_signed_has_a_name_in_two_ways(here: World) -> Twins:
    """Within the encryption, where the filters have not looked before."""
    good = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    bad = good.replace(b'name="signature.asc"', b"name*0*=a; name*=b")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))
