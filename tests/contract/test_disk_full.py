"""Runs on_a_small_disk.py, where an ordinary user may mount a disk: in namespaces of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("on_a_small_disk.py")
IN_A_NAMESPACE = ("unshare", "--user", "--mount", "--map-root-user")
MAY_MOUNT = (*IN_A_NAMESPACE, "mount", "-t", "tmpfs", "tocsin", "/mnt")


def may_mount() -> bool:
    try:
        return subprocess.run(MAY_MOUNT, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def test_facts_and_recordings_on_a_disk_that_is_full(tmp_path: Path) -> None:
    if not may_mount():
        pytest.skip("this machine lets no ordinary user mount a small disk (unshare --user --mount)")
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS]
    done = subprocess.run(
        [*IN_A_NAMESPACE, *tests, f"--basetemp={tmp_path / 'inside'}"],
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
