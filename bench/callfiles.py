"""The peer: the same dial-out with Asterisk's own call files (pbx_spool) and pure dialplan.

Owns: a feeder that keeps as many call files in the spool as there are lines, and the dialplan that answered
calls run. It is the best that call files allow, and fair: the same Asterisk, trunk, phones and prompts as
ours; the same numbers, pauses and order of calls; it learns of a call's end when our service would, from the
same AMI events; it needs no disk and forgets everything with its process. MaxRetries is 0, because Asterisk's
own retries keep one number and one pause.
"""

import itertools
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.matrix import Matrix, Row
from ivr.config import Settings
from ivr.domain import endpoint, spoken
from ivr.domain.attempts import Past
from ivr.domain.nextcall import CallAt, next_call
from ivr.domain.policy import Policy
from ivr.domain.records import Disposition

_UP = "6"
"""ChannelState of an answered channel."""
_BUSY = "17"

DIALPLAN = """
[bench]
exten => s,1,Background(tocsin/callout-greeting)
 same => n,Goto(1,1)
exten => 1,1,Playback({introduction})
 same => n,Goto(bench-alert,s,1)

[bench-alert]
exten => s,1,Background({alert}&tocsin/press-1-to-acknowledge-2-again)
 same => n,WaitExten(4)
 same => n,Hangup(16)
exten => 1,1,Playback(tocsin/acknowledged-thanks&tocsin/goodbye)
 same => n,Hangup(16)
"""
"""What agi/callout.py does for these phones, prompt for prompt."""


def dialplan(name: str, alert: str, at: float) -> str:
    """`name` and `alert`: sounds as Asterisk wants them."""
    words = [
        *(spoken.prompt("operator-for"), name, spoken.prompt("raised-alert"), *spoken.count(1)),
        *(spoken.prompt("on"), *spoken.date(at), spoken.prompt("at"), *spoken.time(at), spoken.prompt("utc")),
    ]
    return DIALPLAN.format(introduction="&".join(words), alert=alert)


class Feeder:
    """Which call files to write next: first calls in the order of the teams, then whoever is due longest."""

    def __init__(self, matrix: Matrix, policy: Policy, lines: int, now: float) -> None:
        self._policy = policy
        self._lines = lines
        self._began_at = now
        self._past: dict[str, list[Past]] = defaultdict(list)
        self._up: dict[str, Row] = {}
        self._waiting: dict[str, tuple[Row, CallAt]] = {}
        for row in matrix:
            self._expect(row, now)

    @property
    def done(self) -> bool:
        return not self._up and not self._waiting

    @property
    def again_at(self) -> float | None:
        """When the next pause is over; None: a line must become free first."""
        if len(self._up) >= self._lines:
            return None
        return min((call.due_at for _, call in self._waiting.values()), default=None)

    def start(self, now: float) -> Iterator[str]:
        """The numbers to call now."""
        due = sorted(self._waiting.values(), key=lambda entry: entry[1].due_at)
        for row, call in due[: self._lines - len(self._up)]:
            if call.due_at > now:
                break
            del self._waiting[row.team]
            self._up[call.number] = row
            yield call.number

    def ended(self, number: str, disposition: Disposition, now: float) -> None:
        """The call to `number` is over."""
        row = self._up.pop(number)
        self._past[row.team].append(Past(number, disposition, now))
        if disposition is not Disposition.ACKNOWLEDGED:
            self._expect(row, now)

    def _expect(self, row: Row, now: float) -> None:
        call = next_call(self._policy, row.phones, self._past[row.team], self._began_at, now)
        assert isinstance(call, CallAt), "the policy must not give up before the last outcome, an answer"
        self._waiting[row.team] = row, call


def feed(feeder: Feeder, settings: Settings, spool: Path, ring_s: float) -> None:
    """Feed the spool folder until every call is over."""
    trunk = settings.trunks[0].name
    ids = itertools.count(1)
    answered: set[str] = set()
    (spool / "outgoing").mkdir(exist_ok=True)
    with _Events(settings) as events:
        while not feeder.done:
            for number in feeder.start(time.time()):
                name = f"{next(ids):06}.call"
                (spool / name).write_text(_call_file(number, trunk, settings.network.hotline, ring_s))
                (spool / name).rename(spool / "outgoing" / name)  # it must be whole when Asterisk sees it
            for event in events.next(feeder.again_at):
                number = event.get("AccountCode", "")
                if event["Event"] == "Newstate" and event["ChannelState"] == _UP:
                    answered.add(number)
                elif event["Event"] == "Hangup" and number:
                    feeder.ended(number, _disposition(number in answered, event["Cause"]), time.time())


def _disposition(answered: bool, cause: str) -> Disposition:
    if answered:  # all that a call file can know
        return Disposition.ACKNOWLEDGED
    return Disposition.BUSY if cause == _BUSY else Disposition.NO_ANSWER


def _call_file(number: str, trunk: str, caller_id: str, ring_s: float) -> str:
    return (
        f"Channel: {endpoint.channel(trunk, number)}\nCallerID: <{caller_id}>\n"
        f"Account: {number}\nMaxRetries: 0\n"
        f"WaitTime: {ring_s:.0f}\nContext: bench\nExtension: s\nPriority: 1\n"
    )


class _Events:
    """The AMI events of our Asterisk, as the service's own adapter sees them, on a plain socket."""

    def __init__(self, settings: Settings) -> None:
        pbx = settings.pbx
        self._socket = socket.create_connection(("127.0.0.1", pbx.ami_port), 5)
        login = f"Action: Login\r\nUsername: {pbx.ami_user}\r\nSecret: {settings.secret('ami')}\r\n\r\n"
        self._socket.sendall(login.encode())
        self._buffer = b""

    def __enter__(self) -> "_Events":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def next(self, until: float | None) -> list[Mapping[str, str]]:
        """The events that come in next; none when the moment `until` came first."""
        self._socket.settimeout(60.0 if until is None else max(0.001, until - time.time()))
        try:
            data = self._socket.recv(65_536)
        except TimeoutError:
            if until is None:
                raise
            return []
        if not data:
            raise ConnectionError("Asterisk closed AMI in the middle of a run: see its log on the stage")
        *whole, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        headers = [_headers(message.decode()) for message in whole]
        return [message for message in headers if "Event" in message]


def _headers(message: str) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in message.split("\r\n"))
    return {key: value.strip() for key, _, value in pairs}
