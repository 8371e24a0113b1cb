"""baresip, a SIP telephone with a stack of its own: installed, or Debian's package in the cache folder.

It has no sound card: it speaks from a file, and writes what it hears to another. It is driven over TCP, by
its module ctrl_tcp: JSON in netstrings.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import debian
import pytest

from ivr.pstn.ports import free_ports

HOW = "no baresip: apt install baresip-core, or let this machine reach its Debian mirror"
_KEY_S = 0.25
"""From one key to the next. baresip ends a tone when the next one begins."""

_CONFIG = """\
sip_listen 127.0.0.1:{sip}
audio_player aufile,{heard}
audio_source aufile,{says}
ausrc_srate 8000
auplay_srate 8000
module_path {modules}
module g711.so
module aufile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
"""


@dataclass(frozen=True)
class Program:
    argv: tuple[str, ...]
    modules: Path


@cache
def program() -> Program:
    """The command that runs baresip. Skips the test where there is none."""
    modules = [path for root in ("/usr", "/usr/local") for path in Path(root).glob("lib/**/baresip/modules")]
    if (installed := shutil.which("baresip")) and modules:
        return Program((installed,), modules[0])
    try:
        tree = debian.tree("baresip-core", "baresip")
    except debian.TROUBLE as error:
        # Where every change is judged, a peer that is missing must not look like a peer that agreed.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{HOW} ({error})")
    loader = next(tree.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
    argv = (str(loader), "--library-path", str(loader.parent), str(tree / "usr/bin/baresip"))
    return Program(argv, next(tree.glob("usr/lib/**/baresip/modules")))


class Baresip:
    """One telephone, in a folder without spaces: its configuration knows no quoting."""

    def __init__(self, home: Path, says: Path) -> None:
        """`says`: what it speaks from the beginning of a call, 8 kHz; it hangs up at the end of that."""
        self.heard = home / "heard.wav"
        found = program()
        sip, control = free_ports(2)
        config = _CONFIG.format(sip=sip, control=control, heard=self.heard, says=says, modules=found.modules)
        (home / "config").write_text(config, encoding="utf-8")
        (home / "accounts").write_text(
            "<sip:caller@127.0.0.1>;regint=0;audio_codecs=PCMA\n", encoding="utf-8"
        )
        self._log = (home / "log").open("wb")
        self._process = subprocess.Popen(
            [*found.argv, "-f", str(home)], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        self._control = self._connected(control)

    def _connected(self, port: int) -> socket.socket:
        until = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=10)
            except OSError:
                assert time.monotonic() < until and self._process.poll() is None, "baresip does not start"
                time.sleep(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self._process.terminate()
        self._process.wait(10)
        self._log.close()

    def call(self, address: str) -> None:
        self._do("dial", address)

    def press(self, keys: str) -> None:
        for key in keys:
            self._do("sndcode", key)
            time.sleep(_KEY_S)

    def say(self, file: Path) -> None:
        """Speak from this file from now on, and hang up at its end."""
        self._do("ausrc", f"aufile,{file}")

    def hang_up(self) -> None:
        self._do("hangup", "")

    def _do(self, command: str, params: str) -> None:
        text = json.dumps({"command": command, "params": params, "token": command})
        self._control.sendall(f"{len(text)}:{text},".encode())
        while "response" not in (answer := self._message()):
            pass
        assert answer["ok"], answer

    def _message(self) -> dict[str, Any]:
        """The next answer or event, a netstring."""
        length = b""
        while (octet := self._control.recv(1)) != b":":
            assert octet, "baresip has gone"
            length += octet
        text = b""
        while len(text) < int(length) + 1:
            text += self._control.recv(int(length) + 1 - len(text))
        message: dict[str, Any] = json.loads(text[:-1])
        return message
