"""How SIP trunks are: what Asterisk tells of the carriers' answers to OPTIONS, and of our registrations.

Owns: from PJSIP's words to TrunkReported. A trunk works when its carrier has answered the last OPTIONS, where
it is asked, and holds our registration, where there is one. What becomes of a trunk that does not is decided
elsewhere.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.adapters.ami.observer import Send
from ivr.domain.endpoint import endpoint
from ivr.domain.facts import Fact, TrunkReported

_UNREACHABLE = "Unreachable"
_UNAVAILABLE = "UNAVAILABLE"
"""State of an endpoint whose contact is unreachable. Asked for by Getvar: the actions that list contacts want
rights by which anything else could be done."""
_REGISTERED = "Registered"


@dataclass
class _Seen:
    answers: bool = True
    registered: bool | None = None
    """None: it does not register."""


class Contacts:
    """Of one connection (see Observer). `lines`: of each SIP trunk, by name."""

    every_s = math.inf

    def __init__(self, lines: Mapping[str, int]) -> None:
        self._lines = lines
        self._seen = {name: _Seen() for name in lines}
        self._names: dict[str, str] = {}
        """Of trunks, by the address that registers."""
        self._told: dict[str, TrunkReported] = {}

    @property
    def events(self) -> Mapping[str, Callable[[Any], Iterable[Fact]]]:
        return {"ContactStatus": self._contact, "Registry": self._registry}

    async def ask(self, send: Send) -> Iterable[Fact]:
        for name, seen in self._seen.items():
            (state,) = await send({"Action": "Getvar", "Variable": f"DEVICE_STATE(PJSIP/{endpoint(name)})"})
            seen.answers = state.value != _UNAVAILABLE
        for registration in await send({"Action": "PJSIPShowRegistrationsOutbound"}):
            if registration.event == "OutboundRegistrationDetail" and registration.objectname in self._seen:
                self._names[registration.clienturi] = registration.objectname
                self._seen[registration.objectname].registered = registration.status == _REGISTERED
        return [fact for name in self._seen for fact in self._news(name)]

    def _contact(self, event: Any) -> Iterable[Fact]:
        if event.aor in self._seen:
            self._seen[event.aor].answers = event.contactstatus != _UNREACHABLE
            yield from self._news(event.aor)

    def _registry(self, event: Any) -> Iterable[Fact]:
        if name := self._names.get(event.username):
            self._seen[name].registered = event.status == _REGISTERED
            yield from self._news(name)

    def _news(self, name: str) -> Iterable[Fact]:
        report = self._report(name)
        if report != self._told.get(name):
            self._told[name] = report
            yield report

    def _report(self, name: str) -> TrunkReported:
        seen = self._seen[name]
        if not seen.answers:
            return TrunkReported(name, 0, "OPTIONS not answered")
        if seen.registered is None:
            return TrunkReported(name, self._lines[name], "up")
        if not seen.registered:
            return TrunkReported(name, 0, "not registered with the carrier")
        return TrunkReported(name, self._lines[name], "registered")
