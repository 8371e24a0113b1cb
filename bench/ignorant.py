"""What nobody can beat who does not know beforehand which calls are answered.

Owns: that bound. Every call is answered with the same probability, whichever team and number it goes to and
whatever came before; so whom a line calls next makes no difference to how many answered calls it has
completed by when. Lines that are never idle complete the most, and everybody has to have one: an alert lasts
at least until such lines have completed as many answered calls as there are teams. That holds for any order,
for no pauses and for any number of phones at once, as long as a phone rings its time unless its team was
reached.
"""

import heapq
from itertools import count

from bench.fates import Network
from ivr.domain.records import Disposition


def makespan(network: Network, lines: int) -> float:
    """Until `lines` lines that are never idle have completed as many answered calls as there are teams.

    One draw: it says nothing about the same network called by somebody, but its mean is below the mean of any
    dialler that does not know outcomes, and so is each of its quantiles.
    """
    free = [0.0] * lines
    answered: list[float] = []
    for n in count():
        begins_at = heapq.heappop(free)
        if len(answered) >= network.teams and begins_at >= (ended := sorted(answered)[network.teams - 1]):
            return ended
        fate = network.drawn(f"call {n}")
        heapq.heappush(free, begins_at + fate.line_s)
        if fate.disposition is Disposition.ACKNOWLEDGED:
            answered.append(begins_at + fate.line_s)
    raise AssertionError("lines are never idle")
