"""Nobody waits in silence for the store, nor at all for what is only put on record of their call."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Event

from agi_caller import Call, HangUp, Press, Speech
from journeys import PIN, uid
from test_conversations import SECRET, Build, build, empty_house

from agi.hotline import hotline
from agi.listen import Clerk
from ivr.adapters.fastagi import Channel, FastAgiServer, HungUp
from ivr.domain.records import Account
from ivr.domain.records import Call as CallRecord

__all__ = ["build", "empty_house"]

PATIENCE_S = 60.0
TICKS = 'EXEC PlayTones "440/20,0/480"'


class Listens:
    """Hears everything to its end, unless `reacts` has something against it; presses `keys` where asked."""

    def __init__(self, reacts: Callable[[str], HangUp | None], keys: str = "") -> None:
        self._reacts = reacts
        self._keys = list(keys)

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        return self._reacts(sound)

    def waits(self, timeout_s: float) -> str | HangUp:
        return self._keys.pop(0) if self._keys else ""

    def speaks(self, longest_s: float) -> Speech:
        raise AssertionError("nobody is asked to speak")


def led(work: Callable[[Call], bool], reacts: Callable[[str], None]) -> Call:
    """The call of a script that waits for `work`, which may look at what was done in the call."""
    came: list[object] = []

    def script(channel: Channel) -> None:
        with suppress(HungUp), Clerk("1", PATIENCE_S) as clerk:
            came.append(clerk.wait(channel, lambda: work(call), "hold"))

    server = FastAgiServer("127.0.0.1", 0, {"it": script})
    call = Call(server.port, "it", Listens(reacts))
    server.start()
    try:
        call.run()
    finally:
        server.stop()
    assert came == [True]
    return call


def test_ticks_come_before_words_and_after_them() -> None:
    heard: list[str] = []
    twice = Event()

    def reacts(sound: str) -> None:
        heard.append(sound)
        if len(heard) == 2:
            twice.set()

    call = led(lambda _: twice.wait(PATIENCE_S), reacts)
    assert call.commands[:4] == [TICKS, 'STREAM FILE "hold" "" 0', TICKS, 'STREAM FILE "hold" "" 0']


def test_work_that_is_done_at_once_is_not_heard() -> None:
    assert led(lambda _: True, lambda sound: None).commands == []


def test_nobody_waits_for_their_call_to_be_on_record(build: Build) -> None:
    house = build("silence")
    house.scripts["hotline"] = hotline(house.desk, PATIENCE_S)
    with house.store.write() as tx:
        account = tx.get(Account, uid("abc-cert"))
        assert account is not None
        tx.put(replace(account, totp=SECRET))
    moments: list[str] = []
    on_record: list[int] = []

    def reacts(sound: str) -> HangUp | None:
        if sound.endswith("one-moment"):
            moments.append(sound)
        asked = sound.endswith("enter-code")
        if asked:
            with house.store.read() as tx:
                on_record.append(len(tx.find(CallRecord)))
        if not asked and len(moments) < 5:
            return None
        house.happens("store back")
        return HangUp()

    house.happens("store away")
    call = Call(house.port, "hotline", Listens(reacts, f"{uid('abc-cert')}#{PIN}#"), sound_s=house.length)
    call.run()
    assert on_record == [0], "the code was asked for before the call was on record"
