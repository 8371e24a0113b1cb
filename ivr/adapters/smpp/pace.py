"""How fast submits may leave: what the operator allows, and less while the SMSC says that it is too much.

Pure: the caller brings the time. Must not know about sockets or texts.

As TCP does (RFC 5681): the pause between two submits doubles where the SMSC refuses, once for all that were
on their way then, and halves with each one that it takes.
"""

_FIRST_S = 0.05
_LONGEST_S = 5.0
_GONE_S = 0.005
"""A pause so short is none."""
_FORGOTTEN_S = 60.0
"""A refusal so long ago says nothing of now."""


class Pace:
    """Times are monotonic seconds."""

    def __init__(self, per_second: int | None) -> None:
        self._least_s = 1.0 / per_second if per_second else 0.0
        self._pause_s = self._least_s
        self._next_at = 0.0
        self._slowed_at = float("-inf")

    def wait_s(self, now: float) -> float:
        """How long until the next submit may leave."""
        return max(0.0, self._next_at - now)

    def is_slowed(self, now: float) -> bool:
        """Whether it is doubtful that the next submit will be taken. After a single refusal the first
        one that is taken ends that: an SMSC that had too much once must not stay the second best for long."""
        return self._pause(now) >= max(_FIRST_S, 2 * self._least_s)

    def sent(self, now: float) -> None:
        self._next_at = max(now, self._next_at) + self._pause(now)

    def throttled(self, sent_at: float, now: float) -> bool:
        """A submit that left at `sent_at` was too much; whether that is news."""
        if sent_at <= self._slowed_at:
            return False
        self._pause_s = min(_LONGEST_S, max(_FIRST_S, 2 * self._pause(now)))
        self._slowed_at = now
        self._next_at = now + self._pause_s
        return True

    def taken(self) -> None:
        shorter = self._pause_s / 2
        self._pause_s = self._least_s if shorter < max(self._least_s, _GONE_S) else shorter

    def _pause(self, now: float) -> float:
        return self._pause_s if now < self._slowed_at + _FORGOTTEN_S else self._least_s
