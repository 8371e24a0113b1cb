"""A look at the machine's gpg and at a key ring, without making or changing anything.

Owns: which gpg is good enough for the keys of our letters.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import gnupg

_OLDEST = (2, 1)
"""The first version that knows keys on elliptic curves, as ours is."""


class GpgUnfit(Exception):
    """No letter can be sealed here. The message says what to do."""


def look(ring: Path) -> tuple[str, str | None]:
    """The version of gpg, and the fingerprint of our own key in the folder `ring`: None before there is one.

    Raises GpgUnfit.
    """
    if shutil.which("gpg") is None or shutil.which("gpgconf") is None:
        raise GpgUnfit("gpg is not there; apt install gnupg")
    with tempfile.TemporaryDirectory(prefix="pgp-") as empty:
        home = ring if ring.exists() else Path(empty)
        if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
            raise GpgUnfit(f"{home}: cannot be used; give it to the user that writes the letters")
        link = Path(empty, "h")
        link.symlink_to(home.resolve())  # as long as an agent's socket may be (unix(7))
        try:
            return _seen(gnupg.GPG(gnupghome=str(link)))
        except (OSError, ValueError) as error:
            raise GpgUnfit(f"gpg does not run: {error}; apt install gnupg") from error
        finally:  # it starts an agent to list secret keys
            subprocess.run(["gpgconf", "--homedir", str(link), "--kill", "all"], capture_output=True)


def _seen(gpg: gnupg.GPG) -> tuple[str, str | None]:
    known = gpg.version or (0,)  # None where it says nothing that is a version
    version = ".".join(map(str, known))
    if known < _OLDEST:
        raise GpgUnfit(f"gpg {version} is too old for the keys of our letters; apt install gnupg")
    return version, next((str(key["fingerprint"]) for key in gpg.list_keys(secret=True)), None)
