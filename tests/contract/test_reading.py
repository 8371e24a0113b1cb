"""The text of an alert by mail, read out with the real flite and sox."""

import wave
from pathlib import Path

import pytest
from book import RAISER, Book

from ivr import bootstrap
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.gate.client import GateClient
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.adapters.speech.reading import read_out, readable
from ivr.adapters.speech.texts import SpeechError
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.ports import Programs

SENTENCE = "A worm spreads over port 445. Block it at the border. "


@pytest.fixture
def programs() -> Programs:
    try:
        return find_programs()
    except PbxMissing:
        pytest.skip("needs flite and sox: run `tocsin pbx install`")


def seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        return sound.getnframes() / 8000


def test_becomes_a_recording_that_may_be_sent(
    programs: Programs, recordings: Recordings, tmp_path: Path
) -> None:
    read_out(programs, SENTENCE, tmp_path / "a b.wav", 120)

    verdict = recordings.inspect(tmp_path / "a b.wav")
    assert (verdict.problem, verdict.remark) == (None, None)
    assert 2 < verdict.duration_s < 10
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("a b")] == ["a b.wav"]


def test_too_long_a_text_is_read_for_two_minutes_and_ends_with_where_the_rest_is(
    programs: Programs, tmp_path: Path
) -> None:
    read_out(programs, "The rest is in the mail.", tmp_path / "rest.wav", 120)
    read_out(programs, SENTENCE * 2000, tmp_path / "long.wav", 120)

    assert 117 < seconds(tmp_path / "long.wav") <= 120
    with wave.open(str(tmp_path / "rest.wav")) as rest, wave.open(str(tmp_path / "long.wav")) as long:
        said = rest.readframes(rest.getnframes())
        assert long.readframes(long.getnframes()).endswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "-o /tmp/never.wav -f /etc/passwd",
        "$(touch never) `touch never`; touch never | touch never\nand so on",
        "a \0 zero, \x1b[2J an escape, \u202e an override",
        "<audio src='never'/> <speak>and so on</speak>",
        "8" * 100_000,
        "... " * 5000 + "and so on",
    ],
)
def test_no_text_is_anything_but_read(
    programs: Programs, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read_out(programs, text, tmp_path / "out.wav", 10)

    assert 0.5 < seconds(tmp_path / "out.wav") <= 10
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["out.wav"]


def test_a_mail_that_comes_in_by_the_gate_is_heard_as_any_alert(
    programs: Programs, settings: Settings, store: SqlStore, book: Book, recordings: Recordings
) -> None:
    server, intake = bootstrap.gate(settings, store, book.ledger)
    intake.clean()
    server.start()
    try:
        assert settings.gate.socket is not None
        with GateClient(settings.gate.socket) as client:
            alert = book.alert(client.submit("<1@abc-cert.example>", RAISER, SENTENCE, title="Worm"))
            heard = client.audio(alert.id)
    finally:
        server.stop()

    assert 3 < alert.duration_s < 12
    assert recordings.look(alert.audio, alert.sha256).condition == "intact"
    assert heard == recordings.to_play(alert.audio).read_bytes()


@pytest.mark.parametrize("text", ["", "\0\n\t", "\u6f22\u5b57", "?!"])
def test_what_no_english_voice_can_read_is_refused(programs: Programs, tmp_path: Path, text: str) -> None:
    with pytest.raises(SpeechError):
        read_out(programs, text, tmp_path / "out.wav", 10)


def test_words_are_broken_and_accents_dropped() -> None:
    assert readable("Ünë\r\n" + "x" * 50) == "Une " + "x" * 40 + " " + "x" * 10


def test_where_nothing_can_be_read_a_sentence_stands_in_for_it(settings: Settings, tmp_path: Path) -> None:
    folder = settings.sounds / "en"
    folder.mkdir(parents=True)
    with pytest.raises(OSError, match="alert-in-writing"):
        bootstrap.read_alert(settings, "?!", tmp_path / "out.wav")
    (folder / "alert-in-writing.wav").write_bytes(b"a sound")
    bootstrap.read_alert(settings, "?!", tmp_path / "out.wav")

    assert (tmp_path / "out.wav").read_bytes() == b"a sound"
