"""The outcome matrix: what each practice phone does on each call, drawn once, before anything is dialled.

Owns: the draw, the phones that play it, and the calls that the sequential policy makes of it. A number's k-th
call has the same outcome whoever calls and in whatever order, so that dial-outs can be compared with each
other, with a bound, and with a schedule that knew everything. Runs nothing.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bench.clairvoyant import Path
from bench.fates import ANSWER, BUSY
from ivr import yamlfile
from ivr.domain import nextcall
from ivr.domain.attempts import Past
from ivr.domain.nextcall import CallAt, next_call
from ivr.domain.policy import Policy
from ivr.domain.records import Disposition
from ivr.pstn.behaviour import PRESETS, Behaviour, Hangup, Listen, Press
from ivr.pstn.cast import Cast
from ivr.pstn.phones import Phone

POLICY: Mapping[str, Any] = {
    "ring_s": 5,
    "deadline_s": 3600,
    "busy": {"pause_s": 1},
    "no-answer": {"pause_s": 1},
}
"""The default policy at about a sixth of its times, one phone of a team at a time."""
PARALLEL: Mapping[str, Any] = {**POLICY, "parallel_after_s": 1}
"""The same, but a team's other phone rings beside the first where lines are idle."""

GREETING_CUT_S = 0.5
"""Seconds after the answer at which a phone presses 1: within the greeting, which it cuts short."""
ACKNOWLEDGES_S = 13.2
"""Seconds from there to the 1 that acknowledges. Who and when takes 8 to 11 s, depending on the date, and a 1
in the two seconds after it would count as a double press."""
ALERT_S = 6.0
"""Seconds. So long that the acknowledging 1 falls into the alert at every minute."""
STAYS_S = 0.5
"""Seconds from that 1 to the hangup: the phone ends the call, so that its length does not depend on the
caller."""

_ANSWERS = (Listen(GREETING_CUT_S), Press("1"), Listen(ACKNOWLEDGES_S), Press("1"), Listen(STAYS_S), Hangup())


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call, as the phone handles it."""

    disposition: Disposition
    answer_after_s: float = 0.0

    @property
    def behaviour(self) -> Behaviour:
        if self.disposition is Disposition.ACKNOWLEDGED:
            return Behaviour(self.answer_after_s, _ANSWERS)
        return PRESETS[self.disposition.value]


@dataclass(frozen=True, slots=True)
class Row:
    """A team: its numbers in the order of its list, each with the outcomes of its calls. The last one is an
    answer, and repeats."""

    team: str
    outcomes: Mapping[str, Sequence[Outcome]]

    def outcome(self, number: str, k: int) -> Outcome:
        """Of the k-th call to `number`, from 0."""
        row = self.outcomes[number]
        return row[min(k, len(row) - 1)]

    @property
    def phones(self) -> list[nextcall.Phone]:
        """As policy sees them."""
        return [nextcall.Phone(number) for number in self.outcomes]


Matrix = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds that a call has a line, measured at the exchange."""

    busy_s: float
    no_answer_s: float
    talk_s: float
    """Of an answered call, after its answer."""

    def of(self, outcome: Outcome) -> float:
        match outcome.disposition:
            case Disposition.BUSY:
                return self.busy_s
            case Disposition.NO_ANSWER:
                return self.no_answer_s
            case _:
                return outcome.answer_after_s + self.talk_s


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a team under the sequential policy."""

    number: str
    outcome: Outcome
    pause_s: float
    """Between the end of the call before and the moment at which this one is due."""


def drawn(teams: int, seed: int) -> Matrix:
    """Two numbers a team: a call is answered with 0.6, busy with 0.15, not answered with 0.25.

    The teams are in the order of their names, so that all who go by one or the other begin with the same."""
    return [
        Row(f"team-{n:03}", {number: _outcomes(f"{seed} {number}") for number in _numbers(n)})
        for n in range(1, teams + 1)
    ]


CALIBRATION: Matrix = [
    Row(
        "team-1",
        {
            "+4940808000001": [Outcome(Disposition.NO_ANSWER), Outcome(Disposition.ACKNOWLEDGED, 1.0)],
            "+4940809000001": [Outcome(Disposition.BUSY), Outcome(Disposition.ACKNOWLEDGED, 1.0)],
        },
    )
]
"""One call of each kind."""


def _numbers(n: int) -> tuple[str, str]:
    return f"+49408080{n:05}", f"+49408090{n:05}"


def _outcomes(seed: str) -> list[Outcome]:
    draw = random.Random(seed)
    outcomes = []
    while (chance := draw.random()) >= ANSWER:
        outcomes.append(Outcome(Disposition.BUSY if chance < ANSWER + BUSY else Disposition.NO_ANSWER))
    return [*outcomes, Outcome(Disposition.ACKNOWLEDGED, round(draw.uniform(0.5, 2.0), 1))]


def cast(matrix: Matrix, lines: int, policy: Mapping[str, Any] = POLICY) -> Cast:
    """The phones that play the matrix, and the rules for whoever calls them."""
    phones = [
        Phone(number, tuple(outcome.behaviour for outcome in outcomes), team=row.team)
        for row in matrix
        for number, outcomes in row.outcomes.items()
    ]
    trusting = {row.team: {"trusts-phones": True} for row in matrix}  # a lost key must not change the length
    return Cast(phones, lines, policy=policy, teams=trusting)


def sequential(settings: Mapping[str, Any] = POLICY) -> Policy:
    """The policy under which the matrix is unfolded, and which the peer follows too."""
    return yamlfile.parse(yaml.safe_dump(dict(settings)), Policy, "policy")


def steps(row: Row, policy: Policy, lengths: Lengths) -> Iterator[Step]:
    """The calls that the policy makes to a team, to the one that is answered."""
    past: list[Past] = []
    called: Counter[str] = Counter()
    now = 0.0
    while not past or past[-1].disposition is not Disposition.ACKNOWLEDGED:
        call = next_call(policy, row.phones, past, 0.0, now)
        assert isinstance(call, CallAt), "the policy must not give up before the last outcome, an answer"
        outcome = row.outcome(call.number, called[call.number])
        called[call.number] += 1
        yield Step(call.number, outcome, call.due_at - now)
        now = call.due_at + lengths.of(outcome)
        past.append(Past(call.number, outcome.disposition, now))


def paths(matrix: Matrix, lengths: Lengths) -> list[Path]:
    """What the bound and the clairvoyant schedule are computed from."""
    policy = sequential()
    return [
        [(step.pause_s, lengths.of(step.outcome)) for step in steps(row, policy, lengths)] for row in matrix
    ]
