"""How a check deep down says no: raised by this adapter's rooms, caught at its doors, which return the
value."""

from ivr.domain.mail import Reason, Refused


class Refusal(Exception):
    """Something is not taken, for a reason that goes on record."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.refused = Refused(reason, detail)


def malformed(detail: str) -> Refusal:
    return Refusal(Reason.MALFORMED, detail)
