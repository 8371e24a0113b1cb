"""An incident in words: as ASCII text to read, and as text to be spoken.

Owns: the form of both. Whatever stands in an incident was written by somebody else: in the text no
line of it can pass for one of ours, and no sign of it is invisible or turns the others round.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ivr.domain.incident import Action, Incident, Unread

LONGEST_SPOKEN = 900
"""Characters: about a minute of speech. Whoever wants all of it has it in writing."""

_WIDTH = 76
_HEAD = 14
_PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
    | dict.fromkeys("‘’‚′", "'")
    | dict.fromkeys("“”„″«»", '"')
    | dict.fromkeys("‐‑‒–—−", "-")
    | {"…": "...", "•": "*", "€": "EUR"}
)

_WEB = re.compile(r"[a-z][a-z0-9+.-]*:/|www\.|hxxps?|fxp", re.I)
_MAIL = re.compile(r"[^@]+(?:@|\[at\])[^@]+", re.I)
_IPV6 = re.compile(r"[0-9a-f.]*(?::[0-9a-f.]*){2,}(?:/\d+)?", re.I)
_CLOCK = re.compile(r"\d\d?(?::\d\d){1,2}")
_LONGEST_WORD = 25
_UNSPEAKABLE = re.compile(r"[^A-Za-z0-9 .,;:?!'()%/+-]")
_REST = " The rest is in the mail."


def ascii_only(text: str) -> str:
    """`text` in ASCII: accents are left out, and what has no letters there is written as its code (\\u0441),
    so that nothing is lost and nothing hides."""
    return "".join(sign if sign == "\n" or " " <= sign <= "~" else _code(sign) for sign in _bare(text))


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


def _code(sign: str) -> str:
    return " " if sign == "\t" else sign.encode("unicode_escape").decode()


def as_text(incident: Incident, unread: Iterable[Unread] = ()) -> str:
    """What an incident says, for people: ASCII, lines of at most 76 characters but for long words, the
    classification first and last."""
    label = f"TLP:{incident.tlp}" if incident.tlp else "TLP: as agreed"
    lines = [label, "", *_fields(incident)]
    for head, text in _parts(incident):
        lines += ["", f"{head}:", *_indented(text)]
    if rest := list(unread):
        lines += ["", "Not understood, as it stands in the document:"]
        lines += [each for one in rest for each in _indented(f"{one.path}: {one.text}")]
    return "\n".join((*lines, "", label)) + "\n"


def _fields(incident: Incident) -> Iterator[str]:
    contact, event, assessment = incident.contact, incident.event, incident.assessment
    for head, value in (
        ("Incident", f"{incident.id.name} {incident.id.id}"),
        ("Purpose", "warning (nothing may have happened yet)" if incident.warning else str(incident.purpose)),
        ("Reported", _minute(incident.reported_at)),
        ("Severity", assessment.severity or "not assessed"),
        ("Confidence", assessment.confidence),
        ("Detected", _minute(event.detected_at)),
        ("Started", _minute(event.started_at)),
        ("Stopped", _minute(event.stopped_at)),
        ("From", contact.name),
        ("Telephone", contact.telephone),
        ("Fax", contact.fax),
        ("Mail", contact.mail),
        ("Time zone", f"UTC{contact.zone.replace('Z', '')}" if contact.zone else ""),
    ):
        if value:
            yield f"{head + ':':<{_HEAD}}{' '.join(ascii_only(value).split())}"


def _parts(incident: Incident) -> Iterator[tuple[str, str]]:
    asked = incident.expectation
    wanted = f"({asked.action.replace('-', ' ')})" if asked.action else ""
    for head, text in (
        ("Description", incident.description),
        ("Impact", incident.assessment.impact),
        ("Method", incident.method),
        ("What is asked of you", "\n".join(filter(None, (wanted, asked.text)))),
    ):
        if text:
            yield head, text


def _indented(text: str) -> Iterator[str]:
    """Two blanks before each line: none of them can be taken for a heading of ours."""
    for each in ascii_only(text).splitlines():
        yield from textwrap.wrap(
            each,
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]


def _minute(at: float | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def as_speech(incident: Incident) -> str:
    """What a synthetic voice is to say of an incident: number, originator, time, severity and TLP are said
    elsewhere.

    At most LONGEST_SPOKEN characters, letters, digits and punctuation; addresses and long values are
    named, not spelled.
    """
    asked = incident.expectation
    wanted = asked.text or (asked.action or "").replace("-", " ").replace(Action.OTHER, "")
    sentences = [
        "This is a warning." if incident.warning else "",
        _sentence(incident.description),
        _sentence(incident.assessment.impact, "Impact: "),
        _sentence(wanted, "You are asked: "),
    ]
    text = " ".join(filter(None, sentences))
    if len(text) <= LONGEST_SPOKEN:
        return text
    return f"{_cut(text, LONGEST_SPOKEN - len(_REST))}{_REST}"


def _sentence(text: str, before: str = "") -> str:
    # Four times what can be said: what is left out of it is left out of the rest as well.
    words = " ".join(map(_spoken, _bare(text[: 4 * LONGEST_SPOKEN]).split()))
    said = re.sub(r" +([.,;:?!])", r"\1", " ".join(_UNSPEAKABLE.sub(" ", words).split()))
    if not re.search("[A-Za-z0-9]", said):
        return ""
    return before + said if said[-1] in ".?!" else f"{before}{said}."


def _spoken(word: str) -> str:
    """One word as it is said, with the punctuation behind it."""
    core = word.strip("()[]<>{}\"',;:.?!")
    after = word[word.rfind(core) + len(core) :] if core else ""
    stop = next((sign for sign in after if sign in ",;:.?!"), "")
    if _WEB.match(core):
        return f"a web address{stop}"
    if _MAIL.fullmatch(core):
        return f"a mail address{stop}"
    if _IPV6.fullmatch(core) and not _CLOCK.fullmatch(core):
        return f"an IP address{stop}"
    if len(core) > _LONGEST_WORD:
        return f"a long value{stop}"
    return re.sub(r"(?<=\w)\.(?=\w)", " dot ", word)


def _cut(text: str, most: int) -> str:
    """The whole sentences that fit; without one, the whole words."""
    end = max(text.rfind(f"{stop} ", 0, most) for stop in ".?!")
    return text[: end + 1] if end > 0 else f"{text[: text.rfind(' ', 0, most)]}."
