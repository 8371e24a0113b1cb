"""Telephone numbers: which may stand in the directory at all, and how one is shown in a log.

Source: ITU-T E.164 (at most 15 digits, country code without a leading zero).
"""

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

_EMERGENCY = frozenset(
    "000 08 110 111 112 113 114 115 117 118 119 120 122 123 133 144 190 191 911 999 995".split()
)


def subscriber(text: str) -> str:
    """The number in E.164 form, or ValueError with a sentence.

    Spaces, hyphens, dots and brackets are forgiven. Emergency numbers are refused with and without a country
    code: a bell that dials them by mistake keeps a line that a life may depend on.
    """
    if re.search(r"\(\s*0\s*\)", text):
        raise ValueError(f"{text!r}: leave out the (0), it is not dialled behind a country code")
    compact = re.sub(r"[\s().\-/]", "", text)
    digits = compact.removeprefix("+")
    if is_emergency(digits):
        raise ValueError(f"{compact} is an emergency number and is never called; remove it")
    if not _E164.fullmatch(compact):
        raise ValueError(f'{text!r} is not a number in E.164 form, such as "+4940808077555"')
    return compact


def is_emergency(digits: str) -> bool:
    """Whether `digits` (no +) reach an emergency service, bare or behind a country code of 1 to 3 digits."""
    digits = digits.removeprefix("00")
    return digits in _EMERGENCY or any(digits[n:].lstrip("0") in _EMERGENCY for n in (1, 2, 3))


def masked(number: str | None) -> str:
    """`+4940808077555` as `+4940…555`: enough for an operator to tell lines apart, not enough to call."""
    if not number:
        return "-"
    return f"{number[:5]}…{number[-3:]}" if len(number) > 8 else "…"
