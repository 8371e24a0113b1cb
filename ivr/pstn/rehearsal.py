"""A rehearsal: one alert from a caller's keypad to every team's acknowledgement, on the practice network.

Owns: the story. Its stage is the business of `stage`; what it proves, that of `checks`.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.domain import spoken
from ivr.ports import Programs
from ivr.pstn import cdr, checks, phones
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, Step, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID, Cast
from ivr.pstn.stage import Stage, StageFailed, eventually

LINES = 4
CALLS_A_NUMBER = 3
"""The stage's policy calls each number at least so often before it gives up."""

ALERT = (
    "Signal CERT. A new worm is scanning for an unpatched mail gateway. It gets in with one crafted header, "
    "from many addresses. Look for connections to port four thousand."
)


def rehearse(
    programs: Programs,
    phones_file: Path,
    alert: Path | None,
    out: Path,
    say: Callable[[str], None],
    staged: Callable[[Programs, Cast, Path], Stage] = Stage,
) -> list[checks.Check]:
    """Play an alert to the phones of the file, judge it, and leave the evidence in `out`.

    `alert` is the recording that the caller speaks (default: our own, of ten seconds); `say` tells a watcher
    what happens; `staged` is the stage it plays on. Raises StageFailed, BadFile.
    """
    cast = Cast(phones.read(phones_file), LINES)
    _clear(out)
    say("Starting the hotline's Asterisk, the practice network, an SMSC and the service")
    with staged(programs, cast, out) as stage:
        recording = _recording(stage, alert)
        began_at = time.monotonic()
        say(f"{CALLER.name} calls the hotline, keys UID and PIN and speaks the alert")
        number = _call_in(stage, recording)
        subprocess.run(stage.argv("alert", "watch", str(number)), check=False)
        say(f"The alert closed {time.monotonic() - began_at:.0f} s after the caller had dialled")
        document = _at_rest(stage, number)
        evidence = _gather(stage, document, recording)
        judged = checks.judge(evidence)
        _leave(stage, evidence, judged)
    return judged


def _clear(out: Path) -> None:
    shutil.rmtree(out / "heard", ignore_errors=True)
    for name in ("summary", "alert", "cdr"):
        (out / f"{name}.json").unlink(missing_ok=True)


def _recording(stage: Stage, given: Path | None) -> Path:
    """The alert in telephone form: the given one, or our own."""
    alert = stage.home / "alert.wav"
    if given is None:
        stage.voice.say(ALERT, alert)
        return alert
    sox = stage.programs.argv("sox", "-V1", str(given), "-r", "8000", "-c", "1", "-b", "16", str(alert))
    done = subprocess.run(sox, capture_output=True, text=True, errors="replace", timeout=60)
    if done.returncode:
        raise StageFailed(f"{given}: cannot be read as sound; name a WAV file of 2 to 120 s")
    return alert


def _call_in(stage: Stage, alert: Path) -> int:
    """Raise the alert by telephone; its number once it is released."""
    stage.exchange.call(CALLER.number, HOTLINE, script(alert))
    listed: list[dict[str, Any]] = []

    def is_released() -> bool:
        listed[:] = [a for a in stage.ask("alert", "list") if a["state"] != "draft"]
        return bool(listed)

    eventually(is_released, 300, f"the caller's alert was not released; see {stage.home}/serve.log")
    return int(listed[0]["id"])


def script(alert: Path) -> tuple[Step, ...]:
    """What the caller does: a member who knows the menus and does not wait for their ends."""
    return (
        Listen(4.5),  # greeting and recording notice
        Press(f"{UID}#"),
        Listen(1.0),
        Press(f"{PIN}#"),
        Listen(1.5),
        Press("1"),  # raise an alert
        Listen(1.0),
        Press("#"),  # knows what to say: the tone at once
        UntilQuiet(0.5),
        Say(alert),
        Press("#"),
        Listen(1.5),
        Press("2"),  # listen to it
        Listen(4.0),
        Press("1"),  # send
        Listen(4.5),  # "press 1 to send your alert now to ..."
        Press("1"),
        UntilQuiet(0.8),  # "alert 1 is on its way to ..."
        Hangup(),
    )


def _at_rest(stage: Stage, number: int) -> dict[str, Any]:
    """The alert document once the last calls have ended and the last receipts are in."""
    document: dict[str, Any] = {}

    def at_rest() -> bool:
        document.update(stage.ask("alert", "show", str(number)))
        ended = all(c["ended_at"] for d in document["deliveries"] for c in d["calls"])
        told = all(m["state"] not in ("queued", "submitted") for m in document["sms"])
        return ended and told and all(r.ended_at for r in stage.exchange.records())

    eventually(at_rest, 60, "calls or SMS did not come to an end")
    return document


def _gather(stage: Stage, document: dict[str, Any], recording: Path) -> checks.Evidence:
    names = stage.settings.sounds / "names"
    somebody = next(iter(phones.by_team(stage.cast.phones)))
    return checks.Evidence(
        alert=document,
        phones=stage.cast.phones,
        caller=CALLER.team or "",
        lines=stage.cast.lines,
        calls_a_number=CALLS_A_NUMBER,
        ring_s=stage.settings.policy.ring_s,
        records=stage.exchange.records(),
        texts=stage.texts(),
        recording=recording,
        announcement=announcement(stage, document),
        stranger=names / f"{somebody}.wav",
        heard=stage.exchange.all_heard,
    )


def announcement(stage: Stage, document: dict[str, Any]) -> list[Path]:
    """The files that say who raised the alert, its number, and when, in order."""
    at = datetime.fromisoformat(document["released_at"]).timestamp()
    sounds = stage.settings.sounds
    name = sounds / "names" / f"{document['originator']['team']}.wav"
    words = [spoken.prompt("raised-alert"), *spoken.count(document["id"]), *spoken.moment(at)]
    folder = sounds / stage.settings.language
    return [name, *(folder / f"{word.removeprefix(spoken.FOLDER)}.wav" for word in words)]


def _leave(stage: Stage, evidence: checks.Evidence, judged: Sequence[checks.Check]) -> None:
    """Write what is left of a rehearsal for scripts and people."""
    summary = {"ok": all(c.ok for c in judged), "checks": [asdict(c) for c in judged]}
    records = [cdr.as_json(record) for record in evidence.records]
    for name, document in (("summary", summary), ("alert", evidence.alert), ("cdr", records)):
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (stage.home / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (stage.home / "heard").mkdir()
    acknowledged_by = {d["team"]["id"]: d["acknowledged_by"] for d in evidence.alert["deliveries"]}
    for team, theirs in phones.by_team(evidence.phones).items():
        # The phone that acknowledged; of a team that did not, the last in its order that heard anything.
        for phone in sorted(theirs, key=lambda p: p.number == acknowledged_by.get(team)):
            if heard := stage.exchange.heard(phone.number):
                shutil.copyfile(heard, stage.home / "heard" / f"{team}.wav")
