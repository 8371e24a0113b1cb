"""Somebody with gpg in a home of their own: makes what mail programs make, and what an attacker would."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

PLAIN = ("-z", "0")
"""Not packed, so that the packets can be taken apart."""


@dataclass
class Peer:
    home: Path
    fingerprint: str = ""
    at: datetime | None = None
    """What its clock says; none: what it is."""

    def gpg(self, *args: str, given: bytes = b"") -> bytes:
        command = [
            "gpg",
            "--homedir",
            str(self.home),
            "--batch",
            "--yes",
            "--quiet",
            "--trust-model",
            "always",
        ]
        if self.at is not None:  # the clock stands, so that no run is in the future of the one after it
            command += ["--faked-system-time", f"{self.at:%Y%m%dT%H%M%S}!"]
        done = subprocess.run([*command, *args], input=given, capture_output=True, timeout=60)
        said = done.stderr.decode(errors="replace")
        assert done.returncode == 0 or "text lines longer than" in said, said  # it signs them all the same
        return done.stdout

    def make(self, user_id: str, algorithm: str = "ed25519", encrypt: str = "cv25519", *more: str) -> str:
        """A key with a subkey to encrypt to; its fingerprint."""
        quick = ("--pinentry-mode", "loopback", "--passphrase", "", *more)
        self.gpg(*quick, "--quick-gen-key", user_id, algorithm, "cert,sign", "0")
        self.fingerprint = self.listed()[-1]
        if encrypt:
            self.gpg(*quick, "--quick-add-key", self.fingerprint, encrypt, "encr", "0")
        return self.fingerprint

    def listed(self) -> list[str]:
        """The fingerprints of the primary keys."""
        lines = self.gpg("--with-colons", "--list-keys").decode().splitlines()
        return [
            line.split(":")[9]
            for before, line in pairwise(lines)
            if before.startswith("pub:") and line.startswith("fpr:")
        ]

    def public(self, fingerprint: str = "") -> bytes:
        return self.gpg("--armor", "--export", fingerprint or self.fingerprint)

    def knows(self, *others: "Peer") -> "Peer":
        for other in others:
            self.gpg("--import", given=other.public())
        return self

    def signed(self, data: bytes, *more: str) -> bytes:
        """A one-pass signature, the text and the signature, as packets."""
        return self.gpg(*PLAIN, "--local-user", self.fingerprint, *more, "--sign", given=data)

    def detached(self, data: bytes, *more: str) -> bytes:
        """A signature of its own, in ASCII armour."""
        return self.gpg("--armor", "--local-user", self.fingerprint, *more, "--detach-sign", given=data)

    def sealed(self, data: bytes, to: str, *more: str) -> bytes:
        """Signed and encrypted, as programs do it, in ASCII armour."""
        words = ("--armor", "--local-user", self.fingerprint, "--recipient", to, *more)
        return self.gpg(*words, "--sign", "--encrypt", given=data)

    def encrypted(self, packets: bytes, to: str, *more: str) -> bytes:
        """Any packets at all, encrypted, in ASCII armour."""
        words = (*PLAIN, "--no-literal", "--armor", "--recipient", to)
        return self.gpg(*words, *more, "--encrypt", given=packets)

    def signed_for(self, data: bytes, reader: str) -> bytes:
        """A detached signature as packet, which names its reader (RFC 9580, 5.2.3.36). gpg makes none, so the
        packet is made here, and gpg's agent signs it with an Ed25519 key (5.2.3.4, 5.2.4)."""
        issuer, readers = bytes.fromhex(self.fingerprint), bytes.fromhex(reader)
        made = int((self.at or datetime.now(UTC)).timestamp()).to_bytes(4, "big")
        pieces = (b"\x02" + made, b"\x21\x04" + issuer, b"\x23\x04" + readers)
        hashed = b"".join(bytes([len(piece)]) + piece for piece in pieces)
        head = b"\x04\x00\x16\x08" + len(hashed).to_bytes(2, "big") + hashed
        digest = sha256(data + head + b"\x04\xff" + len(head).to_bytes(4, "big"))
        listing = self.gpg("--with-colons", "--with-keygrip", "--list-keys", self.fingerprint).decode()
        grip = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("grp:"))
        orders = (f"SIGKEY {grip}", f"SETHASH --hash=sha256 {digest.hexdigest()}", "PKSIGN")
        said = subprocess.run(
            ["gpg-connect-agent", "--homedir", str(self.home), *orders, "/bye"],
            capture_output=True,
        ).stdout
        found = re.search(rb"\(1:r32:(.{32})\)\(1:s32:(.{32})\)", unquote_to_bytes(said), re.DOTALL)
        assert found is not None, said
        numbers = [int.from_bytes(number, "big") for number in found.groups()]
        sizes = [number.bit_length() for number in numbers]
        coded = [
            size.to_bytes(2, "big") + number.to_bytes((size + 7) // 8, "big")
            for size, number in zip(sizes, numbers, strict=True)
        ]
        return head + b"\0\0" + digest.digest()[:2] + b"".join(coded)

    def opened(self, message: bytes) -> bytes:
        return self.gpg("--decrypt", given=message)


@contextmanager
def peers(*names: str) -> Iterator[list[Peer]]:
    """Homes with short paths: gpg's agent has its socket there."""
    if shutil.which("gpg") is None:  # a peer that is missing must not look like one that agreed
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs gpg: apt install gnupg")
    folder = Path(tempfile.mkdtemp(prefix="gpg-"))
    homes = [folder / name for name in names]
    for home in homes:
        home.mkdir(mode=0o700)
    try:
        yield [Peer(home) for home in homes]
    finally:
        for home in homes:
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
