"""The catalogue of spoken texts, and how they become sound."""

import ast
import math
import re
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr import config
from ivr.adapters.pbx.tree import find_programs
from ivr.adapters.speech import tones
from ivr.adapters.speech.texts import SpeechError, catalogue, spoken_number, texts, translated
from ivr.adapters.speech.voice import Voice
from ivr.domain import spoken
from ivr.domain.words import WORDS
from ivr.yamlfile import BadFile

ROOT = Path(__file__).parents[2]
CONFIG = """
network: {name: "Net {of} CERTs", hotline: "+4940808077555"}
trunks: [{name: sip-a, host: 127.0.0.1, lines: 4}]
audio: {longest_s: 90}
"""


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    (tmp_path / "tocsin.yaml").write_text(CONFIG)
    return config.load(tmp_path / "tocsin.yaml")


@pytest.fixture
def voice(settings: config.Settings) -> Voice:
    return Voice(find_programs(), settings)


def spoken_by_scripts() -> set[str]:
    """Every id that agi/ speaks. There it stands as a literal in prompt("id"), so that it can be found."""
    found = set()
    for file in (*(ROOT / "agi").glob("*.py"), ROOT / "ivr/domain/spoken.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "prompt":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{file.name}:{node.lineno}: prompt() wants a literal"
                found.add(name.value)
    return found


def spoken_by_the_dialplan() -> set[str]:
    files = [*(ROOT / "dialplan").glob("*.conf"), ROOT / "ivr/adapters/pbx/render.py"]
    return {
        name
        for file in files
        for name in re.findall(r"\btocsin/([a-z0-9-]+)", file.read_text(encoding="utf-8"))
    }


def test_every_prompt_that_is_spoken_exists_and_none_is_orphaned() -> None:
    scripts, dialplan = spoken_by_scripts(), spoken_by_the_dialplan()
    assert "greeting" in scripts
    assert "alert-call-hotline" in dialplan
    assert scripts | dialplan == set(catalogue("en"))


def test_every_text_says_something_of_its_own() -> None:
    told = catalogue("en")
    assert not [name for name, text in told.items() if not re.search("[A-Za-z]", text)]
    assert len({text.casefold().strip(" .,") for text in told.values()}) == len(told), "one text with two ids"


def test_every_text_can_be_spoken_by_every_network(settings: config.Settings) -> None:
    without = texts(settings)
    assert set(catalogue("en")) - set(without) == {"hotline-away"}
    with_number = texts(replace(settings, network=replace(settings.network, fallback="+4940808077556")))
    assert set(with_number) == set(catalogue("en"))
    assert with_number["hotline-away"].endswith("eight zero seven, seven five five six.")
    assert with_number["callout-greeting"] == "This is the alert hotline of Net {of} CERTs."
    assert "90 seconds" in with_number["record-now"]
    spoken = replace(settings.network, spoken="the net")
    assert "hotline of the net." in texts(replace(settings, network=spoken))["greeting"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+4940808077555", "plus, four nine four, zero eight zero, eight zero seven, seven five five five"),
        ("+123456", "plus, one two three, four five six"),
        ("+12345678", "plus, one two three, four five six, seven eight"),
    ],
)
def test_a_number_is_spoken_in_groups_and_no_digit_stands_alone(number: str, words: str) -> None:
    assert spoken_number(number) == words


def samples(file: Path) -> np.ndarray:
    with wave.open(str(file), "rb") as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768


def test_a_sound_has_the_level_of_speech_and_no_silence_at_its_ends(voice: Voice, tmp_path: Path) -> None:
    target = tmp_path / "sounds/hello.wav"
    assert voice.say("Press 1 to acknowledge. Press 2 to hear it again.", target)
    audio = samples(target)
    assert 2.0 < len(audio) / 8000 < 5.0
    assert 20 * math.log10(math.sqrt(np.mean(audio**2))) == pytest.approx(-20, abs=0.5)
    assert np.max(np.abs(audio)) < 0.9
    loud = np.flatnonzero(np.abs(audio) > 0.02) / 8000
    assert 0.01 < loud[0] < 0.06, "what follows a key is heard at once"
    assert 0.08 < len(audio) / 8000 - loud[-1] < 0.25, "and what follows it comes after a pause"


