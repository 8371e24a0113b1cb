"""What is blanked in the records of an alert that is kept no longer.

Owns: which records hold texts and whole numbers. What stays tells that there was an alert, when, how long its
recording was and what came of it. The journal is not touched: it holds neither.
"""

from dataclasses import replace

from ivr.domain import mail
from ivr.domain.number import masked
from ivr.domain.records import Alert, Call, Delivery, Leg, Mail, Sms, SmsState
from ivr.ports import Records
from ivr.services.report import many


def erase(tx: Records, alert: int) -> None:
    """Blank the texts and mask the numbers of an alert that counts as erased already."""
    tx.put(*(replace(a, callback=_masked(a.callback)) for a in tx.find(Alert, id=alert)))
    tx.put(*(_delivery(delivery) for delivery in tx.find(Delivery, alert=alert)))
    tx.put(*(_sms(sms) for sms in tx.find(Sms, alert=alert)))
    mails = tx.find(Mail, alert=alert)
    tx.drop(*mails)  # the address is a part of their key
    tx.put(*(replace(one, address=mail.masked(one.address), reason=None) for one in mails))
    tx.put(*(replace(call, number=_masked(call.number)) for call in _calls(tx, alert)))


def _calls(tx: Records, alert: int) -> list[Call]:
    """The calls that carried this alert, and no other one that is still kept."""
    served = [leg.call for leg in tx.find(Leg, alert=alert)]
    legs = many(tx, Leg, "call", served)
    kept = {other.id for other in many(tx, Alert, "id", [leg.alert for leg in legs], erased_at=None)}
    still_told = {leg.call for leg in legs if leg.alert in kept}
    return [call for call in many(tx, Call, "id", served) if call.id not in still_told]


def _delivery(delivery: Delivery) -> Delivery:
    return replace(
        delivery,
        number=_masked(delivery.number),
        beside=_masked(delivery.beside),
        promised=_masked(delivery.promised),
        acknowledged_by=_whose(delivery.acknowledged_by),
    )


def _whose(by: str | None) -> str | None:
    """Number, mail address or UID, which tells nobody anything."""
    if by is None:
        return None
    return masked(by) if by.startswith("+") else mail.masked(by) if "@" in by else by


def _sms(sms: Sms) -> Sms:
    """One that never left must not leave any more: there is nothing in it, and nobody to send it to."""
    blank = replace(sms, text="", number=masked(sms.number))
    if sms.state is SmsState.QUEUED:
        return replace(blank, state=SmsState.FAILED, reason="erased before it was sent")
    return blank


def _masked(number: str | None) -> str | None:
    return None if number is None else masked(number)
