"""Writes states.md beside this file: the state diagrams, drawn from the tables that the code runs on.

Run it after a change of a table: python docs/make_states.py

A table says which fact a state accepts; where that leads, the handler decides. So every accepted fact is
tried on a record of that state, in each of the situations that a handler looks at.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any, get_args

from ivr.domain import alert, call, delivery, enrol, errand, facts, shortmessage, trunk
from ivr.domain.alert import Settled
from ivr.domain.delivery import CallsChanged, History, MobileNotReached, NumberClosed, PutOff
from ivr.domain.errand import ErrandCallEnded
from ivr.domain.nextcall import Phone
from ivr.domain.policy import Policy
from ivr.domain.records import (
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Disposition,
    Enrolment,
    EnrolState,
    Errand,
    ErrandKind,
    ErrandState,
    ReceiptState,
    Sms,
    SmsState,
    Source,
    TrunkHealth,
    TrunkState,
    Via,
)
from ivr.domain.trunk import CallsFailing, CallThrough, ProbeFailed

NUMBER = "+4940808077555"
SAMPLES: dict[type, list[Any]] = {
    Settled: [Settled([Delivery(1, "t", "T", DeliveryState(state))]) for state in DeliveryState],
    CallsChanged: [CallsChanged()],
    NumberClosed: [NumberClosed()],
    MobileNotReached: [MobileNotReached()],
    PutOff: [PutOff(NUMBER)],
    facts.AlertReleased: [facts.AlertReleased(1)],
    facts.AlertWithdrawn: [facts.AlertWithdrawn(1)],
    facts.AlertEscalated: [facts.AlertEscalated(1, Via.OPERATOR)],
    facts.AlertExpired: [facts.AlertExpired(1)],
    facts.AlertClosed: [facts.AlertClosed(1)],
    facts.ReportDue: [facts.ReportDue(1)],
    facts.CallerLost: [facts.CallerLost(1)],
    facts.AlertErased: [facts.AlertErased(1)],
    facts.CallPlaced: [facts.CallPlaced("c", "t", NUMBER, "sip", (1,))],
    facts.CallRang: [facts.CallRang("c")],
    facts.CallAnswered: [facts.CallAnswered("c")],
    facts.KeyPressed: [facts.KeyPressed("c")],
    facts.CallCancelled: [facts.CallCancelled("c")],
    facts.CallEnded: [facts.CallEnded("c", 17)],
    facts.TeamIdentified: [facts.TeamIdentified("c", "t")],
    facts.Acknowledged: [facts.Acknowledged(1, "t", Via.KEYPRESS, NUMBER)],
    facts.TeamResponding: [facts.TeamResponding(1, "t", Via.OPERATOR)],
    facts.MessageLeft: [facts.MessageLeft("c")],
    facts.ListenRefused: [facts.ListenRefused("c")],
    facts.ChannelTaken: [facts.ChannelTaken("c", "1/17")],
    facts.CallPassed: [facts.CallPassed("c")],
    facts.DeliveryRetried: [facts.DeliveryRetried(1, "t")],
    facts.DeliverySkipped: [facts.DeliverySkipped(1, "t")],
    enrol.PolicyAccepted: [enrol.PolicyAccepted()],
    enrol.ContactCompleted: [enrol.ContactCompleted("t@t.example")],
    enrol.KeyCertified: [enrol.KeyCertified("0" * 40)],
    enrol.AccessIssued: [enrol.AccessIssued()],
    ErrandCallEnded: [
        ErrandCallEnded("c", Disposition.NO_ANSWER),
        ErrandCallEnded("c", Disposition.CONGESTION),
    ],
    facts.ErrandPlaced: [facts.ErrandPlaced(1, "c", "sip")],
    facts.ErrandDone: [facts.ErrandDone(1)],
    facts.ErrandDropped: [facts.ErrandDropped(1)],
    facts.ErrandExpired: [facts.ErrandExpired(1)],
    facts.SmsSubmitted: [facts.SmsSubmitted(1, ("m",))],
    facts.SmsDeferred: [facts.SmsDeferred(1, "busy")],
    facts.SmsUnanswered: [facts.SmsUnanswered(1)],
    facts.SmsFailed: [facts.SmsFailed(1, "refused")],
    facts.SmsReceipt: [facts.SmsReceipt("m", s) for s in ReceiptState],
    facts.TrunkReported: [facts.TrunkReported("sip", lines, "") for lines in (0, 4)],
    CallsFailing: [CallsFailing()],
    CallThrough: [CallThrough()],
    ProbeFailed: [ProbeFailed()],
}
HISTORIES = [
    History(numbers, (), up, expired)
    for numbers, up, expired in product([(Phone(NUMBER),), ()], [{}, {NUMBER: 0.0}], [False, True])
]


@dataclass(frozen=True)
class Machine:
    title: str
    intro: str
    begins: tuple[tuple[str, str], ...]
    """State, and what makes a record begin in it."""
    states: type[StrEnum]
    facts: Any
    table: Mapping[tuple[Any, type], object]
    after: Callable[[Any, Any], Iterable[StrEnum]]
    """The states that a fact may lead to from a state."""


def _alert(state: AlertState, fact: Any) -> Iterable[StrEnum]:
    before = Alert(1, state, "t", "T", None, Source.MAIL, "1.wav", 0.0, 1.0, "")
    yield alert.decide(before, fact, 0.0)[0].state


def _delivery(state: DeliveryState, fact: Any) -> Iterable[StrEnum]:
    before = Delivery(1, "t", "T", state, number=NUMBER, beside=NUMBER)
    for history in HISTORIES:
        yield delivery.decide(before, fact, history, Policy(), 0.0)[0].state


def _call(state: CallState, fact: Any) -> Iterable[StrEnum]:
    yield call.decide(Call("c", Direction.OUT, state, "t", NUMBER, "sip", 0.0), fact, 0.0)[0].state


def _errand(state: ErrandState, fact: Any) -> Iterable[StrEnum]:
    before = Errand(1, ErrandKind.CALLBACK, NUMBER, "t", "1", 0.0, 300.0, state, "c")
    yield errand.decide(before, fact, 0.0)[0].state


def _enrolment(state: EnrolState, fact: Any) -> Iterable[StrEnum]:
    yield enrol.decide(Enrolment("t", state), fact).state


def _sms(state: SmsState, fact: Any) -> Iterable[StrEnum]:
    yield shortmessage.decide(Sms(1, 1, "t", NUMBER, "", state), fact, 0.0).state


def _trunk(state: TrunkHealth, fact: Any) -> Iterable[StrEnum]:
    yield trunk.decide(TrunkState("sip", state), fact, 0.0)[0].health


MACHINES = (
    Machine(
        "Alert",
        "One recorded message of an originator.",
        (("draft", "AlertRecorded"),),
        AlertState,
        alert.AlertFact,
        alert.TABLE,
        _alert,
    ),
    Machine(
        "Delivery",
        "One alert on its way to one team.",
        (
            ("waiting", "AlertReleased"),
            ("exhausted", "AlertReleased, no number"),
            ("mailed", "AlertReleased, came by mail"),
        ),
        DeliveryState,
        delivery.DeliveryFact,
        delivery.TABLE,
        _delivery,
    ),
    Machine(
        "Call",
        "One telephone call, out or in.",
        (("placed", "CallPlaced"), ("answered", "CallCameIn")),
        CallState,
        call.CallFact,
        call.TABLE,
        _call,
    ),
    Machine(
        "Errand",
        "A call that we place for something else than an alert: a call back, a test, the duty operator.",
        (("waiting", "ErrandWanted"),),
        ErrandState,
        errand.ErrandFact,
        errand.TABLE,
        _errand,
    ),
    Machine(
        "Enrolment",
        "The way of a team into the network, to its access letter.",
        (("invited", "tocsin team add"),),
        EnrolState,
        enrol.EnrolFact,
        enrol.TABLE,
        _enrolment,
    ),
    Machine(
        "SMS",
        "One short message that leaves us.",
        (("queued", "AlertReleased, or whatever is worth a notice or an answer"),),
        SmsState,
        shortmessage.SmsFact,
        shortmessage.TABLE,
        _sms,
    ),
    Machine(
        "Trunk",
        "The way to a carrier, as Asterisk and the calls over it show it.",
        (("up", "nobody has said otherwise"),),
        TrunkHealth,
        trunk.TrunkFact,
        trunk.TABLE,
        _trunk,
    ),
)


def _section(machine: Machine) -> list[str]:
    moves: dict[tuple[str, str], list[str]] = {}
    quiet: dict[str, list[str]] = {}
    for state, fact in machine.table:
        reached = {after for sample in SAMPLES[fact] for after in machine.after(state, sample)}
        for after in sorted(reached - {state}):
            moves.setdefault((state, after), []).append(fact.__name__)
        if reached == {state}:
            quiet.setdefault(state, []).append(fact.__name__)
    illegal: dict[str, list[str]] = {}
    for state, fact in product(machine.states, get_args(machine.facts)):
        if (state, fact) not in machine.table:
            illegal.setdefault(state, []).append(fact.__name__)
    return [
        f"## {machine.title}",
        "",
        machine.intro,
        "",
        "```mermaid",
        "stateDiagram-v2",
        *(f"    [*] --> {state}: {what}" for state, what in machine.begins),
        *(f"    {before} --> {after}: {', '.join(names)}" for (before, after), names in moves.items()),
        "```",
        "",
        "| state | accepted, the state stays | illegal |",
        "|---|---|---|",
        *(
            f"| {state} | {', '.join(quiet.get(state, ['-']))} | {', '.join(illegal.get(state, ['-']))} |"
            for state in machine.states
        ),
        "",
    ]


def render() -> str:
    """The whole file."""
    lines = [
        "# States",
        "",
        "Drawn by `python docs/make_states.py` from the transition tables in `ivr/domain`; do not edit.",
        "An arrow carries the facts that may lead along it. An illegal fact is refused and changes nothing.",
        "",
    ]
    for machine in MACHINES:
        lines += _section(machine)
    return "\n".join(lines)


if __name__ == "__main__":
    Path(__file__).with_name("states.md").write_text(render(), encoding="utf-8")
