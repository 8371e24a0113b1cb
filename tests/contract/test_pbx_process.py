"""An Asterisk is known by its process and its configuration, whoever has started it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.adapters.pbx.process import PbxProcess
from ivr.adapters.pbx.tree import Tree


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    folder = tmp_path / "asterisk"
    (folder / "run").mkdir(parents=True, mode=0o700)
    (folder / "asterisk.conf").touch()
    return folder


@pytest.fixture
def pbx(conf: Path) -> PbxProcess:
    """There are no programs for it: it cannot start one."""
    return PbxProcess(Tree(conf / "nothing"), conf, conf / "run")


@pytest.fixture
def other(conf: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """What systemd has started, as `ps` shows it, with the file that Asterisk writes itself."""
    does = "import time; print(flush=True); time.sleep(60)"
    words = [sys.executable, "-c", does, "-f", "-C", str(conf / "asterisk.conf")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it is there as a whole
        (conf / "run/asterisk.pid").write_text(f"{process.pid}\n")
        (conf / "run/asterisk.ctl").touch()
        yield process
        process.kill()


def test_one_that_was_started_by_systemd_is_not_started_again(
    pbx: PbxProcess, conf: Path, other: "subprocess.Popen[bytes]"
) -> None:
    assert pbx.pid == other.pid
    pbx.start()
    assert (conf / "run/asterisk.ctl").exists()
    assert other.poll() is None


def test_it_is_stopped_as_well(pbx: PbxProcess, conf: Path, other: "subprocess.Popen[bytes]") -> None:
    pbx.stop()
    assert pbx.pid is None
    assert other.poll() is not None
    assert not (conf / "run").exists()


def test_a_process_of_another_configuration_is_none_of_ours(
    pbx: PbxProcess, conf: Path, other: "subprocess.Popen[bytes]"
) -> None:
    elsewhere = conf.with_name("another")
    elsewhere.mkdir()
    (elsewhere / "asterisk.pid").write_text(f"{other.pid}\n")
    assert PbxProcess(Tree(conf / "nothing"), elsewhere, elsewhere / "run").pid is None
