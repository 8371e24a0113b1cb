"""Who is called in the fault matrix, what they hear, and when the fault comes.

Owns: the phones, the policy's pauses, the alert and the seeded moments. Knows no fault.
"""

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ivr.ports import Programs
from ivr.pstn import phones
from ivr.pstn.cast import POLICY, Cast

CALL_S = 21.0
"""How long a line is taken by one team that answers: 20.8 s, measured."""

_PATIENT = '{steps: [{listen: 0.4}, {press: "1"}, ' + 'until-quiet, {press: "1"}, ' * 3 + "hangup]}"
"""Cuts the greeting short, and presses 1 whenever the voice pauses: also to one that asks it to hold."""
_SCRIPTS = (
    ("", _PATIENT),
    ("", _PATIENT),
    ("busy", _PATIENT),
    ("{does: acknowledges, answer_after: 20}", _PATIENT),
)
"""What comes before a phone's answering call; 20 s is longer than we ring."""

_POLICY = {**POLICY, "deadline_s": 4 * 3600, "no-answer": {"tries": 3, "pause_s": 4}}


def cast(teams: int, lines: int, home: Path, environment: Mapping[str, str] | None = None) -> Cast:
    """Teams that trust their phones, so that a call is short; one phone each."""
    text = "phones:\n" + "".join(
        f'  - {{number: "+49408080{n:05d}", team: team-{n}, sms: {str(n % 4 == 0).lower()}, '
        f"calls: [{', '.join(filter(None, _SCRIPTS[n % len(_SCRIPTS)]))}]}}\n"
        for n in range(1, teams + 1)
    )
    trusting = {f"team-{n}": {"trusts-phones": True} for n in range(1, teams + 1)}
    return Cast(
        phones.parse(text, "phones", home),
        lines,
        policy=_POLICY,
        teams=trusting,
        environment=environment or {},
    )


def speak(programs: Programs, path: Path) -> Path:
    """An alert of three seconds."""
    raw = path.with_name("raw.wav")
    text = "A worm scans for mail gateways. Block port four thousand now."
    subprocess.run(programs.argv("flite", "-voice", "rms", "-t", text, "-o", str(raw)), check=True)
    cut = programs.argv("sox", str(raw), "-r", "8000", "-c", "1", "-b", "16", str(path), "trim", "0", "3")
    subprocess.run(cut, check=True)
    raw.unlink()
    return path


def moments(fault: str, seed: int, many: int, teams: int, lines: int) -> list[float]:
    """Random moments, the same for the same seed. All lines are in use until the last of them at least: every
    team takes a line for CALL_S, and none is left idle while somebody waits."""
    chance = random.Random(f"{seed} {fault}")  # a string: the same in every process
    return [chance.uniform(1.0, CALL_S * teams / lines) for _ in range(many)]
