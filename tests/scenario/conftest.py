"""A stage for real calls: two Asterisks, an SMSC and the service, in a folder with a space in its name."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from kept_secret import keeps_secrets

from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.ports import Programs
from ivr.pstn import phones
from ivr.pstn.cast import Cast
from ivr.pstn.stage import Stage


@pytest.fixture(scope="session")
def asterisk() -> Programs:
    try:
        return find_programs()
    except PbxMissing as missing:
        pytest.skip(f"needs an Asterisk: {missing}")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all stages: prompts are rendered once."""
    return tmp_path_factory.mktemp("a stage")


@pytest.fixture
def set_stage(asterisk: Programs, home: Path) -> Iterator[Callable[..., Stage]]:
    """Set a stage with the phones of a YAML text; it is cleared away after the test."""
    with _stages(asterisk, home) as set_:
        yield set_


@pytest.fixture(scope="module")
def set_stage_once(asterisk: Programs, home: Path) -> Iterator[Callable[..., Stage]]:
    """The same for all tests of a file; there must be no other stage in it."""
    with _stages(asterisk, home) as set_:
        yield set_


@contextmanager
def _stages(asterisk: Programs, home: Path) -> Iterator[Callable[..., Stage]]:
    """Of no stage may anything be written down that a phone has keyed in secret."""
    with ExitStack() as stages:

        def set_(text: str, *, lines: int = 2, **more: object) -> Stage:
            cast = Cast(phones.parse(text, "phones", home), lines, **more)  # type: ignore[arg-type]
            stage = stages.enter_context(Stage(asterisk, cast, home))
            stages.callback(keeps_secrets, stage)
            return stage

        yield set_


@pytest.fixture(scope="session")
def spoken_alert(asterisk: Programs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of speech in telephone form."""
    path = tmp_path_factory.mktemp("alert") / "alert.wav"
    raw = path.with_name("raw.wav")
    text = "A worm scans for mail gateways. It comes from many addresses. Block port four thousand now."
    subprocess.run(asterisk.argv("flite", "-voice", "rms", "-t", text, "-o", str(raw)), check=True)
    subprocess.run(asterisk.argv("sox", str(raw), "-r", "8000", "-c", "1", "-b", "16", str(path)), check=True)
    return path


@pytest.fixture(scope="session")
def speech(asterisk: Programs, tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], Path]:
    """Makes so many seconds of a voice, in telephone form."""
    folder = tmp_path_factory.mktemp("speech")
    raw = folder / "raw.wav"
    text = "A worm scans for mail gateways. It comes from many addresses. Block port four thousand now. " * 4
    subprocess.run(asterisk.argv("flite", "-voice", "rms", "-t", text, "-o", str(raw)), check=True)

    def speech(seconds: float) -> Path:
        path = folder / f"{seconds}.wav"
        form = ("-r", "8000", "-c", "1", "-b", "16", str(path), "trim", "0", str(seconds))
        subprocess.run(asterisk.argv("sox", str(raw), *form), check=True)
        return path

    return speech
