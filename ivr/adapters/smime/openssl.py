"""The machine's openssl (3.0 or later), run for one task at a time.

Owns: how it is called. What it reads and writes passes through pipes and anonymous memory
(memfd_create(2)): no mail is ever in a file, whatever ends the process.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_WAIT_S = 30


class SmimeError(Exception):
    """Something of ours is not in order. The message says what to do."""


def openssl(*args: str | bytes, stdin: bytes) -> tuple[bool, bytes]:
    """Run `openssl args`, where bytes stand for a file that holds them. Whether it went well, and what it
    wrote. Raises SmimeError where openssl does not run, or not to its end."""
    with ExitStack() as stack:
        fds = {arg: stack.enter_context(_in_memory(arg)) for arg in args if isinstance(arg, bytes)}
        argv = [f"/dev/fd/{fds[arg]}" if isinstance(arg, bytes) else arg for arg in args]
        try:
            done = subprocess.run(
                ["openssl", *argv],
                input=stdin, capture_output=True, timeout=_WAIT_S, pass_fds=tuple(fds.values()),
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SmimeError(f"openssl does not run: {type(error).__name__}; apt install openssl") from error
    if done.returncode in (-signal.SIGKILL, -signal.SIGTERM):  # not by what it was given to read
        raise SmimeError(f"openssl was killed (signal {-done.returncode}); see that there is memory for it")
    return done.returncode == 0, done.stdout


@contextmanager
def _in_memory(data: bytes) -> Iterator[int]:
    fd = os.memfd_create("smime")
    try:
        with os.fdopen(fd, "wb", closefd=False) as file:
            file.write(data)
        yield fd
    finally:
        os.close(fd)
