"""What no dialler can beat, and one that knows the future.

Owns: the lower bound on a makespan, and the list schedule of somebody who knows every outcome beforehand:
among those whose pause is over, whoever has the longest path still to go is called first.
"""

import heapq
from collections.abc import Sequence

Path = Sequence[tuple[float, float]]
"""A team's calls as (pause before the call, time on the line), in seconds."""


def lower_bound(paths: Sequence[Path], lines: int) -> float:
    """The longest single team's path, or all time on the line shared by all lines, whichever is more."""
    longest = max(sum(pause + line for pause, line in path) for path in paths)
    return max(longest, sum(line for path in paths for _, line in path) / lines)


def makespan(paths: Sequence[Path], lines: int) -> float:
    """The makespan of the longest remaining path first on `lines` lines."""
    left = [_remaining(path) for path in paths]
    pausing = [(path[0][0], team) for team, path in enumerate(paths)]
    ready: list[tuple[float, int]] = []
    busy: list[float] = []
    step = [0] * len(paths)
    heapq.heapify(pausing)
    now = end = 0.0
    while pausing or ready:
        while pausing and pausing[0][0] <= now:
            team = heapq.heappop(pausing)[1]
            heapq.heappush(ready, (-left[team][step[team]], team))
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        while ready and len(busy) < lines:
            team = heapq.heappop(ready)[1]
            ends_at = now + paths[team][step[team]][1]
            heapq.heappush(busy, ends_at)
            end = max(end, ends_at)
            step[team] += 1
            if step[team] < len(paths[team]):
                heapq.heappush(pausing, (ends_at + paths[team][step[team]][0], team))
        if ready:
            now = busy[0]
        elif pausing:
            now = pausing[0][0]
    return end


def _remaining(path: Path) -> list[float]:
    """What is left of a path from each of its calls on."""
    left = [0.0]
    for (_, line), after in zip(reversed(path), [(0.0, 0.0), *reversed(path)], strict=False):
        left.append(left[-1] + line + after[0])
    return left[:0:-1]
