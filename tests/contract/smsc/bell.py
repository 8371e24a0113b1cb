"""A link as the tests hold it: what it tells, one event after the other."""

import queue
from typing import Any, TypeVar

from smsc.peer import PASSWORD, SYSTEM_ID, WAIT_S

from ivr.adapters.smpp.link import SmppLink, SmscSettings
from ivr.domain.sms import SmsEvent

E = TypeVar("E", bound=SmsEvent)


class Bell:
    """A link, and what it tells. Each event is settled as it is looked at."""

    def __init__(self, port: int, **settings: Any) -> None:
        self._events: queue.Queue[SmsEvent] = queue.Queue()
        account = {
            "host": "127.0.0.1",
            "system_id": SYSTEM_ID,
            "password": PASSWORD,
            "source": "+4940808077555",
        } | settings
        self.link = SmppLink(SmscSettings(name="sms-a", port=port, **account), self._events.put)
        self.link.start()

    def next(self) -> SmsEvent:
        event = self._events.get(timeout=WAIT_S)
        getattr(event, "settled", lambda: None)()
        return event

    def expect(self, kind: type[E]) -> E:
        """The very next event, which must be of this kind."""
        event = self.next()
        assert isinstance(event, kind), event
        return event

    def expect_after_others(self, kind: type[E]) -> E:
        """The next event of this kind; others before it are passed over."""
        while not isinstance(event := self.next(), kind):
            pass
        return event

    def expect_all(self, *events: SmsEvent) -> None:
        """These events next, in any order."""
        seen = [self.next() for _ in events]
        assert sorted(map(repr, seen)) == sorted(map(repr, events))

    def expect_silence(self) -> None:
        assert self._events.empty()

    def untouched(self) -> SmsEvent:
        """The next event, left as if it could not be put on record."""
        return self._events.get(timeout=WAIT_S)
