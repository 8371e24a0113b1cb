"""Golden conversations: what is heard and pressed in a call, and what is on record afterwards.

Each file in tests/conversations is one journey. It runs over the AGI socket against the real ledger, store
and desk. docs/conversations.md tells how a journey is written.
"""

import json
import re
import shutil
import sqlite3
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import agi_caller
import journeys
import pyotp
import pytest
from agi_caller import Cut, Follows, write_wav
from journeys import JOURNEYS, PIN, TEAMS, read

from agi.callout import callout
from agi.errand import errand
from agi.hotline import hotline
from ivr import bootstrap, config
from ivr.adapters.fastagi import FastAgiServer, Script
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore, migrate
from ivr.domain import facts
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Budget,
    Call,
    CallingHours,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Disposition,
    Entry,
    ErrandKind,
    Leg,
    Listen,
    ListenPin,
    Number,
    Source,
    Team,
    VerificationWord,
    Via,
)
from ivr.domain.words import WORDS
from ivr.ports import AtLeast
from ivr.services.desk import Desk
from ivr.services.ledger import Ledger

NOON = 1795356180.0
"""2026-11-22 14:03 UTC, the time of every journey."""
RAISED = (
    "name/{0} raised-alert digits/{1} "
    "on digits/mon-10 digits/20 digits/h-2 at digits/14 digits/oh digits/3 utc"
)
ABOUT = {"confirmed", "unconfirmed", "severity-high", "severity-low", "tlp-red", "tlp-amber", "tlp-green"}
HEARD_OUT = set(
    """
    goodbye login-wrong no-input called-back-soon not-asked-for test-thanks caller-has-left
    acknowledged-thanks not-recorded-call-back withdrawn
    alert-word on-its-way team teams not-sent sent-meanwhile cancelled not-kept
    is-withdrawn not-withdrawn ended-meanwhile is-telephoned not-escalated escalated-meanwhile
    pin-wrong pins-differ pin-refused pin-changed pin-not-changed studio-delivered studio-nothing-kept
    confirm-send-before withdraw-confirm-before escalate-before
    """.split()
)
"""What no key of a caller's interrupts, besides numbers and words that ask to hold:
how something has ended, and what must be known before a key may count."""
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODE = pyotp.TOTP(SECRET).at(int(NOON))
"""The one-time code of every journey: `{code}` among its keys."""
STUDIO_CODE = "314159"
"""What a shell shows that waits for a recording."""
CONFIG = """
network: {name: Example Network, hotline: "+4940808077555", duty_operator: "+4940808077666"}
trunks: [{name: sip-a, host: 127.0.0.1, lines: 4}]
"""


