"""Who takes part by mail, as the gate tells it. Owns: whose an address and a signing key are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.domain.mail import Recipient, Standard


@dataclass(frozen=True, slots=True)
class Member:
    """A team that takes part. Suspended teams are none."""

    team: str
    name: str
    standard: Standard
    fingerprint: str
    """As in `ivr.domain.mail.Opened.signer`."""
    key: str
    """The public key in ASCII armour, or the certificate in PEM."""
    addresses: tuple[str, ...]
    """In lower case. Its mail goes to the first; it may write from all."""
    gcm: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Member":
        """From what the gate tells (ivr.services.members)."""
        values = {**document, "standard": Standard(document["standard"])}
        return cls(**{**values, "addresses": tuple(document["addresses"])})

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.team, self.addresses[0], self.standard, self.fingerprint, self.gcm)


class Members:
    """All of them at one moment."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._all = tuple(members)
        self._signers = {(m.standard, m.fingerprint): m for m in self._all}
        self._writers = {address: m for m in self._all for address in m.addresses}

    def __iter__(self) -> Iterator[Member]:
        return iter(self._all)

    def who_signs(self, standard: Standard, fingerprint: str) -> Member | None:
        return self._signers.get((standard, fingerprint))

    def who_writes(self, address: str) -> Member | None:
        """Whose address (in lower case) this is. An address proves nothing."""
        return self._writers.get(address)
