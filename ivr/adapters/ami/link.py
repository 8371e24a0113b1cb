"""One connection to Asterisk's manager interface: panoramisk's Manager, made to connect once and no more.

Owns: who we are there, how long an answer may take. Must not know what is said.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from panoramisk import Manager

ANSWER_S = 5.0
"""How long Asterisk may take to answer an action before it counts as hung."""
_NEVER_S = 10**8
_FORGET = ("ping", "login", "originate", "hangup", "coreshowchannels")
"""What is not sent again by panoramisk after it has connected anew."""

_log = logging.getLogger("panoramisk")
_log.setLevel(logging.INFO)
"""Below that it would write down all that Asterisk tells, the passwords of registrations among it."""


@dataclass(frozen=True, slots=True)
class AmiAccount:
    port: int
    user: str
    secret: str
    host: str = "127.0.0.1"


async def within(seconds: float, work: Awaitable[Any]) -> Any:
    """Raises TimeoutError. As asyncio.wait_for, but that swallows the cancellation of its task before Python
    3.12 if `work` is done at the same moment: a service that was told to stop then never ends."""
    async with asyncio.timeout(seconds):
        return await work


class Connection(Manager):  # type: ignore[misc]  # panoramisk has no types
    """A Manager that connects once."""

    _spent = False

    def __init__(self, account: AmiAccount, on_disconnect: Callable[[Manager, object], None]) -> None:
        super().__init__(
            host=account.host,
            port=account.port,
            username=account.user,
            secret=account.secret,
            ping_delay=_NEVER_S,
            ping_interval=_NEVER_S,
            # It asks for `connect` then, which does nothing; until then the loop would keep all of it.
            reconnect_timeout=0,
            forgetable_actions=_FORGET,
            on_disconnect=on_disconnect,
            loop=asyncio.get_running_loop(),
            log=_log,
        )

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        if self._spent:
            return None
        self._spent = True
        return super().connect(*args, **kwargs)
