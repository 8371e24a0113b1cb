"""The process `tocsin serve bridge`: what it runs, and in which rounds.

Owns: who works when. Mail that comes in, and mail that goes out, each have a thread at a time; neither waits
for the other, and the hotline waits for none.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from ivr.bridge.correspondence import Correspondence, Sealer
from ivr.bridge.failing import Failing
from ivr.bridge.gate import Current, Gate, GateAway, GateRefused
from ivr.bridge.incoming import Incoming
from ivr.bridge.intake.mail import Context, IodefReader, Opener, Trouble
from ivr.bridge.lmtp import LmtpServer
from ivr.bridge.members import Member, Members
from ivr.bridge.outgoing import Outgoing
from ivr.bridge.postman import Postman
from ivr.bridge.reception import Reception
from ivr.bridge.sending import Transport
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeAway, BridgeStore
from ivr.bridge.telling import Telling
from ivr.bridge.tokens import Tokens
from ivr.bridge.worker import Worker
from ivr.config.bridge import Bridge
from ivr.domain.mail import Standard
from ivr.domain.records import FailingKey
from ivr.ports import Clock

log = logging.getLogger(__name__)

_LOOK_S = 2.0
"""Between two looks for mail from a pipe, or for an alert that was raised by telephone."""
_READY_S = 5.0
"""For so long an answer of the hotline is good: a mail that is taken meanwhile waits on our disk."""
_SWEEP_S = 3600.0
_WATCH_S = 3600.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What the bridge works with, put together by `ivr.bridge.tools`."""

    gate: Callable[[], Gate]
    """One for each thread."""
    openers: Mapping[Standard, Opener]
    sealers: Mapping[Standard, Sealer]
    pin: Callable[[Members], None]
    """Have the key or certificate of each of them trusted. Raises Trouble."""
    read_iodef: IodefReader
    write_iodef: Callable[[Current], bytes | None]
    """What is known of an alert that was spoken; None where that is too little for a document."""
    transport: Transport
    failing: Callable[[Members, float], list[FailingKey]]
    """Whose keys fail then, or will within a month; the list's own too. Raises Trouble."""


@dataclass
class BridgeProcess:
    settings: Bridge
    network: str
    hotline: str
    store: BridgeStore
    spool: Spool
    tokens: Tokens
    tools: Tools
    clock: Clock
    _pinned: tuple[Member, ...] = field(default=(), init=False)
    _pinning: Lock = field(default_factory=Lock, init=False)
    _asking: Lock = field(default_factory=Lock, init=False)
    _answered_at: float = field(default=0.0, init=False)
    _wake: Callable[[], None] = field(default_factory=lambda: _nobody, init=False)
    """Has what is queued sent."""

    async def run(self, ready: Callable[[], None]) -> None:
        """Until cancelled; `ready` is called once mail is taken. Raises OSError where it cannot listen."""
        loop, came, goes = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        settings = self.settings

        def wake() -> None:
            loop.call_soon_threadsafe(came.set)

        def send() -> None:
            loop.call_soon_threadsafe(goes.set)

        self._wake = send
        domain, most = settings.domain, self.most_octets
        reception = Reception(domain, most, self.spool, self.clock, self._is_ready, wake)
        where = settings.port if settings.port is not None else settings.socket
        server = LmtpServer(where, settings.domain, self.most_octets, reception)
        await server.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_rounds(self._take_in, came))
                tasks.create_task(_rounds(self._send_out, goes))
                tasks.create_task(self._sweep())
                tasks.create_task(self._watch())
                ready()
        finally:
            server.stop()

    def close(self) -> None:
        """Once the loop has ended, which waits for its threads."""
        for gate in (self._asks, self._in, self._out):
            gate.close()

    @property
    def most_octets(self) -> int:
        return int(self.settings.most_mb * 1_000_000)

    def __post_init__(self) -> None:
        self._asks, self._in, self._out = (self.tools.gate() for _ in range(3))
        self._postman = Postman(
            Outgoing(self.store),
            self.tools.transport,
            self._out,
            self.tokens,
            self.settings.domain,
            self.clock,
        )
        self._telling = Telling(self._out, lambda: self._known(self._out), self.tools.write_iodef)

    def _is_ready(self) -> bool:
        """Whether the hotline answers, or did so a moment ago, and our own database."""
        try:
            with self._asking:
                if self.clock() - self._answered_at > _READY_S:
                    self._asks.members()
                    self._answered_at = self.clock()
            with self.store.read():
                return True
        except (GateAway, GateRefused, BridgeAway) as error:
            log.warning("mail is left with the mail server: %s", error)
            return False

    def _take_in(self) -> None:
        incoming = Incoming(self.store)
        Worker(self.spool, incoming, self._in, self._context, self._letters, self.clock).run()

    def _send_out(self) -> None:
        """What was spoken is written, what is queued is sent."""
        try:
            self._telling.look(self._letters)
        except (GateAway, GateRefused) as error:
            log.warning("alerts wait to be written: %s", error)
        self._postman.run()

    async def _watch(self) -> None:
        """Keys are pinned before the first mail comes, and looked at every hour."""
        while True:
            done = await asyncio.to_thread(self._look_at_keys)
            await asyncio.sleep(_WATCH_S if done else _LOOK_S)

    def _look_at_keys(self) -> bool:
        """Operators and teams hear of those that fail; whether they do."""
        try:
            with self._asking:
                members = self._known(self._asks)
                found = self.tools.failing(members, self.clock())
                Failing(self.store).put(found)
                self._asks.keys(found)
            teams = {member.team: member for member in members}
            for key in found:
                if key.team is not None:
                    self._letters.key(key, teams[key.team])
        except (GateAway, GateRefused, BridgeAway, Trouble, OSError) as error:
            log.warning("keys are looked at later: %s", error)
            return False
        return True

    async def _sweep(self) -> None:
        while True:
            now = self.clock()
            before = now - self.settings.keep_days * _DAY_S
            await asyncio.to_thread(self._forget, before, now)
            await asyncio.sleep(_SWEEP_S)

    def _forget(self, before: float, now: float) -> None:
        try:
            Incoming(self.store).sweep(before, now)
            Outgoing(self.store).sweep(before)
            self.spool.sweep(before)
        except (BridgeAway, OSError) as error:
            log.warning("what is old stays for now: %s", error)

    def _known(self, gate: Gate) -> Members:
        """The members, with their keys pinned."""
        members = gate.members()
        with self._pinning:
            if tuple(members) != self._pinned:
                self.tools.pin(members)
                self._pinned = tuple(members)
        return members

    def _context(self) -> Context:
        return Context(
            self.settings.domain,
            self._known(self._in),
            self.tools.openers,
            self.store.claim,
            self.tokens.alert_of,
            self.tools.read_iodef,
            self.most_octets,
        )

    @property
    def _letters(self) -> Correspondence:
        return Correspondence(
            Outgoing(self.store),
            self.tools.sealers,
            self.tokens,
            self.network,
            self.settings.domain,
            self.hotline,
            self.clock,
            self.settings.default_tlp,
            self._wake,
        )


def _nobody() -> None:
    """Before there is a loop to wake."""


async def _rounds(work: Callable[[], None], bell: asyncio.Event) -> None:
    """Work again and again: when the bell rings, and every now and then."""
    while True:
        bell.clear()
        try:
            await asyncio.to_thread(work)
        except (BridgeAway, OSError) as error:
            log.warning("the bridge waits: %s", error)
        try:
            async with asyncio.timeout(_LOOK_S):
                await bell.wait()
        except TimeoutError:
            continue
