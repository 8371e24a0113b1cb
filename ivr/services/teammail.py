"""The `mail` of a team in the team file: its addresses, and the key or certificate that is pinned for it.

Owns: what may stand there, and that a key is the one whose fingerprint the team has read out (docs/mail.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.domain import enrol
from ivr.domain.mail import Standard
from ivr.domain.publickey import certificate_fingerprint, openpgp_fingerprint
from ivr.domain.records import MailAddress, MailKey

_MOST = 20
"""Addresses of a team."""


@dataclass(frozen=True, slots=True)
class MailEntry:
    """How a team takes part by mail."""

    key: MailKey
    addresses: tuple[MailAddress, ...]


def entry(team: str, shape: Any) -> MailEntry | None:
    """What the file says; None for a team that takes no part. `shape` is one of `shape_of`."""
    if shape is None:
        return None
    is_openpgp = shape.standard is Standard.OPENPGP
    text = shape.key if is_openpgp else shape.certificate
    found = openpgp_fingerprint(text) if is_openpgp else certificate_fingerprint(text)
    return MailEntry(
        MailKey(team, shape.standard, found, text, shape.gcm),
        tuple(MailAddress(team, n, address) for n, address in enumerate(shape.addresses)),
    )


def shape_of(folder: Path, once: Callable[[Callable[[str], str]], Callable[[str], str]]) -> Any:
    """The shape for one reading of a file in `folder`. `once(check)` is a check of what may belong to one
    team alone."""

    def text_of(check: Callable[[str], str]) -> Any:
        """A field whose value is the content of the file that is named."""
        pinned = once(check)

        def read(name: str) -> str:
            try:
                text = (folder / name).read_text(encoding="ascii")
            except UnicodeDecodeError:
                text = ""
            except OSError as error:
                raise ValueError(f"{name}: cannot be read: {error.strerror}") from error
            try:
                pinned(text)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            return text

        return field(default=None, metadata={"check": read})

    address = once(lambda text: enrol.address(text).lower())

    def all_of(texts: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(texts) <= _MOST:
            raise ValueError(f"must be 1 to {_MOST} addresses; the first is where the team's mail goes")
        return tuple(address(text) for text in texts)

    @dataclass(frozen=True)
    class MailShape:
        addresses: tuple[str, ...] = field(metadata={"check": all_of})
        standard: Standard
        key: str | None = text_of(openpgp_fingerprint)
        fingerprint: str | None = field(default=None, metadata={"check": enrol.fingerprint})
        certificate: str | None = text_of(certificate_fingerprint)
        gcm: bool = False

        def __post_init__(self) -> None:
            if self.standard is Standard.SMIME:
                if self.certificate is None or self.key or self.fingerprint:
                    raise ValueError("with standard smime: give the team's certificate, and no key")
                return
            if self.key is None or self.fingerprint is None or self.certificate:
                raise ValueError("with standard openpgp: give key and fingerprint, and no certificate")
            if self.gcm:
                raise ValueError("gcm is for standard smime alone")
            if openpgp_fingerprint(self.key) != self.fingerprint:
                raise ValueError("the key has another fingerprint than the team has read out; ask it again")

    return MailShape
