"""Golden conversations as they stand in tests/conversations, for the tests that play them.

Owns: where they are, how they are read, and how the records of a house are told in their words.
"""

from pathlib import Path
from typing import Any

import yaml

from ivr.domain.records import Alert, Call, Delivery, Errand, Leg, Sms
from ivr.ports import Records

JOURNEYS = {p.stem: p for p in sorted((Path(__file__).parent / "conversations").glob("*.yaml"))}
TEAMS = ("abc-cert", "qrs-cert", "tru-cert", "xyz-cert")
PIN = "271828"


def number(team: str) -> str:
    """The telephone of a team."""
    return f"+49408080770{TEAMS.index(team) + 1}"


def uid(team: str) -> str:
    """The account of a team."""
    return f"4071{TEAMS.index(team) + 1}"


def read(name: str) -> dict[str, Any]:
    journey: dict[str, Any] = yaml.safe_load(JOURNEYS[name].read_text(encoding="utf-8"))
    return journey


def on_record(tx: Records, called: str | None = None) -> dict[str, str]:
    """What the ledger holds, in words; `heard` by the team `called`, where others are called too."""
    lines = {"alerts": str(len(tx.find(Alert)))}
    for sms in tx.find(Sms, team="abc-cert"):
        lines["sms to abc-cert"] = sms.text
    for a in tx.find(Alert):
        lines[f"alert {a.id}"] = f"{a.state}, escalated" if a.escalated_at else str(a.state)
        sure = {True: "confirmed", False: "unconfirmed", None: "not said"}[a.confirmed]
        lines[f"content {a.id}"] = f"{sure}, TLP {a.tlp}, {a.severity}, questions to {a.callback}"
        lines[f"recording {a.id}"] = f"{a.duration_s:.1f} s by {a.team} {a.uid}"
    for d in tx.find(Delivery):
        how = f" {d.acknowledged_via} {d.acknowledged_by}" if d.acknowledged_via else ""
        back = ", to be called back" if d.promised else ""
        lines[f"delivery {d.alert} {d.team}"] = f"{d.state}{how}{back}"
    for leg in tx.find(Leg, **({"team": called} if called else {})):
        lines[f"heard {leg.alert}"] = f"{leg.heard_s:.1f} s{' whole' if leg.whole else ''}"
    for on in tx.find(Errand):
        lines[f"errand {on.id}"] = f"{on.kind} {on.state} {on.number}"
    for call in tx.find(Call):
        left = ", message left" if call.message_left else ", passed" if call.passed else ""
        lines["call"] = f"{call.direction} {call.state} {call.team} {call.trunk}{left}"
    return lines
