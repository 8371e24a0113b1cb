"""What programs send with OpenPGP; the MIME around the encryption is in pgp_shapes."""

import base64
from collections.abc import Callable

import pgp_shapes as shapes
from corpus import TEAMS
from pgp_packets import literal
from pgp_world import World
from programs import TEXT, TITLE, Made, file, html, parts, plain, protected, rfc_9788

ME = TEAMS["xyz-cert"][1]
V1 = 'mixed; protected-headers="v1"'
"""Of the entity whose header fields are protected."""
KEY = ("application/pgp-keys is not passed on",)
PICTURE = ("text/html is not passed on", "image/png is not passed on")


def made(here: World) -> dict[str, Made]:
    return {name: make(here) for name, make in _PROGRAMS.items()}


def _autocrypt(raw: bytes) -> bytes:
    """With the sender's key in a header field of some 3000 octets."""
    key = base64.encodebytes(bytes(range(256)) * 9).decode().strip().replace("\n", "\r\n ")
    field = f"Autocrypt: addr={ME}; prefer-encrypt=mutual;\r\n keydata={key}\r\n"
    return raw.replace(b"Subject: ...", field.encode() + b"Subject: ...")


def _encapsulated(here: World, content: bytes) -> bytes:
    return here.encrypted(literal(shapes.encapsulated(content, here.team.detached(content))))


def _thunderbird_s() -> bytes:
    """What Thunderbird encrypts, with the key beside the text."""
    flowed = plain("Content-Type: text/plain; format=flowed; ", "8bit")
    inner = parts("mixed", "------------8b3Nf", flowed, file("application/pgp-keys", "OpenPGP_0x3C0C.asc"))
    gossip = "Autocrypt-Gossip: addr=duty@abc.example; keydata=\r\n mDMEZ3VRABYJKwYBBAHaRw8B\r\n"
    return parts(V1, "------------0nS2pBDtbzYg", inner, fields=protected(ME) + gossip)


def _with_html() -> bytes:
    text = plain(encoding="base64")
    both = parts("alternative", "------------Kx", text, html("base64"))
    return parts(V1, "------------0nS2pBDtbzYg", both, fields=protected(ME))


def _outlook_s() -> bytes:
    return parts("alternative", "=_alt", plain(charset="iso-8859-1"), html("quoted-printable"))


def _apple_mail_s() -> bytes:
    picture = file("image/png", "PastedGraphic-1.png")
    related = parts('related;\r\n\ttype="text/html"', "Apple-Mail=_22", html(), picture)
    return parts("alternative", "Apple-Mail=_11", plain("Content-Type: text/plain;\r\n\t"), related)


def _mutt_s() -> bytes:
    text = plain(protected(ME) + 'Content-Type: text/plain; protected-headers="v1"; ', "8bit")
    return text.replace(b"\r\nContent-Transfer", b"\r\nContent-Disposition: inline\r\nContent-Transfer")


def _with_a_display(kind: str) -> bytes:
    """The subject once more, for whoever does not know that it is protected."""
    head = f'Content-Type: {kind}; protected-headers="v1"\r\nContent-Disposition: inline\r\n\r\n'
    display = head.encode() + b"Subject: =?UTF-8?Q?W=C3=BCrmer?=\r\n\r\n"
    return parts(V1, "4Nk", display, plain(), fields=protected(ME))


def _k_9(here: World) -> bytes:
    return shapes.pgp_mime(
        here.sealed(parts(V1, "----9TZ", plain(), fields=protected(ME))),
        boundary="----RGZB6X0QRNC3",
        version=b"Content-Type: application/pgp-encrypted\n",
        data=b'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        b'Content-Disposition: inline; filename="encrypted.asc"\n',
    )


def _kmail(here: World) -> bytes:
    return shapes.pgp_mime(
        _encapsulated(here, plain()),
        boundary="nextPart2339457.ElGaqSPkdT",
        version=b"Content-Type: application/pgp-encrypted\nContent-Disposition: attachment\n"
        b"Content-Transfer-Encoding: 7Bit\n",
        data=b'Content-Type: application/octet-stream\nContent-Disposition: inline; filename="msg.asc"\n'
        b"Content-Transfer-Encoding: 7Bit\n",
    )


def _repaired(here: World) -> bytes:
    """As some programs mend what Exchange has made of it: no empty text, and base64 still."""
    broken = shapes.exchange(here.sealed(plain()))
    start = broken.index(b"--_003_")
    end = broken.index(b"--_003_", start + 1)
    kind = b'multipart/encrypted; protocol="application/pgp-encrypted"'
    return (broken[:start] + broken[end:]).replace(b"multipart/mixed", kind)


_PROGRAMS: dict[str, Callable[[World], Made]] = {
    "thunderbird": lambda h: Made(_autocrypt(shapes.thunderbird(h.sealed(_thunderbird_s()))), TITLE, KEY),
    "thunderbird-with-html": lambda h: Made(shapes.thunderbird(h.sealed(_with_html())), TITLE),
    "thunderbird-lf": lambda h: Made(
        shapes.thunderbird(h.sealed(_with_html())).replace(b"\r\n", b"\n"), TITLE
    ),
    "thunderbird-through-exchange": lambda h: Made(shapes.exchange(h.sealed(_thunderbird_s())), TITLE, KEY),
    "outlook-with-gpg4win": lambda h: Made(shapes.outlook(h.sealed(_outlook_s()))),
    "outlook-through-exchange": lambda h: Made(shapes.exchange(h.sealed(_outlook_s()))),
    "exchange-repaired": lambda h: Made(_repaired(h)),
    "apple-mail-with-gpgtools": lambda h: Made(shapes.apple_mail(h.sealed(_apple_mail_s())), "", PICTURE),
    "mutt": lambda h: Made(shapes.mutt(h.sealed(_mutt_s().replace(b"\r\n", b"\n"), "--textmode")), TITLE),
    "k-9": lambda h: Made(_autocrypt(_k_9(h)), TITLE),
    "kmail": lambda h: Made(_kmail(h)),
    "evolution": lambda h: Made(
        shapes.pgp_mime(_encapsulated(h, plain(charset="iso-8859-15")), boundary="=-Vv3FJzQ0u/mZ")
    ),
    "enigmail": lambda h: Made(shapes.thunderbird(h.sealed(_with_a_display("text/rfc822-headers"))), TITLE),
    "a-legacy-display-as-text": lambda h: Made(
        shapes.pgp_mime(h.sealed(_with_a_display("text/plain"))), TITLE
    ),
    "rfc-9788": lambda h: Made(shapes.pgp_mime(h.sealed(rfc_9788(ME))), TITLE),
    "inline": lambda h: Made(shapes.inline(h.sealed(TEXT.encode()))),
    "inline-quoted-printable": lambda h: Made(
        shapes.inline_encoded(h.sealed(TEXT.encode()), "quoted-printable")
    ),
    "inline-base64": lambda h: Made(shapes.inline_encoded(h.sealed(TEXT.encode()), "base64")),
}
