"""Recordings on a real disk: what is in them, where they are kept, and that none is lost."""

import hashlib
import json
import math
import os
import stat
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import wav
from book import Book, speak
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ivr import bootstrap
from ivr.adapters.audio.kept import Kept
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.audio.wav import RATE, BadAudio
from ivr.adapters.fastagi import HungUp
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain.records import Account, Alert, AlertState
from ivr.pstn import tones
from ivr.services.desk import Desk
from ivr.services.interrupted import Interrupted
from ivr.services.ledger import Ledger

CALLER = Account("40712", "abc-cert")


def unfinished(path: Path) -> Path:
    """As Asterisk leaves a recording when it dies: the sound is there, the header says 0."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, 36)
    struct.pack_into("<I", data, 40, 0)
    path.write_bytes(data)
    return path


def level_dbfs(frames: bytes) -> float:
    samples = struct.unpack(f"<{len(frames) // 2}h", frames)
    return 10 * math.log10(sum(sample**2 for sample in samples) / len(samples) / 32768**2)


@pytest.fixture
def desk(settings: Settings, store: SqlStore, ledger: Ledger) -> Desk:
    return bootstrap.desk(settings, store, ledger)


@pytest.fixture
def interrupted(settings: Settings, store: SqlStore, desk: Desk) -> Interrupted:
    return bootstrap.interrupted(settings, store, desk)


class TestInspect:
    def test_speech_may_be_sent(self, recordings: Recordings) -> None:
        path = speak(recordings.incoming / "x.wav", 9.3)
        verdict = recordings.inspect(path)

        assert verdict.ok
        assert verdict.duration_s == pytest.approx(9.3)
        assert verdict.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    @pytest.mark.parametrize(
        ("seconds", "amplitude", "problem"),
        [
            (0, 8000, "empty"),
            (1.4, 8000, "short"),
            (1.5, 8000, None),
            (9, 0, "silent"),
            (9, 40, "silent"),
            (9, 400, None),
        ],
    )
    def test_what_is_empty_short_or_silent_may_not(
        self, recordings: Recordings, seconds: float, amplitude: int, problem: str | None
    ) -> None:
        verdict = recordings.inspect(speak(recordings.incoming / "x.wav", seconds, amplitude))

        assert verdict.problem == problem

    def test_what_is_not_there_is_empty(self, recordings: Recordings) -> None:
        assert recordings.inspect(recordings.incoming / "none.wav").problem == "empty"

    def test_a_recording_that_asterisk_could_not_finish_is_whole_again(self, recordings: Recordings) -> None:
        path = unfinished(speak(recordings.incoming / "x.wav", 9.3))
        verdict = recordings.inspect(path)

        assert (verdict.problem, verdict.duration_s) == (None, pytest.approx(9.3))
        assert verdict.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_an_empty_recording_stays_empty(self, recordings: Recordings) -> None:
        path = unfinished(speak(recordings.incoming / "x.wav", 0))

        assert recordings.inspect(path).problem == "empty"

    @pytest.mark.parametrize("octets", [0, 1, 43, 44, 45, 20_001])
    def test_one_that_was_cut_is_as_long_as_what_is_left(self, recordings: Recordings, octets: int) -> None:
        path = speak(recordings.incoming / "x.wav", 9.3)
        os.truncate(path, octets)

        left_s = max(0, octets - 44) // 2 / 8000
        assert recordings.inspect(path).duration_s == pytest.approx(left_s)

    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, 43), st.integers(0, 255))
    @example(16, 127)
    def test_a_damaged_header_is_no_surprise(self, recordings: Recordings, place: int, value: int) -> None:
        path = speak(recordings.incoming / "x.wav", 0.1)
        data = bytearray(path.read_bytes())
        data[place] = value
        path.write_bytes(data)

        assert recordings.inspect(path).problem in ("empty", "short")


class TestListen:
    def test_hears_a_beep(self, recordings: Recordings, tmp_path: Path) -> None:
        assert recordings.listen(speak(tmp_path / "line.wav", 0.5)).beep

    @pytest.mark.parametrize("octets", [0, 43, 44, 45])
    def test_where_nothing_was_written_there_was_silence(
        self, recordings: Recordings, tmp_path: Path, octets: int
    ) -> None:
        path = speak(tmp_path / "line.wav", 0.5)
        os.truncate(path, octets)

        assert recordings.listen(path).silent
        assert recordings.listen(tmp_path / "none.wav").silent


class TestForeign:
    def test_a_file_of_an_operator_is_looked_at_in_the_same_way(
        self, recordings: Recordings, tmp_path: Path
    ) -> None:
        assert recordings.inspect_foreign(speak(tmp_path / "alert.wav", 9.3)).ok

    @pytest.mark.parametrize(
        ("seconds", "amplitude", "complaint"),
        [
            (0, 8000, "is empty; record it again"),
            (1, 8000, "is short; record it again"),
            (9, 0, "is silent; record it again"),
            (120.5, 8000, r"lasts 120\.5 s; the limit is 120 s"),
        ],
    )
    def test_what_cannot_be_sent_is_refused(
        self, recordings: Recordings, tmp_path: Path, seconds: float, amplitude: int, complaint: str
    ) -> None:
        with pytest.raises(BadAudio, match=rf"alert\.wav: {complaint}"):
            recordings.inspect_foreign(speak(tmp_path / "alert.wav", seconds, amplitude))

    def test_exactly_the_limit_is_taken(self, recordings: Recordings, tmp_path: Path) -> None:
        assert recordings.inspect_foreign(speak(tmp_path / "alert.wav", 120.0)).ok

    @pytest.mark.parametrize("content", [b"", b"ID3\x04 some song", b"RIFF", b"RIFF\x24\0\0\0WAVEjunk"])
    def test_what_is_no_wav_is_refused_with_the_way_to_convert_it(
        self, recordings: Recordings, tmp_path: Path, content: bytes
    ) -> None:
        (tmp_path / "alert.mp3").write_bytes(content)
        with pytest.raises(BadAudio, match=r"alert\.mp3: is no WAV file .*; convert it: sox IN -r 8000"):
            recordings.inspect_foreign(tmp_path / "alert.mp3")

    @pytest.mark.parametrize(("place", "value"), [(22, 2), (25, 0x3E), (34, 8)])
    def test_another_form_is_refused_with_the_way_to_convert_it(
        self, recordings: Recordings, tmp_path: Path, place: int, value: int
    ) -> None:
        path = speak(tmp_path / "alert.wav", 9)
        data = bytearray(path.read_bytes())
        data[place] = value
        path.write_bytes(data)
        with pytest.raises(BadAudio, match="must be mono, 16 bit, 8000 Hz; convert it: sox IN"):
            recordings.inspect_foreign(path)

    def test_a_file_that_is_not_there_is_named(self, recordings: Recordings, tmp_path: Path) -> None:
        with pytest.raises(BadAudio, match=r"none\.wav: cannot be read: No such file"):
            recordings.inspect_foreign(tmp_path / "none.wav")

    def test_a_file_that_is_not_ours_is_never_changed(self, recordings: Recordings, tmp_path: Path) -> None:
        path = unfinished(speak(tmp_path / "alert.wav", 9))
        before = path.read_bytes()
        with pytest.raises(BadAudio):
            recordings.inspect_foreign(path)

        assert path.read_bytes() == before


class TestKeep:
    def test_gives_it_the_alert_s_number_and_a_checksum_that_tools_can_check(
        self, recordings: Recordings
    ) -> None:
        path = speak(recordings.incoming / "x.wav", 2)
        name = recordings.keep(17, str(path))

        kept = recordings.path(name)
        assert kept.name == "17.wav"
        assert kept.read_bytes() == path.read_bytes()
        checksum = hashlib.sha256(path.read_bytes()).hexdigest()
        assert kept.with_name("17.wav.sha256").read_text(encoding="ascii") == f"{checksum}  17.wav\n"

    def test_never_writes_over_an_earlier_take(self, recordings: Recordings) -> None:
        takes = [speak(recordings.incoming / f"{n}.wav", 2 + n) for n in range(3)]
        names = [recordings.keep(17, str(take)) for take in takes]

        assert names == ["17.wav", "17-2.wav", "17-3.wav"]
        for take, name in zip(takes, names, strict=True):
            assert recordings.path(name).read_bytes() == take.read_bytes()

    def test_nobody_else_can_listen(self, recordings: Recordings) -> None:
        assert stat.S_IMODE(recordings.incoming.stat().st_mode) == 0o700


class TestLevel:
    @pytest.mark.parametrize("amplitude", [600, 30_000])
    def test_callees_hear_an_even_level_and_the_original_stays(
        self, recordings: Recordings, amplitude: int
    ) -> None:
        path = speak(recordings.incoming / "x.wav", 2, amplitude)
        original = path.read_bytes()
        name = recordings.keep(17, str(path))

        heard = recordings.to_play(name)
        assert heard.name == "17-level.wav"
        with wave.open(str(heard)) as file:
            assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (16_000, RATE, 1)
            assert level_dbfs(file.readframes(16_000)) == pytest.approx(-20, abs=0.5)
        assert recordings.path(name).read_bytes() == original
        assert recordings.look(name, hashlib.sha256(original).hexdigest()).condition == "intact"
        recordings.erase(17)
        assert list(recordings.path(".").glob("*.wav*")) == []

    def test_one_that_is_even_has_no_copy(self, recordings: Recordings) -> None:
        name = recordings.keep(17, str(speak(recordings.incoming / "x.wav", 2, 4634)))
        assert recordings.to_play(name) == recordings.path(name)

    def test_one_that_holds_tones_of_keys_is_played_without_them(self, recordings: Recordings) -> None:
        """An echo of one would be a key, where keys travel in the sound."""
        speak(path := recordings.incoming / "x.wav", 2, 4634)
        with wave.open(str(path), "rb") as file:
            speech = np.frombuffer(file.readframes(16_000), dtype="<i2") / 32768
        wav.write(path, speech, tones.tone("1", 0.3), speech)
        name = recordings.keep(17, str(path))

        with wave.open(str(recordings.to_play(name))) as file:
            heard = np.frombuffer(file.readframes(40_000), dtype="<i2")
        assert heard.size == 34_400
        assert not heard[16_000:18_400].any()
        assert heard[:15_000].any()
        assert heard[-15_000:].any()

    def test_a_key_so_low_that_it_is_none_yet_is_none_in_the_louder_copy(
        self, recordings: Recordings
    ) -> None:
        noise = np.random.default_rng(1).normal(0, 150 / 32768, 16_000)
        low = tones.tone("1", 0.3)
        low *= 45 / 32768 / np.sqrt(np.mean(low**2))
        name = recordings.keep(17, str(wav.write(recordings.incoming / "x.wav", noise, low, noise)))

        with wave.open(str(recordings.to_play(name))) as file:
            heard = np.frombuffer(file.readframes(40_000), dtype="<i2")
        assert np.abs(heard[:15_000]).max() > 5000, "it is not louder"
        assert not heard[16_000:18_400].any()

    def test_a_second_take_is_played_and_not_the_first_one_s_copy(self, recordings: Recordings) -> None:
        for take in range(2):
            name = recordings.keep(17, str(speak(recordings.incoming / f"{take}.wav", 2 + take, 600)))
        assert recordings.to_play(name).name == "17-2-level.wav"

    def test_where_the_copy_cannot_be_made_the_original_is_played(
        self, recordings: Recordings, caplog: pytest.LogCaptureFixture
    ) -> None:
        recordings.path("17-level.making").mkdir()
        name = recordings.keep(17, str(speak(recordings.incoming / "x.wav", 2, 600)))
        assert recordings.to_play(name) == recordings.path(name)
        assert "17.wav: its level stays as it is" in caplog.text


class TestKept:
    @pytest.fixture
    def name(self, recordings: Recordings) -> str:
        return recordings.keep(17, str(speak(recordings.incoming / "x.wav", 2, 600)))

    @pytest.fixture
    def checksum(self, recordings: Recordings, name: str) -> str:
        return hashlib.sha256(recordings.path(name).read_bytes()).hexdigest()

    def test_is_what_was_kept(self, recordings: Recordings, name: str, checksum: str) -> None:
        assert recordings.look(name, checksum) == Kept("intact", recordings.path(name).read_bytes())

    @pytest.mark.parametrize("what", ["link to it", "link to another", "dangling link", "pipe", "folder"])
    def test_what_is_no_file_of_ours_is_not_read(
        self, recordings: Recordings, name: str, checksum: str, what: str, tmp_path: Path
    ) -> None:
        path, elsewhere = recordings.path(name), tmp_path / "elsewhere"
        path.rename(elsewhere)
        match what:
            case "link to it":
                path.symlink_to(elsewhere)
            case "link to another":
                path.symlink_to("/etc/passwd")
            case "dangling link":
                path.symlink_to(tmp_path / "nowhere")
            case "pipe":
                os.mkfifo(path)
            case "folder":
                path.mkdir()
        assert recordings.look(name, checksum) == Kept("changed", None)

    def test_a_path_that_leads_out_of_the_folder_is_not_followed(
        self, recordings: Recordings, name: str, checksum: str, tmp_path: Path
    ) -> None:
        outside = recordings.path("..") / "17.wav"
        recordings.path(name).rename(outside)
        assert recordings.look("../17.wav", checksum) == Kept("changed", None)
        assert recordings.look(str(outside), checksum) == Kept("changed", None)

    @pytest.mark.parametrize("what", ["another", "one sample", "cut", "silence", "no sound", "link"])
    def test_what_callees_hear_must_be_made_of_it(
        self, recordings: Recordings, name: str, checksum: str, what: str, tmp_path: Path
    ) -> None:
        copy = recordings.to_play(name)
        data = bytearray(copy.read_bytes())
        match what:
            case "another":
                copy.write_bytes(data[:44] + b"\x00\x10" * ((len(data) - 44) // 2))
            case "one sample":
                data[10_000:10_002] = b"\x00\x40"
                copy.write_bytes(data)
            case "cut":
                copy.write_bytes(data[:20_000])
            case "silence":
                speak(copy, 2, 0)
            case "no sound":
                copy.write_bytes(b"")
            case "link":
                copy.rename(tmp_path / "copy.wav")
                copy.symlink_to(tmp_path / "copy.wav")
        assert recordings.look(name, checksum).condition == "copy-changed"

    @pytest.mark.parametrize("amplitude", [200, 1000, 12_000, 32_000])
    def test_a_copy_at_whatever_gain_is_of_it(self, recordings: Recordings, amplitude: int) -> None:
        name = recordings.keep(18, str(speak(recordings.incoming / "y.wav", 2, amplitude)))
        checksum = hashlib.sha256(recordings.path(name).read_bytes()).hexdigest()
        assert recordings.to_play(name) != recordings.path(name)
        assert recordings.look(name, checksum).condition == "intact"

    def test_where_no_copy_is_needed_none_may_be_heard(
        self, recordings: Recordings, name: str, checksum: str
    ) -> None:
        good = recordings.keep(18, str(speak(recordings.incoming / "y.wav", 2)))
        assert recordings.to_play(good) == recordings.path(good)
        recordings.to_play(name).rename(recordings.path("18-level.wav"))
        assert recordings.look(name, checksum).condition == "intact"
        found = recordings.look(good, hashlib.sha256(recordings.path(good).read_bytes()).hexdigest())
        assert found.condition == "copy-changed"


class TestDesk:
    def test_what_was_kept_no_longer_lies_among_the_incoming(
        self, desk: Desk, recordings: Recordings
    ) -> None:
        path = desk.new_recording(CALLER)
        speak(path.with_suffix(".wav"), 3)
        alert = desk.keep(path, CALLER, desk.inspect(path), None)

        assert list(recordings.incoming.iterdir()) == []
        assert desk.audio(alert).exists()

    def test_what_was_being_recorded_when_the_service_went_down_becomes_a_draft(
        self, desk: Desk, interrupted: Interrupted, book: Book, recordings: Recordings
    ) -> None:
        speak(desk.new_recording(CALLER).with_suffix(".wav"), 3)

        assert interrupted.adopt() == 1
        (draft,) = book.find(Alert)
        assert (draft.state, draft.team, draft.uid) == (AlertState.DRAFT, "abc-cert", "40712")
        assert "line of the caller dropped" in book.journal()
        assert desk.audio(draft).exists()
        assert list(recordings.incoming.iterdir()) == []
        assert interrupted.adopt() == 0

    def test_what_a_line_said_is_gone_when_it_was_listened_to_or_at_the_next_start(
        self, desk: Desk, interrupted: Interrupted, recordings: Recordings
    ) -> None:
        with pytest.raises(HungUp), desk.overhearing() as path:
            speak(path.with_suffix(".wav"), 3)
            assert desk.listen(path).beep
            raise HungUp
        assert list(recordings.incoming.iterdir()) == []
        speak(path.with_suffix(".wav"), 3)  # as if we had been killed meanwhile

        assert interrupted.adopt() == 0
        assert list(recordings.incoming.iterdir()) == []

    def test_what_was_being_recorded_when_asterisk_died_becomes_a_draft(
        self, desk: Desk, interrupted: Interrupted, book: Book
    ) -> None:
        unfinished(speak(desk.new_recording(CALLER).with_suffix(".wav"), 3))

        assert interrupted.adopt() == 1
        assert book.find(Alert)[0].duration_s == 3.0

    def test_what_became_an_alert_just_before_is_not_adopted_again(
        self, desk: Desk, interrupted: Interrupted, book: Book
    ) -> None:
        path = desk.new_recording(CALLER)
        wav = speak(path.with_suffix(".wav"), 3)
        sound, note = wav.read_bytes(), path.with_suffix(".json").read_bytes()
        desk.keep(path, CALLER, desk.inspect(path), None)
        wav.write_bytes(sound)  # as if we had gone down between the commit and the tidying up
        path.with_suffix(".json").write_bytes(note)

        assert interrupted.adopt() == 0
        assert len(book.find(Alert)) == 1
        assert not wav.exists()

    @pytest.mark.parametrize(("seconds", "amplitude"), [(0, 0), (0.5, 8000), (5, 0)])
    def test_nothing_worth_sending_is_tidied_away(
        self,
        desk: Desk,
        interrupted: Interrupted,
        book: Book,
        recordings: Recordings,
        seconds: float,
        amplitude: int,
    ) -> None:
        speak(desk.new_recording(CALLER).with_suffix(".wav"), seconds, amplitude)
        desk.new_recording(CALLER)

        assert interrupted.adopt() == 0
        assert book.find(Alert) == []
        assert list(recordings.incoming.iterdir()) == []

    @pytest.mark.parametrize("note", ["", '{"team": "abc', '{"team": "gone-cert", "uid": "1"}'])
    def test_a_recording_whose_owner_is_unknown_stays_and_keeps_nobody_from_starting(
        self, desk: Desk, interrupted: Interrupted, book: Book, note: str
    ) -> None:
        path = desk.new_recording(CALLER)
        speak(path.with_suffix(".wav"), 3)
        path.with_suffix(".json").write_text(note, encoding="utf-8")
        speak(desk.new_recording(CALLER).with_suffix(".wav"), 4)

        assert interrupted.adopt() == 1
        assert path.with_suffix(".wav").exists()
        assert [a.duration_s for a in book.find(Alert)] == [4.0]

    def test_a_recording_that_the_disk_does_not_take_stays_for_the_next_start_and_keeps_nobody_from_this_one(
        self,
        desk: Desk,
        interrupted: Interrupted,
        book: Book,
        recordings: Recordings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        take = speak(desk.new_recording(CALLER).with_suffix(".wav"), 3)
        in_the_way = recordings.path("1.wav.sha256")
        in_the_way.mkdir()

        assert interrupted.adopt() == 0
        assert take.exists()
        assert f"{take} stays where it is until the next start" in caplog.text
        in_the_way.rmdir()
        assert interrupted.adopt() == 1
        assert not take.exists()

    def test_the_note_beside_a_recording_says_whose_it_is(self, desk: Desk) -> None:
        path = desk.new_recording(CALLER)

        assert path.suffix == ""
        assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == {
            "team": "abc-cert",
            "uid": "40712",
        }
