"""What the hotline has on, as mail: alerts that were spoken, withdrawals, and who is missing.

Owns: one look at the current alerts, and which of them there is nothing left to do about. Must not know how a
mail is sealed or sent.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from ivr.bridge.compose import Attachment
from ivr.bridge.correspondence import Alert, Correspondence
from ivr.bridge.gate import Current, Gate, GateRefused
from ivr.bridge.intake.mail import Said, Trouble
from ivr.bridge.members import Members

log = logging.getLogger(__name__)


@dataclass
class Telling:
    """`known()`: the members, with their keys pinned."""

    gate: Gate
    known: Callable[[], Members]
    write_iodef: Callable[[Current], bytes | None]
    _done: set[Current] = field(default_factory=set, init=False)
    """With these, as they stand, there is nothing left to do."""

    def look(self, letters: Correspondence) -> None:
        """Write what there is to write. Raises GateAway, GateRefused and BridgeAway."""
        found = self.gate.current()
        members = cache(self.known)
        # Mail of a withdrawn one may have been on its way: who had it is asked for again and again.
        done = {current for current in found if not current.is_withdrawn}
        for current in found:
            if current not in self._done:
                try:
                    self._write(current, letters, members)
                except Trouble as error:  # the next alert does not wait for it
                    log.error("alert %d waits to be written: %s", current.alert, error)
                    done.discard(current)
        self._done = done

    def _write(self, current: Current, letters: Correspondence, members: Callable[[], Members]) -> None:
        if current.is_withdrawn:
            letters.withdrawn(current.alert, current.name, current.released_at, members)
        elif not current.by_mail:
            said = Said(tlp=current.tlp, severity=current.severity)
            alert = Alert(current.alert, current.team, current.name, current.released_at, said)
            letters.alert(alert, members(), lambda: self._papers(current))
        elif current.is_reported:
            originator = next((member for member in members() if member.team == current.team), None)
            if originator is not None:
                letters.missing(current.alert, originator, current.missing, current.is_escalated)

    def _papers(self, current: Current) -> list[Attachment]:
        name = f"alert-{current.alert}"
        document = self.write_iodef(current)
        papers = [Attachment("application/iodef+xml", f"{name}.xml", document)] if document else []
        try:
            papers.append(Attachment("audio/wav", f"{name}.wav", self.gate.audio(current.alert)))
        except GateRefused as error:
            log.warning("alert %d goes out without its recording: %s", current.alert, error)
        return papers
