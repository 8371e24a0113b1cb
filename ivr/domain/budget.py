"""How often PINs may be guessed: failure budgets of each UID and of the whole network.

Owns: the odds of a guesser. While a budget is spent, the right PIN does not log in: its account is called at
a number on record, and a guesser who hits it is none the wiser. So nobody can be locked out, and no guess
beyond the budget wins anything.

A budget is one moment: when all that was spent of it is given back (the theoretical arrival time of the
generic cell rate algorithm, ITU-T I.371). It costs nothing while nobody fails, and forgets by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

YEAR_S = 365.25 * 86_400


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` failures at once, and one more every `every_s` seconds."""

    burst: int
    every_s: float

    def left(self, spent_until: float, now: float) -> int:
        """Failures that are still allowed."""
        ahead = max(0.0, spent_until - now)
        return max(0, self.burst - int(-(-ahead // self.every_s)))

    def charged(self, spent_until: float, now: float) -> float:
        # Never more than the whole budget ahead: a clock that was set back must not spend it for months.
        whole = now + self.burst * self.every_s
        return min(max(spent_until, now) + self.every_s, whole)

    def forgiven(self, spent_until: float, failures: int) -> float:
        return spent_until - failures * self.every_s

    def a_year(self) -> float:
        """Failures that a guesser has in a year, who begins with a whole budget."""
        return self.burst + YEAR_S / self.every_s


@dataclass(frozen=True, slots=True)
class Guessing:
    """The policy. What it comes to in odds, a test reckons."""

    uid: Pace = Pace(burst=5, every_s=12 * 3600)
    network: Pace = Pace(burst=60, every_s=12 * 3600)
    """For all UIDs together, whether they exist or not."""
    calls_back: int = 2
    calls_back_s: float = 3600.0
    """So many calls back to one account in this time."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Until when both budgets are spent, and when the account was last called back."""

    uid: float
    network: float
    called_back: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    right: bool
    mistakes: int = 0
    """Failures that were charged to this UID in the same call: forgiven to whoever then knows the PIN."""


class Login(StrEnum):
    """What a caller is told."""

    IN = "in"
    WRONG = "wrong"
    HELD = "held"
    """A budget is spent; the words are the same for a right PIN and a wrong one."""


@dataclass(frozen=True, slots=True)
class Decision:
    login: Login
    spent: Spent
    call_back: bool = False
    """The account is to be called; nobody hears of it on this line."""
    ran_out: bool = False
    """This attempt has spent the last of a budget."""


def decide(spent: Spent, attempt: Attempt, policy: Guessing, now: float) -> Decision:
    """Check and charge one attempt."""
    left = min(policy.uid.left(spent.uid, now), policy.network.left(spent.network, now))
    if left == 0:
        recent = [at for at in spent.called_back if now - policy.calls_back_s < at]
        return Decision(Login.HELD, spent, call_back=attempt.right and len(recent) < policy.calls_back)
    if attempt.right:
        uid = policy.uid.forgiven(spent.uid, attempt.mistakes)
        network = policy.network.forgiven(spent.network, attempt.mistakes)
        return Decision(Login.IN, Spent(uid, network, spent.called_back))
    uid, network = policy.uid.charged(spent.uid, now), policy.network.charged(spent.network, now)
    return Decision(Login.WRONG, Spent(uid, network, spent.called_back), ran_out=left == 1)


def rings(numbers: Sequence[str], before: int) -> str | None:
    """The number for a call back, where so many were made lately: each goes to the next number, as nobody may
    have taken the one before."""
    return numbers[before % len(numbers)] if numbers else None