def test_a_sound_is_made_once_and_again_when_its_text_changes(voice: Voice, tmp_path: Path) -> None:
    target = tmp_path / "sounds/hello.wav"
    voice.say("hello", target)
    first = target.stat()
    voice.say("hello", target)
    assert target.stat().st_ino == first.st_ino
    voice.say("good morning", target)
    assert target.stat().st_size != first.st_size
    assert sorted(path.name for path in target.parent.iterdir()) == ["hello.key", "hello.wav"]


def human_voice(path: Path, seconds: float = 1.0, level: float = 0.05) -> Path:
    """A tone stands for it, in another form than ours."""
    tone = (level * np.sin(np.arange(int(44100 * seconds)) * 2 * np.pi * 440 / 44100) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(np.repeat(tone, 2).tobytes())
    return path


def frequency(file: Path) -> int:
    return int(np.argmax(np.abs(np.fft.rfft(samples(file)[:8000]))))


def test_a_human_recording_wins_and_going_back_works_too(voice: Voice, tmp_path: Path) -> None:
    target = tmp_path / "sounds/hello.wav"
    voice.say("hello", target)
    synthesised = target.read_bytes()
    human = tmp_path / "sounds/recorded/hello.wav"
    human.parent.mkdir()
    human_voice(human)
    voice.say("hello", target)
    assert frequency(target) == 440
    human.unlink()
    voice.say("hello", target)
    assert target.read_bytes() == synthesised


def test_a_broken_human_recording_is_named_and_the_old_sound_stays(voice: Voice, tmp_path: Path) -> None:
    target = tmp_path / "sounds/hello.wav"
    voice.say("hello", target)
    before = target.read_bytes()
    (tmp_path / "sounds/recorded").mkdir()
    (tmp_path / "sounds/recorded/hello.wav").write_bytes(b"not audio")
    with pytest.raises(SpeechError, match=r"recorded/hello\.wav"):
        voice.say("hello", target)
    assert target.read_bytes() == before


def test_a_recording_takes_the_place_of_a_text_and_can_go_again(voice: Voice, tmp_path: Path) -> None:
    target = tmp_path / "sounds/hello.wav"
    voice.say("hello", target)
    synthesised = target.read_bytes()
    voice.replace(target, human_voice(tmp_path / "studio 1.wav"))
    assert frequency(target) == 440
    voice.say("hello", target)
    assert frequency(target) == 440
    voice.restore(target, "hello")
    voice.say("hello", target)
    assert target.read_bytes() == synthesised


def test_where_a_text_makes_no_sound_nothing_is_left_of_a_recording(voice: Voice, tmp_path: Path) -> None:
    target = tmp_path / "names/jp.wav"
    voice.replace(target, human_voice(tmp_path / "jp.wav"))
    voice.restore(target, "日本")
    assert not target.exists()
    assert not voice.say("日本", target)


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [(2.0, 0.0, "nothing to hear"), (0.05, 0.5, "nothing to hear"), (61.0, 0.5, "longer than 60 s")],
)
def test_a_recording_that_says_nothing_or_never_ends_is_refused_and_nothing_changes(
    seconds: float, level: float, said: str, voice: Voice, tmp_path: Path
) -> None:
    target = tmp_path / "sounds/hello.wav"
    voice.say("hello", target)
    before = {path: path.read_bytes() for path in target.parent.iterdir()}
    with pytest.raises(SpeechError, match=rf"studio\.wav: .*{said}"):
        voice.replace(target, human_voice(tmp_path / "studio.wav", seconds, level))
    assert {path: path.read_bytes() for path in target.parent.iterdir()} == before


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 a song", b"RIFF\x24\0\0\0WAVEjunk", None])
def test_what_is_no_wav_is_refused(content: bytes | None, voice: Voice, tmp_path: Path) -> None:
    given = tmp_path / "song.wav"
    if content is not None:
        given.write_bytes(content)
    with pytest.raises(SpeechError, match=r"song\.wav: "):
        voice.replace(tmp_path / "sounds/hello.wav", given)
    assert not (tmp_path / "sounds/recorded").exists()