@dataclass
class House:
    """A service with four teams, and nothing but its call scripts running."""

    folder: Path
    store: SqlStore
    ledger: Ledger
    desk: Desk
    port: int
    scripts: dict[str, Script]
    lock: sqlite3.Connection | None = None
    broken: str = ""

    def is_well(self) -> bool:
        """Whether its store answers."""
        return self.lock is None and not self.broken

    def happens(self, event: str) -> None:
        match event.split():
            case ["store", "away"]:
                self.lock = sqlite3.connect(
                    self.folder / "state" / "tocsin.db", isolation_level=None, check_same_thread=False
                )
                self.lock.execute("BEGIN IMMEDIATE")
            case ["store", "back"]:
                assert self.lock is not None
                self.lock.close()
                self.lock = None
            case ["store", "broken" | "mended" as how, *table]:
                known = table[0] if table else "delivery"
                names = (known, "gone") if how == "broken" else ("gone", known)
                with closing(sqlite3.connect(self.folder / "state" / "tocsin.db")) as connection:
                    connection.execute("ALTER TABLE {} RENAME TO {}".format(*names))
                self.broken = known if how == "broken" else ""
            case ["disk", "full"]:
                reserve = bootstrap.reserve(self.desk.settings)
                assert reserve is not None
                reserve.path.touch()  # as it is once it was given up
            case said:
                self._is_done(said)

    def _is_done(self, said: list[str]) -> None:
        """What others do meanwhile."""
        match said:
            case ["release", number]:
                self.ledger.apply(facts.AlertReleased(int(number)))
            case ["erase", number]:
                self.ledger.apply(facts.AlertErased(int(number)))
            case ["escalate", number]:
                self.ledger.apply(facts.AlertEscalated(int(number), Via.OPERATOR))
            case ["withdraw", number]:
                self.ledger.apply(facts.AlertWithdrawn(int(number)))
            case ["acknowledge", number, team]:
                self.ledger.apply(facts.Acknowledged(int(number), team, Via.OPERATOR, None))
            case ["errand", number, how]:
                self._errand(int(number), how)
            case ["guess", uid, times]:
                for _ in range(int(times)):
                    self.desk.door.knock("a guesser", uid, "999999", "", 0)
            case [("codes" | "order") as what, name]:
                {"codes": self._has_codes, "order": self._order}[what](name)
            case ["lose", number]:
                for file in (self.folder / "recordings").glob(f"{number}*.wav"):
                    file.unlink()
            case said:
                self._is_called(said)

    def _has_codes(self, uid: str) -> None:
        with self.store.write() as tx:
            account = tx.get(Account, uid)
            assert account is not None
            tx.put(replace(account, totp=SECRET))

    def _order(self, sound: str) -> None:
        """A shell waits for a recording of it."""
        note = {"sound": str(self.folder / "state" / "sounds" / sound), "until": time.time() + 60}
        studio = self.folder / "state" / "studio"
        studio.mkdir()
        (studio / f"{STUDIO_CODE}.json").write_text(json.dumps(note), encoding="utf-8")

    def _errand(self, number: int, how: str) -> None:
        """What a call for an errand comes to: done, busy; or dropped, by who asked for it."""
        if how == "dropped":
            self.ledger.apply(facts.ErrandDropped(number))
            return
        self.ledger.apply(facts.ErrandPlaced(number, f"errand-{number}", "sip-a"))
        done = how == "done"
        self.ledger.apply(facts.ErrandDone(number) if done else facts.CallEnded(f"errand-{number}", 17))

    def _is_called(self, said: list[str]) -> None:
        """What is special about a team, or about its calls so far."""
        match said:
            case ["listens", "with", pin, team]:
                self._listens(team, Listen.PIN, pin)
            case ["listens", "without", "a", "PIN", team]:
                self._listens(team, Listen.PIN)
            case ["calls", "in", team]:
                self._listens(team, Listen.CALL_IN)
            case ["has", "words", *words, team]:
                with self.store.write() as tx:
                    tx.put(*(VerificationWord(team, n, word) for n, word in enumerate(words, 1)))
            case ["office", "hours", number]:
                with self.store.write() as tx:
                    known = tx.find(Number, number=number)
                    tx.put(*(replace(found, hours=CallingHours.OFFICE) for found in known))
            case ["passed", number]:
                with self.store.write() as tx:
                    (delivery,) = tx.find(Delivery, team=tx.find(Number, number=number)[0].team)
                    placed = Call(
                        "before", Direction.OUT, CallState.ENDED, delivery.team, number, "sip-a", NOON
                    )
                    tx.put(replace(placed, ended_at=NOON, passed=True))
                    tx.put(Leg("before", delivery.alert, delivery.team, 9, disposition=Disposition.PASSED))
            case ["words", "used", "up"]:
                with self.store.write() as tx:
                    tx.put(*(replace(word, call="an earlier one") for word in tx.find(VerificationWord)))
            case ["held", "twice", number, team]:
                with self.store.write() as tx:
                    delivery = tx.get(Delivery, int(number), team)
                    assert delivery is not None
                    tx.put(replace(delivery, holds=2))
            case _:
                raise ValueError(said)

    def _listens(self, team_id: str, listen: Listen, pin: str | None = None) -> None:
        with self.store.write() as tx:
            team = tx.get(Team, team_id)
            assert team is not None
            tx.put(replace(team, listen=listen), *([ListenPin(team_id, Pins().hash(pin))] if pin else []))

    def raise_alert(
        self,
        team: str,
        seconds: float,
        source: str = "hotline",
        draft: bool = False,
        age_s: float = 0,
        **said: Any,
    ) -> int:
        path = self.folder / f"{team} {seconds}.wav"
        write_wav(path, seconds)
        recorded = self.ledger.apply(
            facts.AlertRecorded(team, None, Source(source), str(path), seconds, f"{team} {seconds}", **said)
        )
        assert recorded.alert is not None
        with self.store.write() as tx:
            tx.put(replace(recorded.alert, recorded_at=NOON - age_s))
        if not draft:
            self.ledger.apply(facts.AlertReleased(recorded.alert.id))
        return recorded.alert.id

    def length(self, sound: str) -> float | None:
        """Of a sound, in seconds; everything but recordings is taken to be there and to last a second."""
        if not sound.startswith(str(self.folder / "recordings")):
            return 1.0
        try:
            with wave.open(f"{sound}.wav") as file:
                return file.getnframes() / file.getframerate()
        except FileNotFoundError:
            return None

    def name(self, sound: str) -> str:
        """Of a sound, as journeys write it: of a recording, whether as it was made or at an even level."""
        if sound.startswith(f"{self.folder}/recordings/incoming/line-"):
            return "take"
        for folder, short in (
            ("tocsin/", ""),
            (f"{self.folder}/recordings/", "alert/"),
            (f"{self.folder}/state/sounds/names/", "name/"),
        ):
            if sound.startswith(folder):
                return short + sound.removeprefix(folder).removesuffix("-level")
        return sound

    def on_record(self) -> dict[str, str]:
        """What the ledger holds, in words."""
        with self.store.read() as tx:
            lines = journeys.on_record(tx)
            for delivered in (self.folder / "state").glob("studio/*.wav"):
                with wave.open(str(delivered)) as file:
                    lines["delivered"] = f"{file.getnframes() / file.getframerate():.1f} s"
            words = tx.find(VerificationWord)
            spoken = sum(word.call is not None for word in words)
            lines |= {f"words of {word.team}": f"{spoken} of {len(words)} spoken" for word in words}
            for entry in tx.find(Entry):
                lines["journal"] = entry.what
            for budget in tx.find(Budget, spent_until=AtLeast(NOON + 1)):
                lines[f"failures {budget.scope}"] = "charged"
            for name in self.folder.glob("state/sounds/names/recorded/*.wav"):
                lines[f"name {name.stem}"] = "recorded"
        return lines


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty house")
    (folder / "tocsin.yaml").write_text(CONFIG, encoding="utf-8")
    names = folder / "state" / "sounds" / "names"
    names.mkdir(parents=True)
    settings = config.load(folder / "tocsin.yaml")
    store = bootstrap.open_store(settings)
    migrate.upgrade(store)
    pin_hash = Pins().hash(PIN)
    with store.write() as tx:
        for n, team in enumerate(TEAMS, 1):
            trusts, wants_message = team == "tru-cert", team == "qrs-cert"
            tx.put(Team(team, team.upper(), trusts_phones=trusts, machine_message=wants_message))
            tx.put(Number(team, 0, f"+49408080770{n}"), Account(f"4071{n}", team, pin_hash))
            if team != "qrs-cert":  # its name is spelled
                write_wav(names / f"{team}.wav", 1.0)
        tx.put(Number("abc-cert", 1, "+4917100001", sms=True))
    store.close()
    return folder


