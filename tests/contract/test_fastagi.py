"""The channel and the server on a real socket: what Asterisk may say, and what nobody should."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import agi_caller
import pytest
from agi_caller import HangUp, Press, Speech

from agi.menu import Menu, OperatorWanted, ask
from ivr.adapters.fastagi import AgiError, Channel, FastAgiServer, HungUp, Played, Recorded, Script
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.domain import spoken


class Plays:
    """A person with one reaction a sound and one answer a question; after the last, silence."""

    def __init__(
        self, sounds: Sequence[Press | HangUp | None] = (), keys: str = "", says: Speech | None = None
    ) -> None:
        self.sounds = list(sounds)
        self.keys = list(keys)
        self.says = says
        self.heard: list[tuple[str, float]] = []

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        self.heard.append((sound, start_s))
        return self.sounds.pop(0) if self.sounds else None

    def waits(self, timeout_s: float) -> str | HangUp:
        key = self.keys.pop(0) if self.keys else ""
        return HangUp() if key == "!" else key.strip()

    def speaks(self, longest_s: float) -> Speech:
        assert self.says
        return self.says


@contextmanager
def serving(script: Script) -> Iterator[FastAgiServer]:
    server = FastAgiServer("127.0.0.1", 0, {"it": script})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def during(
    do: Callable[[Channel], Any], person: agi_caller.Person, **call: Any
) -> tuple[Any, agi_caller.Call]:
    """What `do` returned or raised in a call of `person`."""
    came: list[Any] = []

    def script(channel: Channel) -> None:
        try:
            came.append(do(channel))
        except (HungUp, AgiError, OperatorWanted) as error:
            came.append(error)

    with serving(script) as server:
        made = agi_caller.Call(server.port, "it", person, **call).run()
    return came[0], made


def test_a_file_is_played_to_its_end_to_a_key_or_to_a_hangup() -> None:
    person = Plays([None, Press("2", 0.25), HangUp(0.75)])
    came, _ = during(lambda c: [c.stream("a", "12"), c.stream("b", "12"), c.stream("c", "12")], person)
    assert came == [Played("end", 1.0), Played("key", 0.25, "2"), Played("hangup", 0.75)]


def test_a_key_that_is_not_asked_for_stops_nothing() -> None:
    came, _ = during(lambda c: c.play(["a", "b"], "1"), Plays([Press("9", 0.5), None, Press("1", 0.1)]))
    assert came == "1"


def test_saying_in_full_goes_on_where_a_key_came() -> None:
    person = Plays([None, Press("1", 0.5), Press("1", 0.7)])
    came, _ = during(lambda c: c.say(["a", "b", "c"], "1"), person)
    assert came == "1"
    assert person.heard == [("a", 0.0), ("b", 0.0), ("b", 0.5), ("b", 0.7), ("c", 0.0)]


def test_a_missing_sound_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    person = Plays()
    during(lambda c: c.play(["a", "gone", "b"]), person, sound_s=lambda s: None if s == "gone" else 1.0)
    assert [s for s, _ in person.heard] == ["a", "b"]
    assert "the sound gone is missing" in caplog.text


def test_after_a_hangup_everything_raises_hung_up() -> None:
    def script(channel: Channel) -> str:
        with pytest.raises(HungUp):
            channel.play(["a"])
        for call in (channel.answer, channel.flush, lambda: channel.set("A", "b")):
            with pytest.raises(HungUp):
                call()
        return "through"

    assert during(script, Plays([HangUp(0.5)]))[0] == "through"


def test_the_first_digit_interrupts_and_counts() -> None:
    came, _ = during(lambda c: c.collect(["a", "b"], 10, 5), Plays([None, Press("4")], "0711#99"))
    assert came == "40711"


@pytest.mark.parametrize(
    ("keys", "digits"), [("", ""), ("#", ""), ("12 34#", "12"), ("123456789", "1234"), ("1*#", "1*")]
)
def test_digits_end_with_the_key_the_time_or_the_limit(keys: str, digits: str) -> None:
    assert during(lambda c: c.collect(["a"], 4, 5), Plays(keys=keys))[0] == digits


def test_flushing_leaves_no_key_and_ends_even_for_a_stuck_one() -> None:
    person = Plays(keys="111" + " " + "2")
    came, _ = during(lambda c: (c.flush(), c.wait(1)), person)
    assert came == (None, "2")
    during(lambda c: c.flush(), Plays(keys="1" * 10_000))


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (Speech(3, "#"), Recorded("key", "#")),
        (Speech(30, "#"), Recorded("limit")),
        (Speech(3, "hangup"), Recorded("hangup")),
    ],
)
def test_a_recording_ends_by_key_limit_or_hangup(says: Speech, expected: Recorded, tmp_path: Path) -> None:
    path = tmp_path / 'a "quoted" \\ name'
    came, call = during(lambda c: c.record(path, 10, warn_s=4), Plays(says=says))
    assert came == expected
    assert path.with_suffix(".wav").exists()
    assert call.commands[:2] == ['STREAM FILE "beep" "" 0', 'EXEC PlayTones "!0/6000,!330/200,!0/4000"']
    assert call.commands[2].endswith('wav "#" 10000')


def test_a_recording_too_short_for_the_soft_tone_has_none(tmp_path: Path) -> None:
    _, call = during(lambda c: c.record(tmp_path / "a", 10, warn_s=15), Plays(says=Speech(3, "#")))
    assert call.commands[1] == 'EXEC PlayTones "!0/10000"'


def test_a_line_is_overheard_for_a_while_until_a_key_or_to_a_hangup(tmp_path: Path) -> None:
    def overhear(channel: Channel) -> str:
        return channel.overhear(tmp_path / "line", 2.0, "1")

    for keys, expected in (("", ""), ("1", "1")):
        assert during(overhear, Plays(keys=keys))[0] == expected
    assert isinstance(during(overhear, Plays(keys="!"))[0], HungUp)
    assert (tmp_path / "line.wav").stat().st_size == 44 + 2 * 2 * agi_caller.RATE


def test_variables_are_quoted_both_ways() -> None:
    value = 'a)b (c) "q" \\ =d ü'

    def script(channel: Channel) -> str:
        channel.set("X", value)
        return channel.variable("X") + channel.variable("NONE")

    assert during(script, Plays())[0] == value


@pytest.mark.parametrize("sound", ["a\nHANGUP", "a\rb", "a\0b", "\x1b[2J", "x" * 3000])
def test_what_would_become_a_second_command_is_refused(sound: str) -> None:
    came, call = during(lambda c: c.stream(sound), Plays())
    assert isinstance(came, AgiError)
    assert sound[:20] not in str(came)
    assert call.commands == []


def test_a_menu_takes_early_keys_tells_wrong_ones_and_gives_up() -> None:
    menu = Menu(("question",), "12")
    wrong = ("tocsin/wrong-key", 0.0)
    assert during(lambda c: ask(c, menu), Plays([Press("2", 0.1)]))[0] == "2"
    person = Plays([Press("7"), None, None], " 1")
    assert during(lambda c: ask(c, menu), person)[0] == "1"
    assert person.heard == [("question", 0.0), wrong, ("question", 0.0), ("question", 0.0)]
    person = Plays()
    assert during(lambda c: ask(c, menu), person)[0] is None
    assert person.heard == [("question", 0.0)] * 3


def test_star_and_hash_are_never_wrong_keys_and_help_is_no_miss() -> None:
    menu = Menu(("question",), "12", help=("hints",))
    for key in "*#":
        assert during(lambda c: ask(c, menu), Plays([Press(key)]))[0] == key
    assert during(lambda c: ask(c, menu), Plays([Press("0"), Press("2")]))[0] == "2"
    assert during(lambda c: ask(c, menu), Plays([Press("0"), Press("0"), None], "1"))[0] == "1"
    person = Plays([Press("0"), None] * 5, "1")
    assert during(lambda c: ask(c, menu), person)[0] == "1"
    assert person.heard == [("question", 0.0), ("hints", 0.0)] * 5 + [("question", 0.0)]


def test_a_second_zero_in_help_wants_the_operator_where_there_is_one() -> None:
    menu = Menu(("question",), "12", help=("hints",))
    for person in (Plays([Press("0"), Press("0")]), Plays([Press("0"), None, None], "0")):
        assert isinstance(during(lambda c: ask(c, menu, operator=True), person)[0], OperatorWanted)
    person = Plays([Press("0"), None, None], "2")
    assert during(lambda c: ask(c, menu, operator=True), person)[0] == "2"
    assert person.heard == [("question", 0.0), ("hints", 0.0), ("tocsin/help-operator", 0.0)]


def test_a_wait_is_heard_and_does_not_fail_for_the_want_of_its_sound() -> None:
    person = Plays(keys=" 1")
    came, call = during(lambda c: (c.wait(4), c.wait(4)), person)
    assert came == ("", "1")
    assert call.commands == ['STREAM FILE "tocsin/waiting" "0123456789*#" 48000'] * 2
    came, call = during(lambda c: c.wait(4), Plays(keys="1"), waiting=False, sound_s=lambda _: None)
    assert came == "1"
    assert "silence/4" in call.commands[-1]


# -- a peer that is not Asterisk ---------------------------------------------------------------------------


def exchange(server: FastAgiServer, sent: bytes) -> bytes:
    """Everything the server says to `sent`, until it closes."""
    received = b""
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection,
        suppress(OSError),  # it closed with bytes of ours unread
    ):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(4096):
            received += data
    return received


HEADERS = b"agi_network_script: it\nagi_uniqueid: 1.1\n\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\n",
        b"agi_network_script: it\n",
        b"agi_network_script: other\n\n",
        b"x" * 100_000,
        b"a: b\n" * 10_000,
        b"\xff\xfe\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_hostile_headers_start_no_script(sent: bytes) -> None:
    started = threading.Event()
    with serving(lambda channel: started.set()) as server:
        assert exchange(server, sent) == b""
        assert not started.is_set()
        exchange(server, HEADERS)
        assert started.wait(10), "the server no longer serves"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"200 result=\n",
        b"nonsense\n",
        b"\n",
        b"510 Invalid\n",
        b"520-Usage\nmore\n520 End\n",
        b"999\n",
        b"y" * 90_000,
    ],
)
def test_hostile_replies_end_the_script_with_an_error_of_ours(reply: bytes) -> None:
    came: list[Exception] = []

    def script(channel: Channel) -> None:
        try:
            channel.play(["secret-271828"])
        except (AgiError, HungUp) as error:
            came.append(error)

    with serving(script) as server:
        exchange(server, HEADERS + reply)
    assert len(came) == 1
    assert "271828" not in str(came[0])


def test_a_hangup_line_does_not_shift_the_replies() -> None:
    came: list[str] = []

    def script(channel: Channel) -> None:
        channel.set("A", "b")
        came.append(channel.variable("A"))
        with pytest.raises(HungUp):
            channel.answer()

    with serving(script) as server:
        exchange(server, HEADERS + b"100 Trying\n200 result=1\nHANGUP\n200 result=1 (b)\n")
    assert came == ["b"]


def test_the_dialplan_may_ask_whether_anybody_is_there(caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda channel: None) as server:
        assert exchange(server, b"agi_network_script: ready\n\n") == b""
    assert caplog.text == ""


# -- the server ----------------------------------------------------------------------------------------------


def test_a_script_that_fails_is_logged_without_digits_and_closes(caplog: pytest.LogCaptureFixture) -> None:
    def script(channel: Channel) -> None:
        int(channel.collect(["a"], 10, 5) + "x")

    with serving(script) as server:
        call = agi_caller.Call(server.port, "it", Plays(keys="271828#"), call_id="1.1\x1b[2J").run()
    assert call.variables == {}
    assert "ValueError" in caplog.text
    assert "call 1.1??2J" in caplog.text
    assert "271828" not in caplog.text


def test_nothing_that_is_said_on_the_wire_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    during(lambda c: c.collect(["a"], 10, 5), Plays(keys="271828#"))
    assert caplog.text == ""


def test_stopping_ends_the_calls_that_are_up() -> None:
    up, ended = threading.Event(), threading.Event()

    def script(channel: Channel) -> None:
        up.set()
        try:
            channel.wait(10)
        except HungUp:
            ended.set()

    server = FastAgiServer("127.0.0.1", 0, {"it": script})
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(HEADERS)
        assert up.wait(10)
        server.stop()
        assert ended.is_set()


def test_many_calls_at_once_keep_their_answers_apart() -> None:
    got: dict[str, str] = {}

    def script(channel: Channel) -> None:
        got[channel.call_id] = channel.collect(["a"], 10, 5)

    with serving(script) as server:
        calls = [
            agi_caller.Call(server.port, "it", Plays(keys=f"{n:04}#"), call_id=f"{n:04}") for n in range(60)
        ]
        threads = [threading.Thread(target=call.run) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == {f"{n:04}": f"{n:04}" for n in range(60)}


# -- what is spoken ------------------------------------------------------------------------------------------


def words(sounds: list[str]) -> str:
    return " ".join(s.removeprefix("tocsin/").partition("/")[2] for s in sounds)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (7, "7"),
        (20, "20"),
        (24, "20 4"),
        (100, "1 hundred"),
        (119, "1 hundred 19"),
        (2005, "2 thousand 5"),
        (9999, "9 thousand 9 hundred 90 9"),
        (12_000, "12 thousand"),
    ],
)
def test_numbers(number: int, said: str) -> None:
    assert words(spoken.count(number)) == said


@pytest.mark.parametrize(
    ("at", "day", "minute"),
    [
        (1795356180, "mon-10 20 h-2", "14 oh 3"),
        (0, "mon-0 h-1", "oh 0 hundred"),
        (1782864000 + 9 * 3600 + 30 * 60, "mon-6 h-1", "oh 9 30"),
        (1798761540, "mon-11 30 h-1", "20 3 50 9"),
    ],
)
def test_dates_and_times(at: float, day: str, minute: str) -> None:
    assert words(spoken.date(at)) == day
    assert words(spoken.time(at)) == minute


def test_names_are_spelled() -> None:
    assert words(spoken.spelled("Bü-CERT 2")) == "b u dash c e r t 2"
    assert spoken.spelled("\n; ☎") == []


def test_nothing_is_spoken_but_the_words_there_are() -> None:
    said = set(spoken.spelled("".join(map(chr, range(0x250)))))
    for n in range(10_000):
        said.update(spoken.count(n))
    for day in range(366):
        said.update(spoken.date(day * 86_400.0 + 1_577_836_800))
    for minute in range(1440):
        said.update(spoken.time(minute * 60.0))
    assert {s.removeprefix("tocsin/") for s in said} == set(spoken.WORDS)


def test_the_core_sounds_have_every_word() -> None:
    try:
        sounds = find_programs().sounds
    except PbxMissing as missing:
        pytest.skip(str(missing))
    assert [word for word in (*spoken.WORDS, "beep") if not list(sounds.glob(f"{word}.*"))] == []
