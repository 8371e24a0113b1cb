"""A caller who has proved to belong to a team, as every part of the hotline needs them."""

from dataclasses import dataclass

from agi.listen import Clerk
from agi.menu import Menu, ask, helped
from ivr.adapters.fastagi import Channel
from ivr.domain.records import Account
from ivr.services.desk import Desk


class Gone(Exception):
    """The caller has not answered a question, in all its tries: the call is to end politely."""


@dataclass(frozen=True, slots=True)
class Caller:
    channel: Channel
    desk: Desk
    clerk: Clerk
    account: Account

    def ask(self, menu: Menu) -> str:
        """The key that was chosen, star or hash, see menu.ask. Raises Gone."""
        key = ask(self.channel, menu)
        if key is None:
            raise Gone
        return key

    def helped(self, menu: Menu) -> str:
        """The key that was pressed while the help of `menu` was said, or ''."""
        return helped(self.channel, menu)
