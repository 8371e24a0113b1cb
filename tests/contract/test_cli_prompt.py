"""`tocsin prompt`, as scripts meet it, with the real flite and sox; by telephone over the AGI socket."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from agi_caller import Call, HangUp, Press, Speech
from test_cli import TEAMS, answer, environment, sound, tocsin

from agi import scripts
from ivr import bootstrap, config
from ivr.adapters.fastagi import FastAgiServer
from ivr.adapters.pbx.tree import PbxMissing, default_root, find_programs
from ivr.pstn.ports import free_ports
from ivr.services.studio import Studio

CACHE = str(default_root().parent)
"""Where flite and sox are."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with contextlib.suppress(PbxMissing):
        find_programs()
        folder = tmp_path_factory.mktemp("an install")
        assert tocsin(folder, "init").returncode == 0
        (folder / "teams.yaml").write_text(TEAMS, encoding="utf-8")
        assert tocsin(folder, "team", "import", "teams.yaml").returncode == 0
        return folder
    pytest.skip("needs flite and sox: run `tocsin pbx install`")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "an install")


def listed(home: Path) -> dict[str, dict[str, object]]:
    return {one["id"]: one for one in answer(home, "prompt", "list")}


def test_every_text_and_every_name_is_listed(home: Path) -> None:
    found = listed(home)
    assert found["greeting"] == {
        "id": "greeting",
        "text": (
            "This is the alert hotline of Practice Network. "
            "What you record on this line will be sent to all teams."
        ),
        "language": "en",
        "spoken_in": "en",
        "source": "generated",
        "duration_s": None,
    }
    assert list(found)[-3:] == ["names/abc", "names/def", "names/xyz"]
    assert found["names/xyz"]["text"] == "Größe-CERT"


def test_a_recording_takes_the_place_of_the_generated_voice_and_goes_again(
    home: Path, tmp_path: Path
) -> None:
    wav = sound(tmp_path / "a voice.wav", rate=44100, channels=2, seconds=3.0)
    for name, file in (("goodbye", "en/goodbye.wav"), ("names/abc", "names/abc.wav")):
        recorded = answer(home, "prompt", "import", name, str(wav))
        assert (recorded["source"], round(recorded["duration_s"])) == ("file", 3)
        with wave.open(str(home / "state/sounds" / file)) as made:
            assert made.getparams()[:3] == (1, 2, 8000)
        assert listed(home)[name] == recorded
        removed = answer(home, "prompt", "remove", name)
        assert removed["source"] == "generated" and removed["duration_s"] < 3
        assert tocsin(home, "prompt", "remove", name).returncode == 1


def test_a_text_in_another_language_is_listed_as_it_is_to_be_spoken(home: Path) -> None:
    path = home / "config/tocsin.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nlanguage: de\n", encoding="utf-8")
    missing = tocsin(home, "prompt", "list")
    assert (missing.returncode, "prompts/de.yaml: cannot be read" in missing.stderr) == (65, True)
    (home / "config/prompts").mkdir()
    (home / "config/prompts/de.yaml").write_text("goodbye: Auf Wiederhören.\n", encoding="utf-8")
    (home / "state/sounds/de/recorded").mkdir(parents=True)
    found = listed(home)
    assert (found["goodbye"]["text"], found["goodbye"]["language"]) == ("Auf Wiederhören.", "de")
    assert found["greeting"]["language"] == "en"
    for name in (
        "goodbye",
        "greeting",
    ):  # a recording is of the language, also where no words stand in its file
        assert found[name]["spoken_in"] == "en"
        sound(home / f"state/sounds/de/recorded/{name}.wav")
        assert (listed(home)[name]["spoken_in"], listed(home)[name]["source"]) == ("de", "file")
    missing = {name for name, one in listed(home).items() if "/" not in name and one["spoken_in"] != "de"}
    assert missing == {name for name in found if "/" not in name} - {"goodbye", "greeting"}


