"""What nobody can beat who does not know beforehand which calls are answered.

Owns: that bound. Every call is answered with the same probability, whichever team and number it goes to and
whatever came before. So whom a line calls next makes no difference to how many answered calls have begun, or
ended, by when. Lines that are never idle have the most; and every team has to have one. So an alert lasts

- until such lines have ended as many answered calls as there are teams;
- from the moment at which all but a few of these have begun, as long as those few teams take that are left,
  if both their phones ring on and on, without pauses and on lines of their own.

That holds for every order of calls, for all who let a phone ring its time and a team have two of them. (A
second phone that is rung off sooner frees its line sooner; but it rings on a line that nobody waited for.)

Where a number keeps its outcome, the most that anybody can know is just that, and call no number twice. A
number that was not called yet is as likely to answer as any other: so first numbers come first, for each of
them is answered or leads to a second one, and no other order is better on average.
"""

import heapq
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate, count, islice

from bench.fates import Fate, Network
from ivr.domain.records import Disposition

LEFT = (1, 2, 4, 6, 8, 16, 32)
"""So few teams; each number gives a bound, and the highest counts."""


def makespan_s(networks: Sequence[Network], lines: int) -> float:
    """What the mean makespan of nobody who does not know outcomes is below. Each network is one draw."""
    ended = statistics.mean(all_ended_s(network, lines) for network in networks)
    return max(ended, *_with_some_left(networks, lines))


def all_ended_s(network: Network, lines: int) -> float:
    """When lines that are never idle have ended as many answered calls as there are teams."""
    ended: list[float] = []
    for begins_at, fate in _answered(network, lines):
        if len(ended) >= network.teams and begins_at >= sorted(ended)[network.teams - 1]:
            break
        ended.append(begins_at + fate.line_s)
    return sorted(ended)[network.teams - 1]


def each_once_s(network: Network, lines: int) -> float:
    """Where outcomes persist: until all are reached who can be, if no number is called twice."""
    free = [0.0] * lines
    first = deque(range(network.teams))
    second: list[tuple[float, int]] = []
    reached_s = 0.0
    while first or second:
        begins_at = heapq.heappop(free)
        due_at, team = (0.0, first.popleft()) if first else heapq.heappop(second)
        begins_at, again = max(begins_at, due_at), due_at > 0.0
        fate = network.fate(team, 0, network.numbers(team)[again].number)
        ends_at = begins_at + fate.line_s
        heapq.heappush(free, ends_at)
        if fate.disposition is Disposition.ACKNOWLEDGED:
            reached_s = max(reached_s, ends_at)
        elif not again:
            heapq.heappush(second, (ends_at, team))
    return reached_s


def _with_some_left(networks: Sequence[Network], lines: int) -> Iterator[float]:
    began = [[at for at, _ in islice(_answered(network, lines), network.teams)] for network in networks]
    took = [list(accumulate((_alone_s(n, team) for team in range(max(LEFT))), max)) for n in networks]
    for left in LEFT:
        if left < networks[0].teams:
            yield statistics.mean(b[-left - 1] + t[left - 1] for b, t in zip(began, took, strict=True))


def _answered(network: Network, lines: int) -> Iterator[tuple[float, Fate]]:
    """The answered calls of lines that are never idle, and when each begins, in that order."""
    free = [0.0] * lines
    for n in count():
        begins_at = heapq.heappop(free)
        fate = network.drawn(f"call {n}")
        heapq.heappush(free, begins_at + fate.line_s)
        if fate.disposition is Disposition.ACKNOWLEDGED:
            yield begins_at, fate


def _alone_s(network: Network, team: int) -> float:
    """Of a team whose two phones ring on and on: until it is reached."""
    return min(_until_answered_s(network, f"{team} {phone}") for phone in range(2))


def _until_answered_s(network: Network, phone: str) -> float:
    line_s = 0.0
    for n in count():
        fate = network.drawn(f"alone {phone} {n}")
        line_s += fate.line_s
        if fate.disposition is Disposition.ACKNOWLEDGED:
            break
    return line_s
