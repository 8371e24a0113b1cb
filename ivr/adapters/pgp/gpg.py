"""One run of gpg, through python-gnupg.

Owns: how gpg is called, how long it may take, and which bytes are its status. Must not know what a status
means.

python-gnupg decodes what gpg says and splits it wherever Unicode ends a line. A user id or a notation may
hold such a character (U+0085), with a status line of a stranger's making behind it. So lines end at LF alone
here, which gpg never passes on (gnupg, doc/DETAILS), and gpg's messages for people go elsewhere.
"""

import io
import threading
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

import gnupg

from ivr.adapters.pgp import PgpError

_WAIT_S = 60.0
"""A run takes some 20 ms. Only a gpg that hangs takes as long as this."""
_OPTIONS = [
    "--no-options",  # a gpg.conf of a person's must change nothing
    "--logger-file", "/dev/null",
    "--disable-dirmngr", "--no-auto-key-retrieve", "--no-auto-key-locate", "--no-auto-check-trustdb",
    "--trust-model", "always",  # keys are pinned; gpg's own trust says nothing
]  # fmt: skip
_STATUS = b"[GNUPG:] "


class Ran:
    """What one run of gpg has said."""

    data: bytes = b""
    returncode: int | None = None
    stderr: str = ""

    def __init__(self) -> None:
        self.status: list[tuple[str, str]] = []
        """Keyword and arguments, in order (gnupg, doc/DETAILS)."""

    def said(self, keyword: str) -> list[str]:
        """The arguments of every status with this keyword."""
        return [arguments for word, arguments in self.status if word == keyword]

    def handle_status(self, keyword: str, arguments: str) -> None:
        """Called by python-gnupg's reader."""
        self.status.append((keyword, arguments))


class Gpg(gnupg.GPG):  # type: ignore[misc]
    """gpg on one home."""

    def __init__(self, home: Path, wait_s: float = _WAIT_S) -> None:
        self._wait_s = wait_s
        try:
            super().__init__(gnupghome=str(home), options=_OPTIONS)
        except (OSError, ValueError) as error:
            raise PgpError(f"gpg does not run: {error}; apt install gnupg") from error

    def run(self, *args: str, given: bytes = b"") -> Ran:
        """Run gpg on `given`. What it says counts, not only how it ends. Raises PgpError where it hangs."""
        ran = Ran()
        with suppress(BrokenPipeError):  # it has seen enough; why is in its status
            self._handle_io(list(args), io.BytesIO(given), ran, binary=True)
        if ran.returncode is not None and ran.returncode < 0:
            raise PgpError(f"gpg was killed (signal {-ran.returncode}); it may take {self._wait_s:.0f} s")
        return ran

    def _read_response(self, stream: Any, result: Any) -> None:
        for line in stream.stream:
            if line.startswith(_STATUS):
                keyword, _, arguments = line[len(_STATUS) :].rstrip(b"\r\n").partition(b" ")
                result.handle_status(keyword.decode(errors="replace"), arguments.decode(errors="replace"))
        result.stderr = ""

    def _collect_output(self, process: "Popen[bytes]", *args: Any, **more: Any) -> Any:
        guard = threading.Timer(self._wait_s, process.kill)
        guard.start()
        try:
            return super()._collect_output(process, *args, **more)
        finally:
            guard.cancel()