class TestAnotherLanguage:
    @pytest.fixture
    def german(self, settings: config.Settings) -> config.Settings:
        folder = settings.path.parent / "prompts"
        folder.mkdir()
        (folder / "de.yaml").write_text('goodbye: "Auf Wiederhören."\ngreeting: "Hier ist {network}."')
        return replace(settings, language="de")

    def test_has_its_own_texts_and_english_for_all_others(self, german: config.Settings) -> None:
        assert translated(german) == {"goodbye": "Auf Wiederhören.", "greeting": "Hier ist Net {of} CERTs."}
        assert texts(german)["goodbye"] == "Goodbye."

    def test_is_spoken_by_its_recordings_and_in_english_without_one(
        self, german: config.Settings, tmp_path: Path
    ) -> None:
        folder = german.sounds / "de"
        Voice(find_programs(), german).replace(folder / "goodbye.wav", human_voice(tmp_path / "auf.wav"))
        Voice(find_programs(), german).render_all(lambda done, of: None)
        assert frequency(folder / "goodbye.wav") == 440
        assert len(samples(folder / "greeting.wav")) > 8000

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("godbye: x", r"prompts/de\.yaml: godbye is no text of ours"),
            ("goodbye: '{hotlin}'", r"prompts/de\.yaml: goodbye: bad placeholder"),
        ],
    )
    def test_an_error_in_it_is_named(self, text: str, said: str, german: config.Settings) -> None:
        (german.path.parent / "prompts/de.yaml").write_text(text)
        with pytest.raises(SpeechError, match=said):
            translated(german)

    def test_that_is_nowhere_is_named(self, german: config.Settings) -> None:
        with pytest.raises(BadFile, match=r"prompts/fr\.yaml: cannot be read"):
            translated(replace(german, language="fr"))


def test_a_team_is_named_by_its_sound_or_not_at_all(voice: Voice, settings: config.Settings) -> None:
    assert voice.say_name("abc-cert", "Zürich -CERT $(id)") == settings.sounds / "names/abc-cert.wav"
    assert len(samples(settings.sounds / "names/abc-cert.wav")) > 4000
    assert voice.say_name("jp", "日本") is None
    assert voice.say_name("abc-cert", "日本") is None
    assert not (settings.sounds / "names/abc-cert.wav").exists(), "it would be called by its old name"
    assert not (settings.sounds / "names/jp.wav").exists()
    with pytest.raises(SpeechError, match="no id"):
        voice.say_name("../../etc/x", "x")


def test_a_rendered_catalogue_is_whole(voice: Voice, settings: config.Settings) -> None:
    seen: list[tuple[int, int]] = []
    voice.render_all(lambda done, of: seen.append((done, of)))
    folder = settings.sounds / "en"
    made = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.wav")}
    assert made == {*texts(settings), *spoken.WORDS, "waiting", *(f"words/{word}" for word in WORDS)}
    assert seen[0] == (0, len(made) - 1)
    assert seen[-1] == (len(made) - 1, len(made) - 1)


def test_the_sign_of_life_is_heard_and_no_speech(tmp_path: Path) -> None:
    tones.waiting(tmp_path / "waiting.wav", 10)
    audio = samples(tmp_path / "waiting.wav")
    assert len(audio) == 10 * 8000
    heard = np.flatnonzero(np.abs(audio) > 0.001) / 8000
    assert heard[0] < 0.6
    assert np.max(np.diff(heard)) < 0.6
    frames = np.abs(audio * 32768).reshape(-1, 160).mean(axis=1)
    assert frames.max() < 256, "Asterisk would take it for speech"
