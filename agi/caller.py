"""A caller who has proved to belong to a team, as every part of the hotline needs them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from agi.listen import Clerk
from agi.menu import Menu, ask, helped
from ivr.adapters.fastagi import Channel
from ivr.domain.records import Account
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

R = TypeVar("R")


class Gone(Exception):
    """The caller has not answered a question, in all its tries: the call is to end politely."""


@dataclass(frozen=True, slots=True)
class Caller:
    channel: Channel
    desk: Desk
    clerk: Clerk
    account: Account

    def ask(self, menu: Menu) -> str:
        """The key that was chosen, star or hash, see menu.ask. Raises Gone and OperatorWanted."""
        key = ask(self.channel, menu, self._operator)
        if key is None:
            raise Gone
        return key

    def helped(self, menu: Menu) -> str:
        """The key that was pressed while the help of `menu` was said, or ''. Raises OperatorWanted."""
        return helped(self.channel, menu, self._operator)

    def look_up(self, work: Callable[[], R]) -> R:
        """The result of `work` at the desk, which may have to wait for the store. Raises StoreAway."""
        return self.clerk.wait(self.channel, work, prompt("one-moment"))

    @property
    def _operator(self) -> bool:
        return self.desk.settings.network.duty_operator is not None
