"""Mail that leaves through the machine's own sendmail. Owns: how it is asked, and what a refusal means."""

import shutil
import subprocess

_WAIT_S = 30


class NotSent(Exception):
    """The machine has not taken the mail. The message says why."""


def is_there() -> bool:
    return shutil.which("sendmail") is not None


def send(message: bytes, sender: str, to: str) -> None:
    """Hand a whole message (RFC 5322) over. Raises NotSent."""
    try:
        done = subprocess.run(
            ["sendmail", "-oi", "-f", sender, "--", to],
            input=message, capture_output=True, timeout=_WAIT_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSent(f"sendmail does not run ({error}); install a mail server") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise NotSent(f"sendmail says: {said[-1] if said else f'exit status {done.returncode}'}")
