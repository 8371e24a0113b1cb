"""What both scripts share: introducing an alert, playing it, and taking its acknowledgement.

Owns: that a caller never waits in silence for the store, and never hears of a commit before it is one.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Self, TypeVar

from ivr.adapters.fastagi import Channel, HungUp, Played
from ivr.domain import spoken
from ivr.domain.facts import Acknowledged, Illegal
from ivr.domain.records import Alert, AlertState, Severity, Source, Tlp
from ivr.domain.spoken import prompt
from ivr.ports import StoreAway, StoreError
from ivr.services.desk import Desk

log = logging.getLogger(__name__)

R = TypeVar("R")

PATIENCE_S = 20.0
"""How long a call goes on trying a store that is away."""
PLAYS = 5
"""How often one alert may be heard in one call."""
_AGAIN_S = 0.5
_QUIET_S = 0.4
"""So long nothing is heard of a wait; then ticks are."""
_TICKS_S = 0.8
"""So long ticks alone are heard; then words are."""
DOUBLE_PRESS_S = 2.0
"""A 1 that comes so soon in an alert is the second half of a double press: the alert goes on."""


class Clerk:
    """Takes the work of one call to the store, in the background and in order, again while the store is away.

    Leaving its block waits for what was handed in: a key that was pressed counts even when the line drops
    before it is on record.
    """

    def __init__(self, call_id: str, patience_s: float) -> None:
        self._call_id = call_id
        self._patience_s = patience_s
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="clerk")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def hand(self, work: Callable[[], object]) -> None:
        """Have `work` done; a failure is logged."""
        self._submit(work).add_done_callback(self._look)

    def hurry(self, channel: Channel, work: Callable[[], object]) -> None:
        """As `hand`, but give it a moment to be done."""
        result = self._submit(work)
        result.add_done_callback(self._look)
        _soon_done(result, channel)

    def result(self, work: Callable[[], R], within_s: float) -> R | None:
        """The result of `work` if it is there within so long. It is done in any case; a failure is logged."""
        done = self._submit(work)
        done.add_done_callback(self._look)
        ready = wait([done], within_s).done
        return done.result() if ready and done.exception() is None else None

    def wait(self, channel: Channel, work: Callable[[], R], hold: str) -> R:
        """The result of `work`; until it is there ticks are heard, and `hold` again and again.

        Raises what `work` raises; StoreAway only after patience has run out.
        """
        result = self._submit(work)
        try:
            while not _soon_done(result, channel):
                channel.play([hold])
        except HungUp:
            result.add_done_callback(self._look)
            raise
        return result.result()

    def _submit(self, work: Callable[[], R]) -> "Future[R]":
        deadline = time.monotonic() + self._patience_s
        return self._pool.submit(_persist, work, deadline)

    def _look(self, done: "Future[Any]") -> None:
        if error := done.exception():
            log.error("call %s: a fact is not on record: %s", self._call_id, type(error).__name__)


def _soon_done(result: "Future[Any]", channel: Channel) -> bool:
    """Whether it is done within about a second, of which nobody hears much silence."""
    if wait([result], _QUIET_S).done:
        return True
    channel.tick()
    return bool(wait([result], _TICKS_S).done)


def _persist(work: Callable[[], R], deadline: float) -> R:
    while True:
        try:
            return work()
        except StoreAway:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_AGAIN_S)


def name(desk: Desk, team: str, written: str) -> list[str]:
    """The name of a team, spelled as it is written where it has no sound."""
    sound = desk.name_sound(team)
    return [str(sound.with_suffix(""))] if sound else spoken.spelled(written) or spoken.spelled(team)


def raised(desk: Desk, alert: Alert, zone: str | None) -> list[str]:
    """Who raised an alert, its number, and when: see spoken.moment for `zone`."""
    at = alert.recorded_at if alert.released_at is None else alert.released_at
    return [
        *([prompt("operator-for")] if alert.source is Source.OPERATOR else []),
        *name(desk, alert.team, alert.team_name),
        prompt("raised-alert"),
        *spoken.count(alert.id),
        *spoken.moment(at, zone),
    ]


_TLP = {
    Tlp.RED: prompt("tlp-red"),
    Tlp.AMBER_STRICT: prompt("tlp-amber-strict"),
    Tlp.AMBER: prompt("tlp-amber"),
    Tlp.GREEN: prompt("tlp-green"),
    Tlp.CLEAR: prompt("tlp-clear"),
}
_SEVERITY = {Severity.HIGH: [prompt("severity-high")], Severity.LOW: [prompt("severity-low")]}


def about(alert: Alert) -> list[str]:
    """What its originator says of an alert: how sure, how bad, with whom it may be shared."""
    sure = {None: [], True: [prompt("confirmed")], False: [prompt("unconfirmed")]}[alert.confirmed]
    shared = [_TLP[alert.tlp]] if alert.tlp else []
    return [*sure, *_SEVERITY.get(alert.severity, []), *shared]


def hear(channel: Channel, desk: Desk, alert: Alert, keys: str, start_s: float = 0.0) -> Played:
    """Play `alert` from `start_s` until its end, a key of `keys`, or a hangup, which is told, not raised."""
    played = channel.stream(str(desk.audio(alert).with_suffix("")), keys, start_s)
    if played.how == "missing":
        channel.play([prompt("alert-unplayable")])
    return played


def acknowledge(channel: Channel, clerk: Clerk, desk: Desk, fact: Acknowledged) -> bool:
    """Put an acknowledgement on record, and say what came of it once it has. Whether it has."""
    try:
        applied = clerk.wait(channel, lambda: desk.ledger.apply(fact), prompt("not-yet-recorded-hold"))
    except StoreError:
        log.error("alert %s: an acknowledgement of %s is not on record", fact.alert, fact.team)
        channel.play([prompt("not-recorded-call-back")])
        return False
    except Illegal:
        channel.play([prompt("withdrawn")])
        return False
    withdrawn = applied.alert is not None and applied.alert.state is AlertState.WITHDRAWN
    channel.play([prompt("withdrawn") if withdrawn else prompt("acknowledged-thanks")])
    return True


def finish(channel: Channel) -> None:
    """Say goodbye, and tell the dialplan that the script came to its end; it then hangs up."""
    channel.play([prompt("goodbye")])
    channel.set("TOCSIN_DONE", "1")