def test_the_doctor_says_what_is_spoken_in_english_for_want_of_a_recording(home: Path) -> None:
    path = home / "config/tocsin.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nlanguage: de\n", encoding="utf-8")
    (home / "config/prompts").mkdir()
    (home / "config/prompts/de.yaml").write_text("goodbye: Auf Wiederhören.\n", encoding="utf-8")
    names = [name for name in listed(home) if "/" not in name]
    for name in names:
        target = home / "state/sounds/de" / ("recorded" if name != "goodbye" else ".") / f"{name}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        sound(target)
        sound(home / "state/sounds/de" / f"{name}.wav")
    sound(home / "state/sounds/de/waiting.wav")
    (check,) = (c for c in answer(home, "doctor", code=1)["checks"] if c["name"] == "spoken texts")
    assert check["ok"]
    assert check["detail"].endswith("all made; 1 of them in English, for want of a recording: goodbye")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "nothing", "a.wav"], 1, "there is no text nothing"),
        (["import", "../goodbye", "a.wav"], 1, "there is no text ../goodbye"),
        (["import", "names/../../x", "a.wav"], 1, "there is no text names/../../x"),
        (["remove", "goodbye"], 1, "goodbye has no recording"),
        (["import", "goodbye", "a.wav"], 69, "run `tocsin pbx install`"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], code: int, said: str, home: Path) -> None:
    if shutil.which("asterisk") and code == 69:
        pytest.skip("this machine has an Asterisk of its own")
    sound(home / "a.wav")
    done = tocsin(home, "prompt", *words)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert said in done.stderr


# --- by telephone ----------------------------------------------------------------------------------------


@pytest.fixture
def service(home: Path) -> Iterator[int]:
    """Nothing of the service but its call scripts; the port that they answer on."""
    path = home / "config/tocsin.yaml"
    (port,) = free_ports(1)
    path.write_text(path.read_text(encoding="utf-8").replace("agi_port: 14573", f"agi_port: {port}"))
    settings = config.load(path)
    store = bootstrap.open_store(settings)
    desk = bootstrap.desk(settings, store, bootstrap.ledger(settings, store, bootstrap.clock(store)))
    server = FastAgiServer("127.0.0.1", port, scripts(desk))
    server.start()
    yield port
    server.stop()
    store.close()


class Speaker:
    """Types ahead all there is to key in, speaks once, and keeps it."""

    def __init__(self, *keys: str, seconds: float) -> None:
        self._keys = list("".join(keys))
        self._seconds = seconds

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        return None

    def waits(self, timeout_s: float) -> str | HangUp:
        return self._keys.pop(0) if self._keys else HangUp()

    def speaks(self, longest_s: float) -> Speech:
        return Speech(self._seconds, "#")


def ordered(home: Path, *words: str) -> "tuple[subprocess.Popen[str], str]":
    """A shell that waits for a recording, and the code that it shows."""
    shell = subprocess.Popen(
        [sys.executable, "-m", "ivr", "prompt", "record", *words],
        cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(TOCSIN_CACHE=CACHE),
    )  # fmt: skip
    assert shell.stderr is not None
    assert "the text: " in shell.stderr.readline()
    line = shell.stderr.readline()
    found = re.search(r"call \+\d+, log in, press 6, and key in (\d{6}) and hash", line)
    assert found is not None, line
    return shell, found[1]


def test_a_text_is_recorded_by_telephone(home: Path, service: int) -> None:
    pin = answer(home, "team", "pin", "40712")["pin"]
    shell, code = ordered(home, "goodbye", "--json")
    speaker = Speaker("40712#", pin + "#", "6", code + "#", "1", seconds=4.0)
    Call(service, "hotline", speaker, sound_s=lambda sound: 1.0).run()
    out, err = shell.communicate(timeout=60)
    assert (shell.returncode, "by a recording from the next call on" in err) == (0, True), err
    recorded = json.loads(out)
    assert recorded["source"] == "file" and 3.5 < recorded["duration_s"] < 4.3
    assert not list((home / "state/studio").iterdir())


def test_a_code_is_good_for_nothing_once_the_shell_has_gone(home: Path, service: int) -> None:
    shell, code = ordered(home, "goodbye")
    studio = Studio(home / "state/studio")
    assert studio.find(code) is not None
    shell.send_signal(2)
    assert shell.wait(30) == 130
    shell.communicate()
    assert studio.find(code) is None


def test_a_shell_that_was_killed_leaves_a_code_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    now = 1000.0
    studio = Studio(tmp_path / "studio", lambda: now)
    old = studio.order("/sounds/en/goodbye")
    now += 899.0
    assert studio.find(old.code) == old
    now += 1.0
    assert studio.find(old.code) is None and not studio.is_open(old)
    assert not studio.deliver(old, sound(tmp_path / "a.wav"))
    fresh = studio.order("/sounds/en/greeting")
    assert [path.stem for path in (tmp_path / "studio").iterdir()] == [fresh.code]


def test_without_the_service_nobody_waits(home: Path) -> None:
    path = home / "config/tocsin.yaml"
    (port,) = free_ports(1)
    path.write_text(path.read_text(encoding="utf-8").replace("agi_port: 14573", f"agi_port: {port}"))
    done = tocsin(home, "prompt", "record", "goodbye", TOCSIN_CACHE=CACHE)
    assert (done.returncode, "run `tocsin serve`" in done.stderr) == (69, True)
