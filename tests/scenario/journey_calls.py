"""Golden conversations over real calls: a telephone follows the journey, and its recording is the witness.

The same files are played over the AGI socket in milliseconds (tests/contract/test_conversations.py), where
every sound is checked and every key comes at its moment. Here sounds go over SIP and RTP, and keys as events
(RFC 4733): what the telephone has recorded must hold every sound of the journey in its order.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hush import Act, unaccounted
from journeys import PIN, TEAMS, number, on_record, read, uid
from kept_secret import keeps_secrets

from agi import listen
from ivr import bootstrap
from ivr.domain.facts import Acknowledged, AlertRecorded, AlertReleased
from ivr.domain.records import Account, Alert, CallState, Number, Source, Team, Via
from ivr.domain.records import Call as CallRecord
from ivr.ports import Programs
from ivr.pstn import witness
from ivr.pstn.behaviour import PRESETS, Behaviour, Hangup, Listen, Press, Say, Step, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, POLICY, UID, Cast
from ivr.pstn.phones import Phone
from ivr.pstn.stage import Stage, eventually

_QUIET_S = 1.2
"""Longer than the pauses in what is spoken, shorter than the time for which a key is awaited."""
_BEEP_S = 1.0
"""From the beep until a person who waits for quiet has noticed that it is quiet, beyond _QUIET_S."""
_RINGS_S = 2.0
"""So long that everything is released when somebody answers."""
_OPEN = ("waiting", "calling")
"""In a real call, the dialler goes on meanwhile."""
_KNOWN = ("alerts", "alert", "content", "recording", "delivery", "heard")
"""What is said of them holds whatever calls are made meanwhile."""
_LATE_S = 1.5
"""What is measured in a journey may differ so much in a real call."""

_PATIENT = {**POLICY, "ring_s": 30, "no-answer": {"tries": 20, "pause_s": 30}}
"""So that no alert ends before its journey."""
_CALL_IN = ("abc-cert", "xyz-cert")
"""Whose members call the hotline. (One other account has the UID of the stage's own caller.)"""

Talk = list[dict[str, Any]]


def play(name: str, asterisk: Programs, home: Path, speech: Callable[[float], Path]) -> None:
    """Have the journey `name` happen over a real call; judge what was heard, and what is on record then."""
    journey = read(name)
    journey["talk"] = _shortened(journey["talk"])
    called = journey.get("called")
    answers = {called: Behaviour(_RINGS_S, tuple(_steps(journey["talk"], speech)))} if called else {}
    with Stage(asterisk, _cast(answers), home) as stage, _House(stage) as house:
        house.raise_alerts(journey.get("alerts", []), speech)
        for event in journey.get("before", []):
            house.happens(event)
        caller = number(called) if called else _call_in(stage, house, journey["talk"], speech)
        eventually(lambda: stage.exchange.heard(caller) is not None, 150, "the call did not come to an end")
        recording = stage.exchange.heard(caller)
        assert recording is not None
        _check_heard(recording, house, journey["talk"])
        record = next(r for r in stage.exchange.records() if r.recording == recording.name)
        assert not unaccounted(recording, record, list(_acts(journey["talk"]))), "nobody waits in silence"
        eventually(lambda: house.nobody_on_the_line(caller), 20, "the call has not ended on record")
        _check_record(house.on_record(called), journey["then"])
        keeps_secrets(stage)


def _call_in(stage: Stage, house: "_House", talk: Talk, speech: Callable[[float], Path]) -> str:
    """Have the team call whose account is keyed first; its telephone."""
    key = next(step["press"] for step in talk if "press" in step)
    caller = number(next(team for team in TEAMS if key.startswith(uid(team))))
    stage.exchange.call(caller, HOTLINE, tuple(_steps(talk, speech, house.seconds)))
    return caller


def _cast(answers: dict[str, Behaviour]) -> Cast:
    """The four teams of the journeys. Who has nothing to do in this one never answers."""
    phones = [
        Phone(number(team), (answers.get(team, PRESETS["no-answer"]),), team=team, name=team.upper())
        for team in TEAMS
    ]
    mobile = Phone("+4917100001", (PRESETS["no-answer"],), team="abc-cert", sms=True)
    settings: dict[str, dict[str, Any]] = {team: {"accounts": [{"uid": uid(team)}]} for team in _CALL_IN}
    return Cast([*phones, mobile], lines=6, policy=_PATIENT, teams=settings)


def _steps(
    talk: Talk, speech: Callable[[float], Path], seconds: Callable[[str], float] = lambda token: 0.0
) -> Iterator[Step]:
    """What the person of a journey does on the telephone."""
    for step in talk:
        if "at" in step:
            yield Listen(round(sum(map(seconds, step["heard"][:-1])) + step["at"], 1))
        elif "press" in step or "speak" in step or "hangup" in step:
            yield UntilQuiet(_QUIET_S)
        if "press" in step:
            yield Press(step["press"])
        if "speak" in step:
            yield Say(speech(step["speak"]["seconds"]))
            yield Hangup() if step["speak"]["end"] == "hangup" else Press(step["speak"]["end"])
        if "hangup" in step:
            yield Hangup()
    yield Listen(90.0)


def _shortened(talk: Talk) -> Talk:
    """A journey that ends with a caller who stays silent at the main menu ends there with a hangup."""
    last = talk[-1]
    if last["heard"][-4:] != ["main-menu", "main-menu", "main-menu", "goodbye"]:
        return talk
    return [*talk[:-1], {**last, "heard": last["heard"][:-3], "hangup": True}]


def _check_heard(recording: Path, house: "_House", talk: Talk) -> None:
    """Every sound of the journey, in its order; of one that a key cut short, what came before the key."""
    after_s = 0.0
    for step in talk:
        for n, token in enumerate(step["heard"], 1):
            cut_s = step.get("at") if n == len(step["heard"]) else None
            for sound in house.sounds(token):
                match = witness.find(
                    recording, sound, first_s=cut_s and max(0.3, cut_s - 0.3), after_s=after_s
                )
                assert match.heard, f"{token} was not heard after {after_s:.1f} s: {match}"
                after_s = match.end_s - witness.DRIFT_S


def _acts(talk: Talk) -> Iterator[Act]:
    """What the person of a journey does until each time they press keys."""
    for step in talk:
        if "press" in step:
            yield Act(len(step["press"]))
        elif "speak" in step:
            yield Act(1, step["speak"]["seconds"] + _QUIET_S + _BEEP_S)


def _check_record(on_record: dict[str, str], then: dict[str, str | None]) -> None:
    for what, expected in then.items():
        if what.split()[0] in _KNOWN:
            assert _same(on_record.get(what), expected), f"{what}: {on_record.get(what)}, not {expected}"


def _same(found: str | None, expected: str | None) -> bool:
    if found is None or expected is None:
        return found == expected
    words, wanted = found.split(), expected.split()
    return len(words) == len(wanted) and all(map(_alike, words, wanted))


def _alike(word: str, wanted: str) -> bool:
    if re.fullmatch(r"\d+\.\d", wanted):
        return abs(float(word) - float(wanted)) < _LATE_S
    return word == wanted or (word in _OPEN and wanted in _OPEN)


@dataclass
class _House:
    """The records and sounds of a stage with the four teams of the journeys."""

    stage: Stage

    def __enter__(self) -> "_House":
        self._settings = self.stage.settings
        self._store = bootstrap.open_store(self._settings)
        self._ledger = bootstrap.ledger(self._settings, self._store, bootstrap.clock(self._store))
        self._desk = bootstrap.desk(self._settings, self._store, self._ledger)
        (self._settings.sounds / "names" / "qrs-cert.wav").unlink()  # in the journeys, its name is spelled
        for team in _CALL_IN:
            self.stage.tocsin("team", "pin", uid(team), "--stdin", given=PIN + "\n")
        with self._store.write() as tx:  # the stage has a team of its own, and journeys count the others
            own = str(CALLER.team)
            tx.drop(tx.get(Account, UID), *tx.find(Number, team=own))
            tx.drop(tx.get(Team, own))
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def raise_alerts(self, alerts: list[dict[str, Any]], speech: Callable[[float], Path]) -> None:
        for alert in alerts:
            source = Source(alert.get("source", "hotline"))
            path, seconds = str(speech(alert["seconds"])), float(alert["seconds"])
            sha256, said = f"{alert['team']} {seconds}", {"callback": alert.get("callback")}
            recorded = AlertRecorded(alert["team"], None, source, path, seconds, sha256, **said)
            kept = self._ledger.apply(recorded).alert
            assert kept is not None
            self._ledger.apply(AlertReleased(kept.id))

    def happens(self, event: str) -> None:
        match event.split():
            case ["acknowledge", alert, team]:
                self._ledger.apply(Acknowledged(int(alert), team, Via.OPERATOR, None))
            case _:
                raise ValueError(event)

    def sounds(self, token: str) -> list[Path]:
        """The files behind what a journey says is heard."""
        sounds = self._settings.sounds
        if found := re.fullmatch(r"\(\S+ raised (\d)\)", token):
            said = listen.raised(self._desk, self._alert(found[1]), None)
            return [Path(f"{sound.replace('tocsin/', f'{sounds}/en/', 1)}.wav") for sound in said]
        if token.startswith("alert/"):
            return [self._desk.audio(self._alert(token.removeprefix("alert/")))]
        folder, name = ("names", token.removeprefix("name/")) if token.startswith("name/") else ("en", token)
        return [sounds / folder / f"{name}.wav"]

    def seconds(self, token: str) -> float:
        lengths = (witness.load(sound) for sound in self.sounds(token))
        return sum(audio.size / rate for audio, rate in lengths)

    def nobody_on_the_line(self, number: str) -> bool:
        with self._store.read() as tx:
            return not tx.find(CallRecord, number=number, state=CallState.ANSWERED)

    def on_record(self, called: str | None) -> dict[str, str]:
        with self._store.read() as tx:
            return on_record(tx, called)

    def _alert(self, number: str) -> Alert:
        with self._store.read() as tx:
            alert = tx.get(Alert, int(number))
        assert alert is not None
        return alert
