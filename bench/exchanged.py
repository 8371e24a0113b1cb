"""What the exchange's records say about a dial-out: how long it took, and how soon a free line was used.

Owns: the two measures. Knows neither who called nor how; pure.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from operator import attrgetter

from bench.matrix import Matrix
from ivr.domain.attempts import Past
from ivr.domain.nextcall import CallAt, next_call
from ivr.domain.policy import Policy
from ivr.domain.records import Disposition
from ivr.pstn.cdr import Record

_BUSY = 17


def makespan_s(records: Sequence[Record], matrix: Matrix) -> float:
    """From the first INVITE until everybody is reached: to the end of the last team's first answered call.

    A second phone that was taken too is nobody's news any more.
    """
    reached = [
        min(r.ended_at or r.started_at for r in records if r.answered_at and r.number in row.outcomes)
        for row in matrix
    ]
    return max(reached) - min(r.started_at for r in records)


def is_sound(records: Sequence[Record], matrix: Matrix) -> bool:
    """Whether every answered call has reached its team: none was called again after one had ended. On a busy
    machine prompts may come so late that the acknowledging key falls into the time of a double press."""
    for row in matrix:
        theirs = [record for record in records if record.number in row.outcomes]
        reached_at = min(r.ended_at or math.inf for r in theirs if r.answered_at)
        if any(record.started_at > reached_at for record in theirs):
            return False
    return True


def answered(records: Sequence[Record]) -> int:
    return sum(record.answered_at is not None for record in records)


def free_line_to_invite_ms(
    records: Sequence[Record], matrix: Matrix, policy: Policy, lines: int
) -> list[float]:
    """For each INVITE that somebody waited to be sent when its line became free: how long that line was idle.

    The line that has been free for longest is the one that is taken, so that a line which nobody needed is
    never held against a dialler. An INVITE that came before the exchange had cleared the old call away took
    no time at all.
    """
    due = _due(records, matrix, policy)
    free: deque[float] = deque([float("-inf")] * lines)
    early = 0
    took = []
    moments = [(r.started_at, 1, r) for r in records] + [(r.ended_at, 0, r) for r in records if r.ended_at]
    for at, starts, record in sorted(moments, key=lambda moment: moment[:2]):
        if not starts:
            if early:
                early -= 1
            else:
                free.append(at)
            continue
        freed_at = free.popleft() if free else at
        early += freed_at == at
        due_at = due.get((record.number, record.started_at))
        if due_at is not None and due_at <= freed_at:
            took.append((at - freed_at) * 1000)
    return took


def _due(records: Sequence[Record], matrix: Matrix, policy: Policy) -> Mapping[tuple[str, float], float]:
    """When each call became due: at the beginning, or when the pause after its team's last call was over. For
    a second number that was rung beside the first, that is after its INVITE: it waited for no line. Calls to
    a team that was reached are left out."""
    began_at = min(record.started_at for record in records)
    due = {}
    for row in matrix:
        theirs = [record for record in records if record.number in row.outcomes]
        for record in theirs:
            before = [r for r in theirs if r.started_at < record.started_at]
            past = [Past(r.number, disposition(r), r.ended_at or math.inf) for r in before]
            if any(p.disposition is Disposition.ACKNOWLEDGED for p in past):
                continue
            call = next_call(policy, row.phones, sorted(past, key=_ended_at), began_at, began_at)
            if isinstance(call, CallAt):
                due[record.number, record.started_at] = call.due_at
    return due


_ended_at = attrgetter("ended_at")


def disposition(record: Record) -> Disposition:
    """Every phone of the matrix that answers also acknowledges."""
    if record.answered_at is not None:
        return Disposition.ACKNOWLEDGED
    return Disposition.BUSY if record.cause == _BUSY else Disposition.NO_ANSWER
