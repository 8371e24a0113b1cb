"""SIP messages that are wrong, in the manner of RFC 4475; made here, none of them is taken from there.

Owns: what is sent, and nothing of what is to come of it: whatever it is, nobody may be called by it, and the
next caller is served.
"""

from collections.abc import Iterator

OUTSIDE = "+4990012345678"

_SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"


def messages(number: str) -> Iterator[bytes]:
    """Each wrong in its own way; most of them ask for a call to `number`."""
    yield from _not_sip()
    for n, (changes, body) in enumerate((*_headers(number), *_bodies())):
        yield _invite(number, n, changes, body)
    for line in _first_lines(number):
        yield _invite(number, 1000 + len(line), {"": line}, _SDP)


def _not_sip() -> Iterator[bytes]:
    yield b""
    yield b"\r\n" * 2000
    yield b"\x00" * 512
    yield bytes(range(256)) * 4
    yield b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
    yield b"INVITE"
    yield b"SIP/2.0 200 OK\r\n\r\n"
    yield b"SIP/2.0 99999999999 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n"
    yield (
        "SIP/2.0 302 Moved\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
        f"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nContact: <sip:{OUTSIDE}@127.0.0.1>\r\n\r\n"
    ).encode()
    yield b"INVITE sip:1@127.0.0.1 SIP/2.0\r\n" + b"X: " + b"a" * 60_000 + b"\r\n\r\n"
    yield (
        b"INVITE sip:1@127.0.0.1 SIP/2.0\r\n"
        + b"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n" * 900
        + b"\r\n"
    )
    yield b"INVITE sip:1@127.0.0.1 SIP/2.0\r\n" + b"X:y\r\n" * 9000


def _first_lines(number: str) -> tuple[str, ...]:
    return (
        f"INVITE sip:{number}@127.0.0.1 SIP/7.0",
        f"INVITE  sip:{number}@127.0.0.1  SIP/2.0",
        f"INVITE <sip:{number}@127.0.0.1> SIP/2.0",
        f"invite sip:{number}@127.0.0.1 SIP/2.0",
        f"INVITE tel:{OUTSIDE} SIP/2.0",
        "INVITE urn:service:sos SIP/2.0",
        f"INVITE sip:{OUTSIDE}@127.0.0.1:99999 SIP/2.0",
        f"INVITE sip:{'%41' * 3000}@127.0.0.1 SIP/2.0",
        f"INVITE sip:{number}%00{OUTSIDE}@127.0.0.1 SIP/2.0",
        f"INVITE sip:{number}@127.0.0.1;transport=tcp;maddr=127.0.0.9;ttl=1;lr?Replaces=1&Route=x SIP/2.0",
        f"INVITE sip:{number}:{'p' * 900}@[::1 SIP/2.0",
        f"INVITE sip:{number}@{'a.' * 4000} SIP/2.0",
        f"{'A' * 3000} sip:{number}@127.0.0.1 SIP/2.0",
    )


def _headers(number: str) -> Iterator[tuple[dict[str, str], bytes]]:
    """Header fields in the place of those of a good INVITE; an empty one is left out."""
    changes: tuple[dict[str, str], ...] = (
        {"Via": ""},
        {"From": ""},
        {"To": ""},
        {"Call-ID": ""},
        {"CSeq": ""},
        {"Contact": ""},
        {"Max-Forwards": "0"},
        {"Max-Forwards": "-1"},
        {"Max-Forwards": "99999999999999999999"},
        {"CSeq": "99999999999999999999 INVITE"},
        {"CSeq": "1 BYE"},
        {"CSeq": "-1 INVITE"},
        {"Content-Length": "-999"},
        {"Content-Length": "9999999"},
        {"Content-Length": "99999999999999999999999"},
        {"Content-Length": "1"},
        {"Via": "SIP/2.0/UDP 192.0.2.300:99999;branch=z9hG4bK" + "b" * 5000},
        {"Via": "SIP/2.0/UDP ;;,;,,"},
        {"Via": "SIP/2.0/UDP 127.0.0.1;rport=;received=;maddr=\x01;branch="},
        {"From": '"' + "\\" * 999 + "<sip:a@b>;tag=1"},
        {"From": '"unclosed <sip:a@b>;tag=1'},
        {"From": "<sip:" + "%f0%9f%94%94" * 500 + "@b>;tag=1"},
        {"From": "sip:a@b;tag=" + "t" * 9000},
        {"To": f"<sip:{number}@127.0.0.1>;tag=nobody-gave-it"},
        {"To": f"<sip:{number}@127.0.0.1"},
        {"To": "isbn:2983792873"},
        {"Contact": "*"},
        {"Contact": "<sip:a@[not:an:address]>"},
        {"Contact": ", ".join("<sip:a@127.0.0.1>" for _ in range(500))},
        {"Require": "nothing, that, is, known, here"},
        {"Proxy-Require": "privacy"},
        {"Replaces": "\x00;to-tag;from-tag=="},
        {"Route": f"<sip:{OUTSIDE}@127.0.0.9;lr>, <sip:127.0.0.1;lr>"},
        {"Record-Route": "<sip:" + "r" * 4000 + ">"},
        {"Authorization": 'Digest username="", realm="' + "x" * 5000 + '", nonce=, uri=, response='},
        {"Content-Type": "multipart/mixed;boundary=" + "-" * 400},
        {"Content-Encoding": "gzip"},
        {"Date": "Fri, 01 Jan 2010 16:00:00 EST"},
        {"Expires": "-5"},
        {"Session-Expires": "0;refresher=nobody", "Min-SE": "99999999999"},
        {"Call-ID": "c" * 20_000},
        {"Unknown\tHeader\x07": "\x1b[2J"},
    )
    for change in changes:
        yield change, _SDP


def _bodies() -> Iterator[tuple[dict[str, str], bytes]]:
    for body in (
        b"",
        b"v=0",
        b"v=9999999999999\r\n" + _SDP,
        _SDP.replace(b"9 RTP/AVP 8", b"99999 RTP/AVP 8"),
        _SDP.replace(b"9 RTP/AVP 8", b"9 RTP/AVP " + b"8 " * 5000),
        _SDP.replace(b"audio", b"\xff\xfe"),
        _SDP.replace(b"IN IP4 127.0.0.1", b"IN IP6 ::ffff:999.1.1.1"),
        _SDP + b"m=audio 9 RTP/AVP 8\r\n" * 300,
        _SDP + b"a=rtpmap:8 " + b"x" * 20_000 + b"/0/0\r\n",
        _SDP + b"a=rtpmap:300 PCMA/99999999999\r\na=ptime:-1\r\na=maxptime:0\r\n",
        _SDP + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\r\na=fingerprint:sha-256 00\r\n",
        _SDP.replace(b"\r\n", b"\n"),
        bytes(4000),
    ):
        yield {}, body


def _invite(number: str, n: int, changes: dict[str, str], body: bytes) -> bytes:
    head = {
        "": f"INVITE sip:{number}@127.0.0.1 SIP/2.0",
        "Via": f"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKtorture{n}",
        "Max-Forwards": "70",
        "From": f"<sip:torture@127.0.0.1>;tag={n}",
        "To": f"<sip:{number}@127.0.0.1>",
        "Call-ID": f"torture-{n}",
        "CSeq": "1 INVITE",
        "Contact": "<sip:torture@127.0.0.1:9>",
        "Content-Type": "application/sdp",
        "Content-Length": str(len(body)),
        **changes,
    }
    first = head.pop("")
    lines = [first, *(f"{name}: {value}" for name, value in head.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body