Build = Callable[[str], House]


@pytest.fixture(scope="session")
def build(empty_house: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Makes houses that share one FastAGI server, one after another."""
    scripts: dict[str, Script] = {}
    server = FastAgiServer("127.0.0.1", 0, scripts)
    stores = []

    def build(name: str) -> House:
        folder = tmp_path_factory.mktemp(name) / "a house"
        shutil.copytree(empty_house, folder)
        settings = config.load(folder / "tocsin.yaml")
        store = bootstrap.open_store(settings)
        stores.append(store)
        recordings = bootstrap.recordings(settings)
        ledger = Ledger(
            store,
            recordings,
            settings.policy,
            settings.network.hotline,
            lambda: NOON,
            duty_operator=settings.network.duty_operator,
        )
        desk = bootstrap.desk(settings, store, ledger)
        return House(folder, store, ledger, desk, server.port, scripts)

    server.start()
    yield build
    server.stop()
    for store in stores:
        store.close()


class Invariants:
    """What holds at every moment of every call, whatever its journey says."""

    def __init__(self, house: House, journey: dict, person: agi_caller.Person) -> None:
        self._house = house
        self._person = person
        self._content_may_be_heard = "called" not in journey or journey["called"] == "tru-cert"
        self._opened_by: str | None = "1"
        """What must be keyed before content is heard: 1, a listening PIN, or nothing can."""
        for event in journey.get("before", []):
            if event.startswith(("listens", "calls in")):
                pin = re.search(r"\d+", event)
                self._opened_by = f"{pin[0]}#" if pin else None
        self._keyed = ""
        self._called = "called" in journey
        self._words = any(event.startswith("has words") for event in journey.get("before", []))
        self._introduced = not self._called
        self._acknowledged = self._count(Delivery, DeliveryState.ACKNOWLEDGED)
        self._released = self._count(Alert, AlertState.RELEASED)

    def hears(
        self, sound: str, seconds: float, start_s: float
    ) -> agi_caller.Press | agi_caller.HangUp | None:
        name = self._house.name(sound)
        if name == "utc":
            self._introduced = not self._words
        elif name in ("no-verification-word", *(f"words/{word}" for word in WORDS)):
            self._introduced = True
        elif name.startswith("alert/"):
            assert self._content_may_be_heard, "content before the key"
            assert self._introduced, "content before its originator"
        elif name in ABOUT and self._opened_by != "1":
            assert self._content_may_be_heard, "something of the alert before the listening PIN"
        elif name in ("enter-uid", "enter-pin"):
            assert not self._called, "the login is asked for in a call that we made"
        elif name == "acknowledged-thanks":
            self._acknowledged += 1
            assert self._count(Delivery, DeliveryState.ACKNOWLEDGED) >= self._acknowledged, (
                "spoken before the commit"
            )
        elif name == "on-its-way":
            self._released += 1
            assert self._count(Alert, AlertState.RELEASED) >= self._released, "spoken before the commit"
        elif name == "is-telephoned":
            assert not self._count(Delivery, DeliveryState.MAILED), "spoken before the commit"
        elif name == "is-withdrawn":
            assert self._count(Alert, AlertState.WITHDRAWN), "spoken before the commit"
        act = self._person.hears(sound, seconds, start_s)
        self._opens(act.key if isinstance(act, agi_caller.Press) else "")
        return act

    def waits(self, timeout_s: float) -> str | agi_caller.HangUp:
        key = self._person.waits(timeout_s)
        self._opens(key)
        return key

    def _opens(self, key: str | agi_caller.HangUp) -> None:
        self._keyed += key if isinstance(key, str) else ""
        self._content_may_be_heard |= self._opened_by is not None and self._keyed.endswith(self._opened_by)

    def speaks(self, longest_s: float) -> agi_caller.Speech:
        return self._person.speaks(longest_s)

    def _count(self, kind: type, state: str) -> int:
        with self._house.store.read() as tx:
            return len(tx.find(kind, state=state))


def lead(
    house: House, journey: dict, person: Callable[[Follows], agi_caller.Person] = lambda follows: follows
) -> tuple[Follows, agi_caller.Call]:
    """Set the scene of a journey and make its call."""
    if zone := journey.get("local-time"):
        with house.store.write() as tx:
            tx.put(*(replace(team, zone=zone, local_time=True) for team in tx.find(Team)))
    asked = dict.fromkeys(journey.get("asks", []), True)
    house.desk.settings = replace(house.desk.settings, raising=config.Raising(**asked))
    alerts = [house.raise_alert(**alert) for alert in journey.get("alerts", [])]
    follows = Follows(written_out(journey["talk"]), house.name, house.happens, house.is_well)
    house.scripts |= {
        "callout": callout(house.desk, 3.0),
        "hotline": hotline(house.desk, 3.0),
        "errand": errand(house.desk, 3.0),
    }
    call = agi_caller.Call(
        house.port,
        "hotline",
        Invariants(house, journey, person(follows)),
        sound_s=house.length,
        line=list(journey.get("line", [])),
        parties=journey.get("parties", 0),
        stayed_s=journey.get("stayed_s", 0.0),
    )
    if team := journey.get("errand"):
        call.script = "errand"
        number = f"+49408080770{TEAMS.index(team) + 1}"
        uid = f"4071{TEAMS.index(team) + 1}"
        kind = ErrandKind(journey["kind"])
        if kind is ErrandKind.OPERATOR:
            number, team = house.desk.settings.network.duty_operator, None
        wanted = house.ledger.apply(facts.ErrandWanted(kind, number, team, uid)).errand
        assert wanted is not None
        house.ledger.apply(facts.ErrandPlaced(wanted.id, call.call_id, "sip-a"))
    if team := journey.get("called"):
        call.script = "callout"
        number = f"+49408080770{TEAMS.index(team) + 1}"
        house.ledger.apply(facts.CallPlaced(call.call_id, team, number, "sip-a", tuple(alerts)))
    for event in journey.get("before", []):
        house.happens(event)
    try:
        call.run()
    finally:
        if house.lock is not None:
            house.happens("store back")
        if house.broken:
            house.happens(f"store mended {house.broken}")
    return follows, call


def written_out(talk: list[dict]) -> list[dict]:
    """`(xyz-cert raised 3)` is short for the sounds that say it."""
    steps = []
    for step in talk:
        heard: list[str] = []
        for token in step.get("heard", []):
            found = re.fullmatch(r"\((\S+) raised (\d)\)", token)
            heard += RAISED.format(*found.groups()).split() if found else [token]
        keys = {"press": step["press"].replace("{code}", CODE)} if "press" in step else {}
        steps.append({**step, "heard": heard, **keys})
    return steps


def secrets(call: agi_caller.Call) -> set[str]:
    """What was keyed in this call in answer to a question for a UID, a PIN or a code, put together from its
    keys; but UIDs of accounts."""
    typed = ""
    for question, keys in groupby(call.keyed, lambda one: one[0]):
        if re.search("uid|pin|code", question):
            typed += "".join(key for _, key in keys) + "#"
    known = {f"4071{n}" for n, _ in enumerate(TEAMS, 1)}
    return {text for text in re.split("[*#]", typed) if len(text) > 3} - known


def kept(house: House) -> Iterator[str]:
    """All that a call has left behind on the disk, the database with it, but what was spoken."""
    for file in house.folder.rglob("*"):
        if file.is_file() and file.suffix != ".wav":
            yield file.read_bytes().decode("latin-1")


@pytest.mark.parametrize("name", JOURNEYS)
def test_journey(name: str, build: Build, caplog: pytest.LogCaptureFixture) -> None:
    journey = read(name)
    house = build(name)
    follows, call = lead(house, journey)
    follows.finished()
    assert not call.line, "the line was not listened to"
    assert not list(house.folder.glob("recordings/incoming/line-*")), "what a line said hangs about"
    if "called" in journey:
        recorded = [c for c in call.commands if c.startswith("RECORD FILE") and "/incoming/line-" not in c]
        assert not recorded, "a callee is recorded"
    on_record = house.on_record()
    assert {k: on_record.get(k) for k in journey["then"]} == journey["then"]
    if "called" not in journey:
        whole = {found[1] for c in call.commands if (found := re.match(r'STREAM FILE "tocsin/(\S+)" ""', c))}
        whole = {sound for sound in whole if not re.search("^digits/|^one-moment$|-hold$", sound)}
        assert whole <= HEARD_OUT, "no key interrupts it"
    assert any(c.startswith("SET AUTOHANGUP") for c in call.commands), (
        "nothing ends a call that goes on for ever"
    )
    assert call.variables == ({} if journey.get("dropped") else {"TOCSIN_DONE": "1"})
    assert "failed: " not in caplog.text, "the script stumbled"
    assert not re.search(rf"{PIN}|4071\d|999999|31415\d|{CODE}", caplog.text), (
        "a digit of the caller's is in the log"
    )
    written = "\n".join((caplog.text, *call.commands, *kept(house)))
    assert not [secret for secret in secrets(call) if secret in written], "what was keyed is kept somewhere"


@pytest.mark.parametrize(
    "name",
    [
        *("raise-and-send", "listen-to-the-end", "two-alerts-in-one-call", "hotline-acknowledge", "withdraw"),
        "escalate",
        "number-for-questions",
        *("not-me-in-the-alert", "call-me-back-after-the-alert", "is-this-call-genuine"),
        *("listening-pin", "hears-it-on-the-hotline-only"),
        *("operator", "settings-test-calls"),
    ],
)
def test_hangup_at_every_prompt(name: str, build: Build, caplog: pytest.LogCaptureFixture) -> None:
    """The journey again and again, the line cut in the middle of its first, second, ... sound or question."""
    journey = read(name)
    n, cut = 0, True
    while cut:
        house = build(name)
        follows, happened = lead_cut(house, journey, n)
        check_cut(house.on_record(), follows.steps[: follows.gone_through])
        assert not list((house.folder / "recordings" / "incoming").iterdir()), "a recording hangs about"
        cut = happened > n
        n += 1
    follows.finished()
    assert n > 15
    assert "failed: " not in caplog.text, "a script stumbled over a hangup"


def lead_cut(house: House, journey: dict, n: int) -> tuple[Follows, int]:
    """Make the call of a journey, cut in the middle of the n-th thing that happens; how many did."""
    people: list[Cut] = []

    def person(follows: Follows) -> Cut:
        people.append(Cut(follows, n))
        return people[0]

    follows, _ = lead(house, journey, person)
    return follows, people[0].happened


def check_cut(on_record: dict[str, str], done: list[dict]) -> None:
    """Nothing recorded is lost, and nothing happened but what keys asked for."""
    recorded = any("speak" in step for step in done)
    sent = any("sends" in step for step in done)
    if recorded:
        assert on_record["alert 1"] == ("released" if sent else "draft")
        told = on_record.get("sms to abc-cert")
        assert told or sent, "nobody of the team knows that it was not sent"
        assert told is None or ("alert 1 WAS sent, to 3 teams" in told) is sent
        assert told is None or ("was NOT sent" in told) is not sent
    assert "escalated" not in on_record.get("alert 1", "") or any("escalates" in step for step in done)
    for step in done:
        if "escalates" in step:
            assert on_record[f"alert {step['escalates']}"] == "released, escalated"
        if "passes" in step:
            assert on_record["call"].endswith(", passed")
        if "put_off" in step:
            assert on_record[f"delivery {step['put_off']}"] == "responding, to be called back"
    acknowledged = {
        k for k, v in on_record.items() if k.startswith("delivery") and v.startswith("acknowledged")
    }
    assert acknowledged == {f"delivery {step['acknowledges']}" for step in done if "acknowledges" in step}
