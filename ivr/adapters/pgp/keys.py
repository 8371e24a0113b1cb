"""What gpg lists about a key, and whether it may be used. Pure: bytes in, values out.

Owns: the colon format (gnupg, doc/DETAILS) and which keys are too weak. Must not run gpg.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

_LENGTH_COUNTS = ("1", "2", "3", "16", "17")
"""RSA, ElGamal, DSA (RFC 9580, 9.1). The other algorithms are on curves, none of which is too short."""
_SHORTEST = 2048
_REVOKED, _INVALID = "r", "i"
_FOR = {"e": "encrypt", "s": "sign"}


@dataclass(frozen=True, slots=True)
class Part:
    """A primary key, or one of its subkeys."""

    fingerprint: str
    uses: str
    """Of `e` encrypt, `s` sign, `c` certify, `a` authenticate."""
    weak: bool
    void: bool
    """Revoked, or not bound to its primary key as it ought to be."""
    expires: float | None
    """Seconds since the epoch, UTC; None: never."""

    def expired(self, at: float) -> bool:
        """Whether it has expired at that moment."""
        return self.expires is not None and self.expires <= at


@dataclass(slots=True)
class Key:
    """A key as a team knows it: by the fingerprint of its primary key."""

    parts: list[Part] = field(default_factory=list)
    """The primary key first."""

    @property
    def fingerprint(self) -> str:
        """Of the primary key: hexadecimal digits, capitals."""
        return self.parts[0].fingerprint

    def weak(self, fingerprint: str) -> bool:
        """Whether what the part with this fingerprint signs is worth nothing: it or the primary key is
        short."""
        return self.parts[0].weak or any(p.weak for p in self.parts if p.fingerprint == fingerprint)

    def failing(self, use: str, now: float, ahead_s: float = 0.0) -> str | None:
        """Why in `ahead_s` seconds nobody can encrypt (`e`) to it, or its owner cannot sign (`s`), as the end
        of a sentence; None where all is well."""
        at = now + ahead_s
        primary, live = self.parts[0], [part for part in self.parts if use in part.uses and not part.void]
        if primary.void:
            return "is revoked"
        if primary.expired(at):
            return _expiry(primary, now)
        if not live:
            return f"has no part to {_FOR[use]} with that is not revoked"
        if all(part.expired(at) for part in live):
            return _expiry(max(live, key=lambda part: part.expires or 0.0), now)
        if primary.weak or any(part.weak for part in live if not part.expired(at)):
            return f"is too short: RSA and DSA need {_SHORTEST} bits"
        return None


def _expiry(part: Part, now: float) -> str:
    day = datetime.fromtimestamp(part.expires or now, UTC)
    return f"{'has expired' if part.expired(now) else 'expires'} on {day:%Y-%m-%d} (UTC)"


def listed(colons: bytes) -> Iterator[Key]:
    """The keys of a listing. Lines end at LF alone: a user id may hold what Unicode takes for an end."""
    key: Key | None = None
    record: list[str] = []
    for line in colons.split(b"\n"):
        fields = line.decode(errors="replace").split(":")
        match fields[0]:
            case "pub" | "sec" | "sub" | "ssb":
                if fields[0] in ("pub", "sec"):
                    if key is not None:
                        yield key
                    key = Key()
                record = fields
            case "fpr" if record and key is not None:
                key.parts.append(_part(record, fields[9]))
                record = []
    if key is not None:
        yield key


def _part(record: list[str], fingerprint: str) -> Part:
    _, validity, length, algorithm, _, _, expires = record[:7]
    return Part(
        fingerprint,
        "".join(use for use in record[11] if use.islower()),  # capitals are of the key as a whole
        algorithm in _LENGTH_COUNTS and int(length) < _SHORTEST,
        validity in (_REVOKED, _INVALID) or "D" in record[11],
        float(expires) if expires else None,
    )
