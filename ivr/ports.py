"""What the services need from outside, as Protocols.

Owns: the narrow waist between decisions and the world. Adapters satisfy these by shape; services and call
scripts know nothing else of them.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ivr.domain.facts import SmsSubmitted

R = TypeVar("R")


class StoreError(Exception):
    """The store has not taken, or not given, what it was asked; nothing was changed."""


class StoreAway(StoreError):
    """The store cannot take or give anything now (locked, full, gone). Trying again later may succeed."""


class DiskFull(StoreAway):
    """The disk takes nothing. What was kept for that is given up: tried again at once, it may succeed."""


class StoreRefused(StoreError):
    """The store will never take this: a mistake of ours. To try it again would hold up what is behind it."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """For `Records.find`: a column's value is this or more."""

    value: float


@dataclass(frozen=True, slots=True)
class AtMost:
    """For `Records.find`: a column's value is this or less."""

    value: float


class Records(Protocol):
    """One transaction: records in, records out. It is committed when its block ends, or not at all."""

    def get(self, kind: type[R], *key: Any) -> R | None:
        """The record with this primary key."""
        ...

    def find(self, kind: type[R], /, **where: Any) -> list[R]:
        """Every record whose columns equal (or are among a collection, or are AtLeast or AtMost) the given
        values; in the order of what is AtLeast, then of their keys."""
        ...

    def first(self, most: int, kind: type[R], /, **where: Any) -> list[R]:
        """The first `most` of what `find` would find."""
        ...

    def count(self, kind: type[Any], /, **where: Any) -> int:
        """How many records `find` would find."""
        ...

    def put(self, *records: Any) -> None:
        """Insert, or replace by primary key. Many of one kind at once cost much less than one by one."""
        ...

    def add(self, record: R) -> R:
        """Insert a record whose key the store gives; the result carries the key."""
        ...

    def append(self, *records: Any) -> None:
        """Insert records whose keys the store gives and nobody asks for."""
        ...

    def drop(self, *records: Any) -> None:
        """Delete by primary key."""
        ...

    def latest(self, kind: type[Any]) -> int:
        """The highest key the store has given to this kind; 0 for none."""
        ...

    def part(self) -> AbstractContextManager[None]:
        """A part of the transaction: if its block raises, nothing of it is kept, and all before it is. Raises
        StoreAway, which ends the whole transaction, and StoreRefused."""
        ...


class Store(Protocol):
    """Where state lives. Both raise StoreAway, and StoreRefused for what cannot be a record."""

    def write(self) -> AbstractContextManager[Records]: ...

    def read(self) -> AbstractContextManager[Records]: ...


class Reserve(Protocol):
    """Room on the disk of the store that is kept for the facts of a full disk."""

    @property
    def size(self) -> int:
        """In octets."""
        ...

    @property
    def is_given_up(self) -> bool:
        """Whether the disk has been full: until there is room again, nothing is to be written but facts."""
        ...

    def give_up(self) -> None: ...

    def renew(self) -> bool:
        """Make it where it is missing and there is room again; whether it is whole."""
        ...


class Pbx(Protocol):
    """The telephone exchange we stand behind, as the dialler drives it. Every method raises PbxAway."""

    @property
    def up(self) -> bool:
        """Whether it is connected, as far as we know."""
        ...

    @property
    def uptime_s(self) -> float:
        """How long it has been running; what was up before that is no more."""
        ...

    async def originate(
        self, call: str, number: str, trunk: str, ring_s: float, script: str = "callout"
    ) -> None:
        """Start a call with ChannelId `call`, led by `script` once it is answered; a refusal comes back as a
        fact."""
        ...

    async def hang_up(self, call: str) -> None: ...

    async def live(self) -> frozenset[str]:
        """Ids of all channels that exist now."""
        ...


class PbxAway(Exception):
    """Asterisk does not answer on AMI."""


class Programs(Protocol):
    """Asterisk, flite and sox, wherever they are installed."""

    def argv(self, program: str, *args: str) -> list[str]:
        """Return the argument list that runs `program`; raises adapters.pbx.tree.PbxMissing."""
        ...

    @property
    def modules(self) -> Path:
        """The folder of Asterisk's modules (asterisk.conf: astmoddir)."""
        ...

    @property
    def data(self) -> Path:
        """The folder of Asterisk's static data (asterisk.conf: astdatadir)."""
        ...

    @property
    def sounds(self) -> Path:
        """The real folder of the English core sounds, no symbolic link."""
        ...

    @property
    def version(self) -> str:
        """Asterisk's version, such as 22.10.1."""
        ...


class Texter(Protocol):
    """A link to one SMSC, or to a modem."""

    @property
    def name(self) -> str: ...

    @property
    def ready(self) -> bool:
        """Whether it is up, and SMS are better left waiting for it than given to another."""
        ...

    @property
    def room(self) -> int:
        """How many SMS it takes now."""
        ...

    def submit(self, reference: str, to: str, text: str) -> bool:
        """Hand one SMS over; False when it cannot be taken now. What becomes of it comes back as an event."""
        ...

    def holds(self, reference: str) -> bool:
        """Whether it has an SMS from before a restart, and will tell what becomes of it."""
        ...


class Taken(Protocol):
    """What SMSCs have taken and the store does not have yet: no kill of the service must forget it."""

    def left(self) -> Sequence[tuple[float, SmsSubmitted]]:
        """What a process before us has kept and perhaps not put on record, and when it came. It is over with
        the first `on_record`."""
        ...

    def keep(self, answer: SmsSubmitted, at: float) -> bool:
        """From any thread, at once; False when it cannot be kept."""
        ...

    def on_record(self) -> None:
        """The store has one more of those kept, or all of those left."""
        ...


class Clock(Protocol):
    def __call__(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


Wake = Callable[[], None]
"""Tells a service that something changed and it should look again."""
