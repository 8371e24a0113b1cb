"""How numbers, dates, times and names become lists of sounds.

Owns: which words say what, in English; the words themselves are Asterisk's core sounds. A sound is named as
Asterisk plays it, without suffix. Knows no channel and no file.
"""

import string
import unicodedata
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_SIGNS = {
    "-": "letters/dash",
    ".": "letters/dot",
    "@": "letters/at",
    "+": "letters/plus",
    "/": "letters/slash",
    "&": "letters/ascii38",
}

WORDS = (
    *(f"digits/{n}" for n in (*range(21), *range(30, 100, 10))),
    *("digits/hundred", "digits/thousand", "digits/oh"),
    *(f"digits/mon-{n}" for n in range(12)),
    *(f"digits/h-{n}" for n in (*range(1, 21), 30)),
    *(f"letters/{letter}" for letter in string.ascii_lowercase),
    *_SIGNS.values(),
)
"""Every core sound that is used here."""


FOLDER = "tocsin/"
"""Where Asterisk finds our sounds, below its own."""

WAITING = FOLDER + "waiting"
"""What is heard while a key is awaited: no word, but a soft tick twice a second."""
WAITING_S = 10
"""How long that sound is, seconds."""


def prompt(name: str) -> str:
    """The sound of the catalogue's text `name`, which is always a literal: a test looks for orphans."""
    return FOLDER + name


IN_WRITING = prompt("alert-in-writing")
"""What is heard of an alert that came by mail where its text could not be read out."""


def _word(name: str) -> str:
    return FOLDER + name


def verification(word: str) -> str:
    """The sound of a verification word (domain.words)."""
    return FOLDER + "words/" + word


def count(number: int) -> list[str]:
    """A cardinal number, 0 to 999,999: 24 is twenty four."""
    if not 0 <= number < 1_000_000:
        raise ValueError("only 0 to 999,999 can be spoken")
    sounds = []
    if number >= 1000:
        sounds += [*count(number // 1000), _word("digits/thousand")]
        number %= 1000
    if number >= 100:
        sounds += [_word(f"digits/{number // 100}"), _word("digits/hundred")]
        number %= 100
    if number > 20 and number % 10:
        sounds += [_word(f"digits/{number // 10 * 10}"), _word(f"digits/{number % 10}")]
    elif number or not sounds:
        sounds.append(_word(f"digits/{number}"))
    return sounds


def moment(at: float, zone: str | None = None) -> list[str]:
    """`at` (seconds since the epoch) in UTC; with `zone` (IANA) by that clock too, and by its day where that
    is another one: on November 22nd at 23 oh 3 UTC, on November 23rd at oh oh oh 3 your local time."""
    said = [prompt("on"), *date(at), prompt("at"), *time(at), prompt("utc")]
    if zone is None:
        return said
    local = ZoneInfo(zone)
    if datetime.fromtimestamp(at, local).date() != datetime.fromtimestamp(at, UTC).date():
        said += [prompt("on"), *date(at, local), prompt("at")]
    return [*said, *time(at, local), prompt("local-time")]


def date(at: float, zone: tzinfo = UTC) -> list[str]:
    """The day of `at` (seconds since the epoch): month, then ordinal day, as in November 22nd."""
    day = datetime.fromtimestamp(at, zone)
    month = _word(f"digits/mon-{day.month - 1}")
    if day.day > 20 and day.day % 10:
        return [month, _word(f"digits/{day.day // 10 * 10}"), _word(f"digits/h-{day.day % 10}")]
    return [month, _word(f"digits/h-{day.day}")]


def time(at: float, zone: tzinfo = UTC) -> list[str]:
    """The minute of `at` on a 24-hour clock, four figures in pairs: 14 oh 3, oh 9 30, 14 hundred."""
    clock = datetime.fromtimestamp(at, zone)
    minute = [_word("digits/hundred")] if clock.minute == 0 else _pair(clock.minute)
    return [*_pair(clock.hour), *minute]


def _pair(number: int) -> list[str]:
    return [_word("digits/oh"), *count(number)] if number < 10 else count(number)


def spelled(text: str) -> list[str]:
    """Letter by letter. Accents are left out, and so are signs that have no sound."""
    sounds = []
    for sign in unicodedata.normalize("NFKD", text).lower():
        if sign.isascii() and sign.isalpha():
            sounds.append(_word(f"letters/{sign}"))
        elif sign.isascii() and sign.isdigit():
            sounds.append(_word(f"digits/{sign}"))
        elif sign in _SIGNS:
            sounds.append(_word(_SIGNS[sign]))
    return sounds


def acknowledged(number: int, of: int) -> list[str]:
    """How many of how many teams have acknowledged."""
    return [*count(number), prompt("of"), *count(of), prompt("count-acknowledged")]


def teams(number: int) -> list[str]:
    """So many teams."""
    return [*count(number), prompt("team") if number == 1 else prompt("teams")]
