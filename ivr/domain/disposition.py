"""From a hangup cause and what the call script saw to one Disposition. One table, nothing else.

Sources: ITU-T Q.850 (causes), RFC 3398 section 7.2.4.1 (what SIP answers become). Asterisk's Hangup event
carries the cause; OriginateResponse's Reason is 0 for most refusals over SIP and is never used.
"""

from ivr.domain.records import Call, Disposition, Leg, Reached

_BY_CAUSE = {
    0: Disposition.FAILED,  # Asterisk could not create the channel, or knows no cause
    1: Disposition.UNALLOCATED,  # unallocated number (404)
    2: Disposition.CONGESTION,  # no route to transit network
    3: Disposition.CONGESTION,  # no route to destination
    16: Disposition.NO_ANSWER,  # normal clearing before an answer: we stopped ringing
    17: Disposition.BUSY,  # user busy (486, 600)
    18: Disposition.NO_ANSWER,  # no user responding (408, 480)
    19: Disposition.NO_ANSWER,  # no answer from user, alerted
    20: Disposition.NO_ANSWER,  # subscriber absent
    21: Disposition.REJECTED,  # call rejected (401, 403, 407, 603)
    22: Disposition.UNALLOCATED,  # number changed (410)
    23: Disposition.REJECTED,  # redirection to a new destination (3xx): never followed
    26: Disposition.NO_ANSWER,  # non-selected user clearing (487, answered elsewhere)
    27: Disposition.CONGESTION,  # destination out of order (502)
    28: Disposition.UNALLOCATED,  # invalid number format (484)
    31: Disposition.NO_ANSWER,  # normal, unspecified
    34: Disposition.CONGESTION,  # no circuit or channel available (503)
    38: Disposition.CONGESTION,  # network out of order
    41: Disposition.CONGESTION,  # temporary failure (500)
    42: Disposition.CONGESTION,  # switching equipment congestion
    44: Disposition.CONGESTION,  # requested circuit or channel not available
    47: Disposition.CONGESTION,  # resource unavailable
    58: Disposition.FAILED,  # bearer capability not available (488)
    88: Disposition.FAILED,  # incompatible destination
    102: Disposition.CONGESTION,  # recovery on timer expiry (504, no answer from the peer)
    111: Disposition.FAILED,  # protocol error
    127: Disposition.FAILED,  # interworking, unspecified
}


def is_known(cause: int) -> bool:
    """Whether the table has this Q.850 cause."""
    return cause in _BY_CAUSE


_THE_TRUNKS = frozenset(
    {
        0,  # there was no channel to be had: no contact, or no free channel of the group
        18,  # nobody answered the INVITE (408)
        *(cause for cause, how in _BY_CAUSE.items() if how is Disposition.CONGESTION),
    }
)


def trunk_fault(cause: int | None, reached: Reached | None) -> bool:
    """Whether a call that ended so failed by its trunk: another one might have brought it to the phone.

    Once the phone rings the trunk has done its part, whatever comes then.
    """
    return cause in _THE_TRUNKS and reached is not Reached.RANG


def of_leg(call: Call, leg: Leg) -> Disposition:
    """What became of an ended call for one of its alerts.

    Cause 16 alone never means "heard", and answered never means "acknowledged": what the script saw decides
    for an answered call. A cause that is not in the table is UNKNOWN, and policy retries it.
    """
    if leg.acknowledged:
        return Disposition.ACKNOWLEDGED
    if call.passed:
        return Disposition.PASSED  # however much they heard: they will not see to it
    if leg.whole:
        return Disposition.HEARD
    if leg.heard_s > 0:
        return Disposition.PARTIAL
    if call.message_left:
        return Disposition.MACHINE
    if call.cancelled:
        return Disposition.CANCELLED
    if call.answered_at is not None:
        return Disposition.UNHEARD
    if call.cause is None:
        return Disposition.UNKNOWN
    return _BY_CAUSE.get(call.cause, Disposition.UNKNOWN)
