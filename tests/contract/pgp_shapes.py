"""Mails in the shapes that mail programs give to OpenPGP, around an armoured message that a peer has made.

Written from what the programs send: which parts, which headers, what is said to those that know no MIME.
"""

import base64
import quopri
from typing import Any

OUTER = b"""\
Return-Path: <team@xyz.example>
Received: from mx.xyz.example (mx.xyz.example [192.0.2.7])
\tby bell.example (Postfix) with ESMTPS id 4F; Sun, 22 Nov 2026 14:03:00 +0000 (UTC)
Message-ID: <b1c0@xyz.example>
Date: Sun, 22 Nov 2026 15:03:00 +0100
MIME-Version: 1.0
From: XYZ-CERT <team@xyz.example>
To: alerts@bell.example
Subject: ...
"""
TEXT = (
    b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    b"A worm spreads on port 1434/udp. =E2=98=8E  \r\n-- \r\nXYZ-CERT\r\n"
)
"""What is said: a part with trailing blanks, which are signed as well."""


def crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mail(entity: bytes) -> bytes:
    return crlf(OUTER + entity)


def pgp_mime(armour: bytes, **how: Any) -> bytes:
    """A whole message (RFC 3156)."""
    return mail(pgp_entity(armour, **how))


def pgp_entity(
    armour: bytes,
    *,
    boundary: str = "b0undary",
    preamble: bytes = b"",
    version: bytes = b"Content-Type: application/pgp-encrypted\n",
    data: bytes = b"Content-Type: application/octet-stream\n",
    after: bytes = b"",
    more: str = "",
) -> bytes:
    kind = 'multipart/encrypted; protocol="application/pgp-encrypted"'
    head = f'Content-Type: {kind};\n boundary="{boundary}"{more}'
    mark = f"--{boundary}".encode()
    return b"%b\n\n%b%b\n%b\nVersion: 1\n\n%b\n%b\n%b\n%b--\n%b" % (
        head.encode(), preamble, mark, version, mark, data, armour, mark, after,
    )  # fmt: skip


def thunderbird(armour: bytes) -> bytes:
    return pgp_mime(
        armour,
        boundary="------------0nS2pBDtbzYgqN0gzZ9n0iB8",
        preamble=b"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n",
        version=b"Content-Type: application/pgp-encrypted\n"
        b"Content-Description: PGP/MIME version identification\n",
        data=b'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        b"Content-Description: OpenPGP encrypted message\n"
        b'Content-Disposition: inline; filename="encrypted.asc"\n',
    )


def outlook(armour: bytes) -> bytes:
    """With Gpg4win's GpgOL."""
    return pgp_mime(
        armour.replace(b"MESSAGE-----\n", b"MESSAGE-----\nVersion: GnuPG v2\n", 1),
        boundary="=-=uqBfsF6JUGuDPD=-=",
        version=b"Content-Type: application/pgp-encrypted\nContent-Disposition: inline;\n"
        b'\tfilename="PGPMIME_Versions_Identification"\nContent-Transfer-Encoding: 7Bit\n',
        data=b'Content-Type: application/octet-stream;\n\tname="openpgp-encrypted-message.asc"\n'
        b'Content-Disposition: inline;\n\tfilename="openpgp-encrypted-message.asc"\n'
        b"Content-Transfer-Encoding: 7Bit\n",
    )


def apple_mail(armour: bytes) -> bytes:
    """With GPGTools' GPGMail."""
    return pgp_mime(
        armour.replace(b"MESSAGE-----\n", b"MESSAGE-----\nComment: GPGTools - https://gpgtools.org\n", 1),
        boundary="Apple-Mail=_5C3D0E7B-5CA9-4B2B-8D0C-6E1F6C9E4F21",
        preamble=b"This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)\n",
        version=b"Content-Transfer-Encoding: 7bit\nContent-Type: application/pgp-encrypted\n"
        b"Content-Description: PGP/MIME Versions Identification\n",
        data=b"Content-Transfer-Encoding: 7bit\nContent-Disposition: inline;\n\tfilename=encrypted.asc\n"
        b"Content-Type: application/octet-stream;\n\tname=encrypted.asc\n"
        b"Content-Description: OpenPGP encrypted message\n",
    )


def exchange(armour: bytes, text: bytes = b"") -> bytes:
    """What Exchange makes of any of them on the way out: files, behind a text of its own."""
    mark = "_003_HE1P1MB0107E1390_"
    version, data = (
        base64.encodebytes(octets) for octets in (b"Version: 1\r\n", armour.replace(b"\n", b"\r\n"))
    )
    return mail(
        f"""\
Thread-Topic: Alert
Accept-Language: en-US
x-ms-traffictypediagnostic: HE1EUR02HT175:
Content-Type: multipart/mixed;
\tboundary="{mark}"

--{mark}
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

{text.decode()}
--{mark}
Content-Type: application/pgp-encrypted;
\tname="PGPMIME version identification"
Content-Description: PGP/MIME version identification
Content-Disposition: attachment; filename="PGPMIME version identification";
\tsize=12; creation-date="Mon, 03 Mar 2025 12:00:30 GMT"
Content-ID: <BDA3CECF2352B047A710@EURP189.PROD.OUTLOOK.COM>
Content-Transfer-Encoding: base64

{version.decode()}
--{mark}
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: OpenPGP encrypted message.asc
Content-Disposition: attachment; filename="encrypted.asc"; size=953
Content-Transfer-Encoding: base64

{data.decode()}
--{mark}--
""".encode()
    )


def mutt(armour: bytes) -> bytes:
    return pgp_mime(
        armour,
        boundary="J5MfuwkIyy7RmF4Q",
        version=b"Content-Type: application/pgp-encrypted\nContent-Disposition: attachment\n",
        data=b'Content-Type: application/octet-stream\nContent-Disposition: inline; filename="msg.asc"\n',
        more="\nContent-Disposition: inline",
    )


def inline(armour: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return mail(b"Content-Type: text/plain; charset=utf-8; format=flowed\n\n" + before + armour + after)


def inline_encoded(armour: bytes, encoding: str) -> bytes:
    """As some servers on the way send it on."""
    how = quopri.encodestring if encoding == "quoted-printable" else base64.encodebytes
    head = f"Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: {encoding}\n\n"
    return mail(head.encode() + how(armour))


def protected(subject: bytes = b"Worm on port 1434") -> bytes:
    """What Thunderbird and Enigmail encrypt: the headers stand inside as well."""
    return (
        b'Content-Type: multipart/mixed; boundary="i"; protected-headers="v1"\r\nSubject: %b\r\n'
        b"From: XYZ-CERT <team@xyz.example>\r\nTo: alerts@bell.example\r\n\r\n--i\r\n%b\r\n--i--\r\n"
        % (subject, TEXT)
    )


def encapsulated(
    content: bytes, signature: bytes, *, preamble: bytes = b"", after: bytes = b"", more: bytes = b""
) -> bytes:
    """Signed as a part, and encrypted then (RFC 1847, 2): KMail, Evolution."""
    return (
        b'Content-Type: multipart/signed; micalg="pgp-sha256"; protocol="application/pgp-signature";\r\n'
        b' boundary="s"\r\n\r\n%b--s\r\n%b\r\n--s\r\n'
        b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n%b\r\n%b--s--\r\n%b'
        % (preamble, content, crlf(signature), more, after)
    )
