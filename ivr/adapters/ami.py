"""Asterisk's manager interface (AMI), through panoramisk.

Owns: one connection after another, and the translation of AMI events into facts. panoramisk's faults are
met here and nowhere else: each connection gets a Manager of its own that never reconnects by itself (it would
dial forgotten Originates after a restart of Asterisk, and try a wrong secret every two seconds); every future
has a time-out; no value with a line break is sent; a callback never raises.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from panoramisk import Manager

from ivr.domain import endpoint
from ivr.domain.facts import CallAnswered, CallEnded, Fact
from ivr.ports import PbxAway

log = logging.getLogger(__name__)

_ANSWER_S = 5.0
"""How long Asterisk may take to answer an action before it counts as hung."""
_PING_S = 2.0
_HUNG_S = 3.0
"""Without an answer to a ping: a stopped Asterisk keeps its sockets open, and takes Originates meanwhile."""
_RETRY_S = (0.2, 0.5, 1.0, 2.0)
_REFUSED_S = 30.0
"""Before a refused login is tried again."""
_UP = "6"
"""ChannelState of an answered channel."""
_NEVER_S = 10**8

_NOT_CREATED = 0
"""Cause when Asterisk could not even create the channel (AST_CAUSE_NOTDEFINED)."""


@dataclass(frozen=True, slots=True)
class AmiAccount:
    port: int
    user: str
    secret: str
    host: str = "127.0.0.1"


async def _within(seconds: float, work: Awaitable[Any]) -> Any:
    """Raises TimeoutError. As asyncio.wait_for, but that swallows the cancellation of its task before Python
    3.12 if `work` is done at the same moment: a service that was told to stop then never ends."""
    async with asyncio.timeout(seconds):
        return await work


class _Connection(Manager):  # type: ignore[misc]  # panoramisk has no types
    """A Manager that connects once."""

    _spent = False

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        if self._spent:
            return None
        self._spent = True
        return super().connect(*args, **kwargs)


class Ami:
    """The Pbx port (see ports)."""

    def __init__(self, account: AmiAccount, caller_id: str) -> None:
        self._account = account
        self._caller_id = caller_id
        self._on_fact: Callable[[Fact], None] = lambda fact: None
        self._on_up: Callable[[], None] = lambda: None
        self._manager: _Connection | None = None
        self._booted_at = 0.0
        """By time.monotonic."""
        self._pending: set[asyncio.Future[Any]] = set()

    @property
    def up(self) -> bool:
        return self._manager is not None

    @property
    def uptime_s(self) -> float:
        return time.monotonic() - self._booted_at

    async def run(self, on_fact: Callable[[Fact], None], on_up: Callable[[], None]) -> None:
        """Keep a connection until cancelled. Both are called in the event loop: with each fact that Asterisk
        tells, and when a connection has come up."""
        self._on_fact, self._on_up = on_fact, on_up
        failures = 0
        while True:
            reason = await self._one_connection()
            was_up = self._manager is not None
            self._manager = None
            self._pending.clear()  # nobody will answer them: the dialler asks what is live
            failures = 0 if was_up else failures + 1
            if was_up or failures in (1, 10) or failures % 100 == 0:
                log.warning("Asterisk is away (%s); trying again", reason)
            refused = reason.startswith("login refused")
            await asyncio.sleep(_REFUSED_S if refused else _RETRY_S[min(failures, len(_RETRY_S) - 1)])

    async def _one_connection(self) -> str:
        """Connect, serve until the connection is lost; why it ended."""
        lost = asyncio.get_running_loop().create_future()
        booted = asyncio.Event()

        def on_booted(_: Manager, event: Any) -> None:
            uptime = str(event.uptime)
            self._booted_at = time.monotonic() - (int(uptime) if uptime.isdecimal() else 0)
            booted.set()

        def on_disconnect(_: Manager, reason: object) -> None:
            if not lost.done():
                lost.set_result(f"connection lost: {reason}")

        manager = _Connection(
            host=self._account.host,
            port=self._account.port,
            username=self._account.user,
            secret=self._account.secret,
            ping_delay=_NEVER_S,
            ping_interval=_NEVER_S,
            reconnect_timeout=_NEVER_S,
            forgetable_actions=("ping", "login", "originate", "hangup", "coreshowchannels"),
            on_disconnect=on_disconnect,
            loop=asyncio.get_running_loop(),
            log=logging.getLogger("panoramisk"),
        )
        manager.register_event("FullyBooted", on_booted)
        manager.register_event("Hangup", self._guarded(self._hangup))
        manager.register_event("Newstate", self._guarded(self._newstate))
        try:
            await _within(_ANSWER_S, manager.connect())
            await asyncio.sleep(0)  # lets panoramisk's own callback send the login
            login = await _within(_ANSWER_S, manager.authenticated_future)
            if not login.success:
                return f"login refused: check the secret of AMI user {self._account.user}"
            await _within(10 * _ANSWER_S, booted.wait())
            self._manager = manager
            self._on_up()
            return await self._watch(manager, lost)
        except OSError as error:
            return str(error)
        except TimeoutError:
            return "no answer on AMI"
        except Exception as error:  # panoramisk's own: what it cannot take must not end the service
            log.exception("connection to Asterisk")
            return type(error).__name__
        finally:
            manager.close()

    async def _watch(self, manager: _Connection, lost: "asyncio.Future[str]") -> str:
        """Ping until the connection is lost or Asterisk hangs: a stopped one keeps its sockets open."""
        while True:
            done, _ = await asyncio.wait({lost}, timeout=_PING_S)
            if done:
                return lost.result()
            await _within(_HUNG_S, manager.send_action({"Action": "Ping"}))

    def _guarded(self, handler: Callable[[Any], None]) -> Callable[[Any, Any], None]:
        def call(_: Manager, event: Any) -> None:
            try:
                handler(event)
            except Exception:  # an exception here would drop the whole connection
                log.exception("event %s", event.event)

        return call

    def _hangup(self, event: Any) -> None:
        self._on_fact(CallEnded(event.uniqueid, int(event.cause)))

    def _newstate(self, event: Any) -> None:
        if event.channelstate == _UP:
            self._on_fact(CallAnswered(event.uniqueid))

    async def originate(
        self, call: str, number: str, trunk: str, ring_s: float, script: str = "callout"
    ) -> None:
        """Start a call with ChannelId `call`, ringing for at most `ring_s`; once answered it comes to the
        context `script`. Raises PbxAway.

        Returns as soon as the action is sent; a refusal comes back as a CallEnded fact.
        """
        future = self._send(
            {
                "Action": "Originate",
                "Channel": endpoint.channel(trunk, number),
                "ChannelId": call,
                "Context": script,
                "Exten": "s",
                "Priority": "1",
                "CallerID": self._caller_id,
                "Timeout": str(int(ring_s * 1000)),
                "Async": "true",
            }
        )
        self._pending.add(future)
        future.add_done_callback(lambda done: self._originated(call, done))

    def _originated(self, call: str, done: "asyncio.Future[Any]") -> None:
        self._pending.discard(done)
        if done.cancelled() or done.exception() is not None:
            return  # the dialler sees that its call is missing
        messages = done.result() if isinstance(done.result(), list) else [done.result()]
        last = messages[-1]
        created = getattr(last, "uniqueid", "") == call  # then the Hangup event brings the cause
        if last.response not in ("Success",) and not created:
            self._on_fact(CallEnded(call, _NOT_CREATED))

    async def hang_up(self, call: str) -> None:
        """Ask for the end of a call; gone already is as good. Raises PbxAway."""
        answer = await self._answer(self._send({"Action": "Hangup", "Channel": call}))
        if answer.response != "Success":
            log.info("call %s was not hung up: %s", call, answer.message)

    async def live(self) -> frozenset[str]:
        """Uniqueids of all channels that exist now. Raises PbxAway."""
        messages = await self._answer(self._send({"Action": "CoreShowChannels"}))
        listed = messages if isinstance(messages, list) else [messages]
        return frozenset(m.uniqueid for m in listed if m.event == "CoreShowChannel")

    async def _answer(self, future: Awaitable[Any]) -> Any:
        try:
            return await _within(_ANSWER_S, future)
        except TimeoutError:
            raise PbxAway("Asterisk does not answer on AMI") from None

    def _send(self, action: dict[str, str]) -> "asyncio.Future[Any]":
        if self._manager is None:
            raise PbxAway("no connection to Asterisk")
        for key, value in action.items():
            if any(ord(c) < 32 or ord(c) == 127 for c in value):
                raise ValueError(f"control character in AMI header {key}")
        future: asyncio.Future[Any] = self._manager.send_action(action)
        return future
