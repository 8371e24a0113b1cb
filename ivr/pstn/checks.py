"""What a rehearsal has to prove, judged from witnesses that are not ours.

Owns: the checks. Each compares the service's own account (the alert document) with the exchange's call
records, with what the phones recorded and with what the SMSC took. What is to be expected comes from the
phones file alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.pstn import cdr, witness
from ivr.pstn.behaviour import expect
from ivr.pstn.phones import Phone, by_team, reachable

Document = dict[str, Any]

_LOUD_DBFS = -32.0
_CLIPPING_DBFS = -6.0
"""RMS level of speech on a telephone line lies between these."""
_EVER = 1000
"""More calls than any policy makes."""
_PROVES_S = 3.0
"""An acknowledgement during the alert may cut it off; this much of its beginning must have been heard."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a rehearsal leaves behind."""

    alert: Document
    """As `tocsin alert show N --json`."""
    phones: Sequence[Phone]
    caller: str
    """Team that raised the alert."""
    lines: int
    calls_a_number: int
    """So often the policy calls each number at least before it gives up."""
    ring_s: float
    records: Sequence[cdr.Record]
    texts: Sequence[Document]
    """What the SMSC took."""
    recording: Path
    """The alert as it was spoken into the caller's telephone."""
    announcement: Sequence[Path]
    """The sounds that say who raised the alert and when, in order."""
    stranger: Path
    """A sound that nobody was to hear: another team's name."""
    heard: Callable[[str], Sequence[Path]]
    """What the phone with this number recorded, oldest first."""


def judge(evidence: Evidence) -> list[Check]:
    """All checks, in the order of the story."""
    return [check for part in _PARTS for check in part(evidence)]


def _raised(e: Evidence) -> Iterator[Check]:
    source, team = e.alert["source"], e.alert["originator"]["team"]
    yield Check("raised by telephone", (source, team) == ("hotline", e.caller), f"{team} by {source}")
    sure, number = e.alert["confirmed"], e.alert["callback"]
    yield Check("confirmed, and with a number for questions", bool(sure and number), f"{sure}, {number}")


def _reached(e: Evidence) -> Iterator[Check]:
    deliveries = {d["team"]["id"]: d for d in e.alert["deliveries"]}
    teams = by_team(e.phones)
    yield Check("every team is addressed", set(deliveries) == set(teams), f"{len(deliveries)} deliveries")
    for team, phones in teams.items():
        delivery = deliveries.get(team, {})
        state, via = delivery.get("state"), delivery.get("acknowledged_via")
        acknowledged = (state, via) == ("acknowledged", "keypress")
        if reachable(phones, e.calls_a_number, e.ring_s):
            yield Check(f"{team} acknowledged by key", acknowledged, f"{state} via {via}")
        elif reachable(phones, _EVER, e.ring_s):
            ok = acknowledged or state == "exhausted"
            yield Check(f"{team} acknowledged late, or is named as missing", ok, f"{state} via {via}")
        else:
            yield Check(f"{team} is named as missing", state == "exhausted", str(state))
    everybody = all(d["state"] == "acknowledged" for d in deliveries.values())
    wanted = "all-acknowledged" if everybody else "incomplete"
    got = (e.alert["state"], e.alert["outcome"])
    yield Check("the alert closed", got == ("closed", wanted), " ".join(map(str, got)))


def _announced(e: Evidence) -> Iterator[Check]:
    """Each acknowledging callee heard originator, time and alert, in that order, at a good level."""
    for team, number, whole in _acknowledging(e.alert):
        recordings = e.heard(number)
        if not recordings:
            yield Check(f"{team} heard who, when and the alert", False, f"no recording of {number}")
            continue
        said = witness.sequence(recordings[-1], e.announcement)
        after_s = said[-1].end_s if said else 0.0
        first_s = None if whole else _PROVES_S
        alert = witness.find(recordings[-1], e.recording, first_s=first_s, after_s=after_s)
        worst = min((m.score for m in said), default=0.0)
        level_ok = _LOUD_DBFS <= alert.level_db <= _CLIPPING_DBFS
        before = witness.any_part(recordings[-1], e.recording, until_s=said[0].offset_s)
        ok = all(m.heard for m in said) and alert.heard and level_ok and not before.heard
        where = f"at {alert.offset_s:.1f} s, {alert.level_db:.0f} dBFS"
        detail = f"announced {worst:.2f}, alert {alert.score:.2f} {where}"
        yield Check(f"{team} heard who, when and the alert", ok, detail)


def _acknowledging(alert: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Team, number, and whether the whole alert was played, of each call that was acknowledged."""
    for delivery in alert["deliveries"]:
        for call in delivery["calls"]:
            if call["disposition"] == "acknowledged":
                whole = call["heard_s"] >= alert["duration_s"] - 0.1
                yield delivery["team"]["id"], call["number"], whole


def _controls(e: Evidence) -> Iterator[Check]:
    """A witness that hears what was never said would prove nothing."""
    recordings = [r for _, number, _ in _acknowledging(e.alert) for r in e.heard(number)[-1:]]
    backwards = [witness.control(r, e.recording) for r in recordings]
    yield _nowhere("control: the alert backwards is heard nowhere", backwards)
    stranger = [witness.find(r, e.stranger) for r in recordings]
    yield _nowhere("control: another originator is heard nowhere", stranger)


def _nowhere(name: str, matches: Sequence[witness.Match]) -> Check:
    """None of these was heard, and there was something to listen to."""
    best = max((m.score for m in matches), default=1.0)
    heard = any(m.heard for m in matches) or not matches
    return Check(name, not heard, f"best match {best:.2f} in {len(matches)} calls")


def _no_content(e: Evidence) -> Iterator[Check]:
    """Nobody who pressed no key heard content: no machine, no child, nobody who hung up."""
    for phone in e.phones:
        if any(expect(call).hears_alert for call in phone.calls):
            continue
        recordings = e.heard(phone.number)
        if recordings:
            name = f"no content without a key ({phone.team}, {phone.number[-3:]})"
            yield _nowhere(name, [witness.any_part(r, e.recording) for r in recordings])


def _lines(e: Evidence) -> Iterator[Check]:
    out = [r for r in e.records if r.direction == "to-phone"]
    peak, refused = cdr.peak(out), sum(r.over_limit for r in out)
    yield Check("never more calls than lines", peak <= e.lines and not refused, f"{peak} of {e.lines} lines")


def _accounted(e: Evidence) -> Iterator[Check]:
    """The exchange saw the very calls that the service tells of, with the same ends."""
    ours = sorted((c["number"], c["cause"]) for d in e.alert["deliveries"] for c in d["calls"])
    theirs = sorted((r.number, r.cause) for r in e.records if r.direction == "to-phone")
    yield Check("our calls are the exchange's calls", ours == theirs, f"{len(ours)} and {len(theirs)}")


def _texted(e: Evidence) -> Iterator[Check]:
    wanted = sorted(p.number for p in e.phones if p.sms and p.team)
    got = sorted(t["number"] for t in e.texts)
    yield Check("one SMS to each mobile that wants it", got == wanted, f"{len(got)} of {len(wanted)}")
    receipts = [m["state"] for m in e.alert["sms"]]
    delivered = receipts.count("delivered") == len(wanted)
    yield Check("each SMS has its receipt", delivered, f"{receipts.count('delivered')} of {len(wanted)}")


_PARTS = (_raised, _reached, _announced, _controls, _no_content, _lines, _accounted, _texted)
