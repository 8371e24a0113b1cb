"""Asterisk's manager interface (AMI), through panoramisk.

Owns: one connection after another, and the translation of AMI events into facts. panoramisk's faults are
met here and nowhere else: each connection gets a Manager of its own that never reconnects by itself (it would
dial forgotten Originates after a restart of Asterisk, and try a wrong secret every two seconds); every future
has a time-out; no value with a line break is sent; a callback never raises.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ivr.adapters.ami.calls import Calls
from ivr.adapters.ami.link import ANSWER_S, AmiAccount, Connection, within
from ivr.adapters.ami.observer import Observer, Refused
from ivr.domain.facts import CallEnded, Fact
from ivr.domain.records import Reached
from ivr.ports import PbxAway

log = logging.getLogger(__name__)

_PING_S = 2.0
_HUNG_S = 3.0
"""Without an answer to a ping: a stopped Asterisk keeps its sockets open, and takes Originates meanwhile."""
_RETRY_S = (0.2, 0.5, 1.0, 2.0)
_REFUSED_S = 30.0
"""Before a refused login is tried again."""

_LATE_S = 0.5
"""By which the events of a call may be later than the answer to its Originate: they go other ways."""
_NOT_CREATED = 0
"""Cause when Asterisk could not even create the channel (AST_CAUSE_NOTDEFINED)."""


class Ami:
    """The Pbx port (see ports)."""

    def __init__(
        self,
        account: AmiAccount,
        channel: Callable[[str, str], str],
        caller_id: Callable[[str], str],
        observers: Sequence[Callable[[], Observer]] = (),
    ) -> None:
        """`channel`: what to dial, of a trunk and a number in E.164 form. `caller_id`: that of a trunk."""
        self._account = account
        self._channel = channel
        self._caller_id = caller_id
        self._observers = observers
        self._on_fact: Callable[[Fact], None] = lambda fact: None
        self._on_up: Callable[[], None] = lambda: None
        self._manager: Connection | None = None
        self._booted_at = 0.0
        """By time.monotonic."""
        self._pending: set[asyncio.Future[Any]] = set()
        self._calls = Calls()
        """Those of the present connection."""

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

        def on_booted(_: Any, event: Any) -> None:
            uptime = str(event.uptime)
            self._booted_at = time.monotonic() - (int(uptime) if uptime.isdecimal() else 0)
            booted.set()

        def on_disconnect(_: Any, reason: object) -> None:
            if not lost.done():
                lost.set_result(f"connection lost: {reason}")

        manager = Connection(self._account, on_disconnect)
        manager.register_event("FullyBooted", on_booted)
        observers = [new() for new in self._observers]
        self._calls = Calls()
        for events in (self._calls.events, *(observer.events for observer in observers)):
            for name, facts in events.items():
                manager.register_event(name, partial(self._tell, facts))
        try:
            await within(ANSWER_S, manager.connect())
            await asyncio.sleep(0)  # lets panoramisk's own callback send the login
            login = await within(ANSWER_S, manager.authenticated_future)
            if not login.success:
                return f"login refused: check the secret of AMI user {self._account.user}"
            await within(10 * ANSWER_S, booted.wait())
            self._manager = manager
            self._on_up()
            asking = [asyncio.create_task(self._ask(observer)) for observer in observers]
            try:
                return await self._watch(manager, lost)
            finally:
                for task in asking:
                    task.cancel()
        except OSError as error:
            return str(error)
        except TimeoutError:
            return "no answer on AMI"
        except Exception as error:  # panoramisk's own: what it cannot take must not end the service
            log.exception("connection to Asterisk")
            return type(error).__name__
        finally:
            manager.close()

    async def _watch(self, manager: Connection, lost: "asyncio.Future[str]") -> str:
        """Ping until the connection is lost or Asterisk hangs: a stopped one keeps its sockets open."""
        while True:
            done, _ = await asyncio.wait({lost}, timeout=_PING_S)
            if done:
                return lost.result()
            await within(_HUNG_S, manager.send_action({"Action": "Ping"}))

    async def _ask(self, observer: Observer) -> None:
        """As often as it wants, until cancelled."""
        while True:
            try:
                for fact in await observer.ask(self._list):
                    self._on_fact(fact)
            except PbxAway as error:
                log.warning("%s: how the trunks are is not known", error)
            except Exception:  # what one observer cannot read must not end the others, nor the calls
                log.exception("%s", type(observer).__name__)
            await asyncio.sleep(observer.every_s)

    def _tell(self, facts: Callable[[Any], Iterable[Fact]], _: Any, event: Any) -> None:
        try:
            for fact in facts(event):
                self._on_fact(fact)
        except Exception:  # an exception here would drop the whole connection
            log.exception("event %s", event.event)

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
                "Channel": self._channel(trunk, number),
                "ChannelId": call,
                "Context": script,
                "Exten": "s",
                "Priority": "1",
                "CallerID": self._caller_id(trunk),
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
        if messages[-1].response != "Success":
            asyncio.get_running_loop().call_later(_LATE_S, self._refused, call, self._calls)

    def _refused(self, call: str, calls: Calls) -> None:
        """Where there was a channel, its Hangup brings the cause: Asterisk's answer names the call even where
        there was none."""
        if calls is self._calls and not calls.has_seen(call):
            self._on_fact(CallEnded(call, _NOT_CREATED, Reached.NOWHERE))

    async def hang_up(self, call: str) -> None:
        """Ask for the end of a call; gone already is as good. Raises PbxAway."""
        answer = await self._answer(self._send({"Action": "Hangup", "Channel": call}))
        if answer.response != "Success":
            log.info("call %s was not hung up: %s", call, answer.message)

    async def live(self) -> frozenset[str]:
        """Uniqueids of all channels that exist now. Raises PbxAway."""
        listed = await self._list({"Action": "CoreShowChannels"})
        return frozenset(m.uniqueid for m in listed if m.event == "CoreShowChannel")

    async def _list(self, action: Mapping[str, str]) -> Sequence[Any]:
        answer = await self._answer(self._send(action))
        messages = answer if isinstance(answer, list) else [answer]
        if messages[0].response == "Error":
            raise Refused(f"Asterisk refuses {action['Action']}: run `tocsin pbx render` and restart it")
        return messages

    async def _answer(self, future: Awaitable[Any]) -> Any:
        try:
            return await within(ANSWER_S, future)
        except TimeoutError:
            raise PbxAway("Asterisk does not answer on AMI") from None

    def _send(self, action: Mapping[str, str]) -> "asyncio.Future[Any]":
        if self._manager is None:
            raise PbxAway("no connection to Asterisk")
        for key, value in action.items():
            if any(ord(c) < 32 or ord(c) == 127 for c in value):
                raise ValueError(f"control character in AMI header {key}")
        future: asyncio.Future[Any] = self._manager.send_action(dict(action))
        return future
