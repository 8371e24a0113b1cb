"""Which UIDs and PINs may be issued. Owns: their form, and which PINs are too easy to guess."""

from collections.abc import Callable, Container
from itertools import pairwise

PIN_SHORTEST = 6
PIN_LONGEST = 10
_ISSUED_DIGITS = 8
LISTEN_SHORTEST = 4
LISTEN_LONGEST = 8


def uid(text: str) -> str:
    """A user id as keyed by callers: 4 to 10 digits. Raises ValueError with a sentence."""
    if not (text.isascii() and text.isdigit() and 4 <= len(text) <= 10):
        raise ValueError("a UID has 4 to 10 digits")
    return text


def pin(text: str, of_uid: str) -> str:
    """A PIN that may be issued. Raises ValueError with a sentence that does not repeat it."""
    if not (text.isascii() and text.isdigit() and PIN_SHORTEST <= len(text) <= PIN_LONGEST):
        raise ValueError(f"a PIN has {PIN_SHORTEST} to {PIN_LONGEST} digits")
    if is_weak(text) or text in of_uid or of_uid in text:
        raise ValueError(
            "this PIN is too easy to guess (a run, a repetition, a date, or the UID); choose another"
        )
    return text


def listening(text: str) -> str:
    """A team's listening PIN that may be issued. Raises ValueError with a sentence without it."""
    if not (text.isascii() and text.isdigit() and LISTEN_SHORTEST <= len(text) <= LISTEN_LONGEST):
        raise ValueError(f"a listening PIN has {LISTEN_SHORTEST} to {LISTEN_LONGEST} digits")
    if is_weak(text):
        raise ValueError("this PIN is too easy to guess (a run, a repetition, or a date); choose another")
    return text


def is_weak(text: str) -> bool:
    """Runs (123456, 987654, 2468…), one block repeated (111111, 121212, 123123); under 3 digits; a date."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(text)}
    blocks = any(
        len(text) % n == 0 and text == text[:n] * (len(text) // n) for n in range(1, len(text) // 2 + 1)
    )
    return len(steps) == 1 or blocks or len(set(text)) < 3 or _is_date(text)


def _is_date(text: str) -> bool:
    """A day, month and year in any usual order: birthdays are what people choose, and what is tried first."""
    if len(text) == 8:
        years = ("19", "20")
        return (text[:2] in years and _is_day(text[4:])) or (text[4:6] in years and _is_day(text[:4]))
    return len(text) == 6 and (_is_day(text[:4]) or _is_day(text[2:]))


def _is_day(four: str) -> bool:
    """Day and month, either first."""
    low, high = sorted((int(four[:2]), int(four[2:])))
    return 1 <= low <= 12 and 1 <= high <= 31


def random_pin(below: Callable[[int], int], of_uid: str) -> str:
    """A PIN to be issued; `below(n)` is a random number from 0 to n - 1."""
    while True:
        candidate = f"{below(10**_ISSUED_DIGITS):0{_ISSUED_DIGITS}}"
        try:
            return pin(candidate, of_uid)
        except ValueError:
            continue  # about one in a hundred is too easy


def random_uid(below: Callable[[int], int], taken: Container[str]) -> str:
    """A UID of 5 to 8 digits that says nothing: not whose it is, nor how many there are."""
    while True:
        digits = 5 + below(4)
        candidate = f"{10 ** (digits - 1) + below(9 * 10 ** (digits - 1))}"
        if candidate not in taken:
            return candidate
