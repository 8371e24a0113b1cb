"""The life of one telephone call, out or in. One table of transitions.

Owns: which facts move a call. What a call means for a delivery is worked out from its record and legs (see
disposition); what follows from that is the delivery's business.
"""

from collections.abc import Callable
from dataclasses import replace

from ivr.domain.disposition import is_known
from ivr.domain.effects import Effect, Note, TellLegs
from ivr.domain.facts import (
    CallAnswered,
    CallCancelled,
    CallEnded,
    CallPassed,
    CallRang,
    Illegal,
    KeyPressed,
    ListenRefused,
    MessageLeft,
    TeamIdentified,
)
from ivr.domain.number import masked
from ivr.domain.records import Call, CallState, Direction, Reached

CallFact = (
    CallRang
    | CallAnswered
    | KeyPressed
    | CallCancelled
    | CallEnded
    | TeamIdentified
    | MessageLeft
    | CallPassed
    | ListenRefused
)
Result = tuple[Call, tuple[Effect, ...]]


def decide(call: Call, fact: CallFact, now: float) -> Result:
    """The call after `fact`. Raises Illegal for a pair the table does not have."""
    handler = TABLE.get((call.state, type(fact)))
    if handler is None:
        raise Illegal(f"call {call.id} is {call.state}: {type(fact).__name__} cannot follow")
    return handler(call, fact, now)


def _ring(call: Call, fact: CallFact, now: float) -> Result:
    return replace(call, reached=Reached.RANG), ()


def _answer(call: Call, fact: CallFact, now: float) -> Result:
    return replace(call, state=CallState.ANSWERED, answered_at=now), ()


def _answered_late(call: Call, fact: CallFact, now: float) -> Result:
    """The news of the answer was overtaken by the hangup: it changes what the call was."""
    if call.answered_at is not None or call.ended_at is None:
        return call, ()
    return replace(call, answered_at=call.ended_at), (TellLegs(),)


def _press(call: Call, fact: CallFact, now: float) -> Result:
    """A key is an answer too, where the news of the answer was lost."""
    answered_at = now if call.answered_at is None else call.answered_at
    return replace(call, state=CallState.ANSWERED, answered_at=answered_at, person=True), ()


def _pressed_late(call: Call, fact: CallFact, now: float) -> Result:
    return replace(call, person=True), ()


def _cancel(call: Call, fact: CallFact, now: float) -> Result:
    return replace(call, cancelled=True), ()


def _end(call: Call, fact: CallFact, now: float) -> Result:
    assert isinstance(fact, CallEnded)
    reached = call.reached if fact.reached is None else fact.reached
    ended = replace(call, state=CallState.ENDED, ended_at=now, cause=fact.cause, reached=reached)
    if call.direction is Direction.IN:
        return ended, (Note("hotline call ended"),)
    cause = "end not seen" if fact.cause is None else f"cause {fact.cause}"
    if fact.cause is not None and not is_known(fact.cause):
        cause += ", which is not in the table"  # called again, and somebody should look into it
    return ended, (TellLegs(), Note("call ended", f"{masked(call.number)}, {cause}"))


def _ended_again(call: Call, fact: CallFact, now: float) -> Result:
    """A hangup reported twice changes nothing; one that overtook its cause still tells us the cause."""
    assert isinstance(fact, CallEnded)
    if call.cause is not None or fact.cause is None:
        return call, ()
    known = replace(call, cause=fact.cause, reached=fact.reached or call.reached)
    return known, () if call.direction is Direction.IN else (TellLegs(),)


def _identify(call: Call, fact: CallFact, now: float) -> Result:
    assert isinstance(fact, TeamIdentified)
    return replace(call, team=fact.team), (Note("caller identified", fact.team),)


def _leave(call: Call, fact: CallFact, now: float) -> Result:
    """It is said more than once. Told after the end, it changes what the call was."""
    if call.message_left:
        return call, ()
    retell = (TellLegs(),) if call.state is CallState.ENDED else ()
    return replace(call, message_left=True), (*retell, Note("message left", masked(call.number)))


def _pass(call: Call, fact: CallFact, now: float) -> Result:
    """Told after the end, it changes what the call was."""
    if call.passed:
        return call, ()
    retell = (TellLegs(),) if call.state is CallState.ENDED else ()
    return replace(call, passed=True), (*retell, Note("not for them", masked(call.number)))


def _refuse(call: Call, fact: CallFact, now: float) -> Result:
    return call, (Note("listening PIN wrong", masked(call.number)),)


def _stay(call: Call, fact: CallFact, now: float) -> Result:
    return call, ()


Handler = Callable[[Call, CallFact, float], Result]

TABLE: dict[tuple[CallState, type], Handler] = {
    (CallState.PLACED, CallRang): _ring,
    (CallState.PLACED, CallAnswered): _answer,
    (CallState.PLACED, KeyPressed): _press,
    (CallState.PLACED, CallCancelled): _cancel,
    (CallState.PLACED, CallEnded): _end,
    (CallState.PLACED, MessageLeft): _leave,  # the news of the answer was lost
    (CallState.PLACED, CallPassed): _pass,  # the same
    (CallState.PLACED, ListenRefused): _refuse,  # the same
    (CallState.ANSWERED, CallRang): _stay,
    (CallState.ANSWERED, CallAnswered): _stay,  # from the script and from the event
    (CallState.ANSWERED, KeyPressed): _press,
    (CallState.ANSWERED, CallCancelled): _stay,  # answered in the meantime: never dropped
    (CallState.ANSWERED, CallEnded): _end,
    (CallState.ANSWERED, TeamIdentified): _identify,
    (CallState.ANSWERED, MessageLeft): _leave,
    (CallState.ANSWERED, CallPassed): _pass,
    (CallState.ANSWERED, ListenRefused): _refuse,
    (CallState.ENDED, CallRang): _stay,  # its end told how far it got
    (CallState.ENDED, CallAnswered): _answered_late,
    (CallState.ENDED, KeyPressed): _pressed_late,
    (CallState.ENDED, CallCancelled): _stay,
    (CallState.ENDED, CallEnded): _ended_again,
    (CallState.ENDED, TeamIdentified): _stay,  # hung up while the PIN was checked
    (CallState.ENDED, MessageLeft): _leave,
    (CallState.ENDED, CallPassed): _pass,
    (CallState.ENDED, ListenRefused): _refuse,
}
"""Not in the table, so illegal: identifying the caller of a call that was not answered."""
