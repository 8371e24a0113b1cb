"""The ledger on a real store, told in the words of a story: what happened, and what is on record then."""

import math
import struct
import wave
from pathlib import Path
from typing import Any, TypeVar

from ivr.adapters.audio.wav import RATE
from ivr.domain import facts
from ivr.domain.facts import Fact
from ivr.domain.records import (
    Account,
    Alert,
    Call,
    Delivery,
    DeliveryState,
    Disposition,
    Entry,
    Leg,
    Number,
    Severity,
    Source,
    Team,
    Via,
)
from ivr.ports import Store
from ivr.services.ledger import Applied, Ledger

CONFIGURATION = """\
network:
  name: Example Network
  hotline: "+4940808077555"
trunks:
  - name: sip-a
    host: 127.0.0.1
    lines: 4
"""

R = TypeVar("R")

NOON = 1_795_356_180.0
"""2026-11-22 14:03 UTC, when every story begins."""

TEAMS = (
    Team("abc-cert", "ABC-CERT"),
    Team("def-cert", "DEF-CERT"),
    Team("ghi-cert", "GHI-CERT"),
    Team("xyz-cert", "XYZ-CERT"),
)
NUMBERS = (
    Number("abc-cert", 0, "+4940100001"),
    Number("def-cert", 0, "+4940100002"),
    Number("ghi-cert", 0, "+4940100003"),
    Number("ghi-cert", 1, "+4917100003", sms=True),
    Number("xyz-cert", 0, "+4940100004"),
    Number("xyz-cert", 1, "+4917100004", sms=True),
)
ACCOUNTS = (Account("40712", "abc-cert"), Account("40713", "xyz-cert"))
RAISER = "abc-cert"
CALLED = ("def-cert", "ghi-cert", "xyz-cert")
"""Whom an alert of the raiser goes to."""


class ManualClock:
    """A clock that stands until it is told to move."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


def speak(path: Path, seconds: float, amplitude: int = 4634) -> Path:
    """Write a tone of 400 Hz at the level of the prompts, or silence, as Asterisk would record it."""
    samples = [round(amplitude * math.sin(2 * math.pi * n / 20)) for n in range(20)]
    count = round(seconds * RATE)
    frames = struct.pack("<20h", *samples) * (count // 20 + 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(frames[: count * 2])
    return path


class Book:
    """Writes facts into the ledger, and reads what became of them."""

    def __init__(self, store: Store, ledger: Ledger, clock: ManualClock, folder: Path) -> None:
        self.store = store
        self.ledger = ledger
        self.clock = clock
        self._folder = folder
        self._calls = 0
        self._takes = 0

    def apply(self, fact: Fact) -> Applied:
        return self.ledger.apply(fact)

    # -- what happens ------------------------------------------------------------------------------------

    def records(
        self, team: str = RAISER, replaces: int | None = None, severity: Severity = Severity.MEDIUM
    ) -> int:
        """A caller of `team` has recorded; the draft's number."""
        self._takes += 1
        path = speak(self._folder / f"take {self._takes}.wav", 2.0)
        fact = facts.AlertRecorded(
            team, "40712", Source.HOTLINE, str(path), 2.0, f"{self._takes:064x}", replaces, severity
        )
        alert = self.apply(fact).alert
        assert alert is not None
        return alert.id

    def raises(self, team: str = RAISER) -> int:
        """A caller of `team` has recorded and sent; the alert's number."""
        alert = self.records(team)
        self.apply(facts.AlertReleased(alert))
        return alert

    def rings(
        self, team: str, *alerts: int, number: str | None = None, trunk: str = "sip-a", probe: bool = False
    ) -> str:
        """A call to `team` is placed, to the number it is due at; the call's id."""
        self._calls += 1
        call = f"call-{self._calls:04}"
        to = number or self.delivery(alerts[0], team).number
        assert to is not None, f"{team} has no number that may be called"
        self.apply(facts.CallPlaced(call, team, to, trunk, alerts, probe))
        return call

    def answers(self, call: str) -> None:
        self.apply(facts.CallAnswered(call))

    def hangs_up(self, call: str, cause: int | None = 16) -> None:
        self.apply(facts.CallEnded(call, cause))

    def calls_in_vain(
        self,
        team: str,
        alert: int,
        cause: int,
        rings_s: float = 0.0,
        trunk: str = "sip-a",
        probe: bool = False,
    ) -> None:
        """A call that nobody answers, from its begin to its end."""
        call = self.rings(team, alert, trunk=trunk, probe=probe)
        self.clock.forward(rings_s)
        self.hangs_up(call, cause)

    def presses_1(self, call: str, alert: int, team: str) -> None:
        self.apply(facts.Acknowledged(alert, team, Via.KEYPRESS, "+4940100002", call))

    def acknowledges(self, alert: int, team: str) -> None:
        """Without a call of ours: the team has called in."""
        self.apply(facts.Acknowledged(alert, team, Via.HOTLINE, "40713"))

    # -- what is on record then --------------------------------------------------------------------------

    def get(self, kind: type[R], *key: Any) -> R:
        with self.store.read() as tx:
            found = tx.get(kind, *key)
        assert found is not None, f"there is no {kind.__name__} {key}"
        return found

    def find(self, kind: type[R], **where: Any) -> list[R]:
        with self.store.read() as tx:
            return tx.find(kind, **where)

    def alert(self, number: int) -> Alert:
        return self.get(Alert, number)

    def delivery(self, alert: int, team: str) -> Delivery:
        return self.get(Delivery, alert, team)

    def call(self, call: str) -> Call:
        return self.get(Call, call)

    def states(self, alert: int) -> dict[str, DeliveryState]:
        return {d.team: d.state for d in self.find(Delivery, alert=alert)}

    def dispositions(self, alert: int, team: str) -> list[Disposition | None]:
        """Of the calls to `team` about the alert, in their order."""
        legs = self.find(Leg, alert=alert, team=team)
        return [leg.disposition for leg in sorted(legs, key=lambda leg: leg.n)]

    def journal(self) -> list[str]:
        return [entry.what for entry in self.find(Entry)]

    def everything(self) -> list[Any]:
        """All that is on record but the directory: to see that nothing has changed."""
        with self.store.read() as tx:
            return [record for kind in (Alert, Delivery, Call, Leg, Entry) for record in tx.find(kind)]
