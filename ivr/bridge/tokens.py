"""The unguessable part of an address: ack+TOKEN@ is of one alert and one team, bounces+TOKEN@ of one mail.

Owns: a secret of the bridge, and what is made of it. Nothing is looked up: the token holds the number, and a
code (HMAC-SHA-256, RFC 2104, its first 80 bits) that says that it is ours.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

_TOKEN = re.compile(r"([0-9]{1,9})-([a-z2-7]{16})")


class Tokens:
    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def acknowledging(self, alert: int, team: str) -> str:
        return self._token(alert, f"ack/{team}")

    def alert_of(self, token: str, team: str) -> int | None:
        """Which alert this token acknowledges for this team; None for a token that is not the team's."""
        return self._number(token, f"ack/{team}")

    def bouncing(self, outgoing: int) -> str:
        return self._token(outgoing, "bounce")

    def bounced(self, token: str) -> int | None:
        """The number of the mail that has come back."""
        return self._number(token, "bounce")

    def _token(self, number: int, what: str) -> str:
        code = hmac.digest(self._secret, f"{what}/{number}".encode(), hashlib.sha256)[:10]
        return f"{number}-{base64.b32encode(code).decode().lower()}"

    def _number(self, token: str, what: str) -> int | None:
        found = _TOKEN.fullmatch(token)
        if found is None or not hmac.compare_digest(self._token(int(found[1]), what), token):
            return None
        return int(found[1])


def secret(file: Path) -> bytes:
    """The secret in `file`, which is made where there is none. Raises OSError."""
    with suppress(FileNotFoundError):
        if found := file.read_bytes().strip():
            return found
    made = secrets.token_hex(32).encode()
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        new.write(made)
        new.flush()
        os.fsync(new.fileno())
    part.replace(file)  # whole, or not there: a full disk leaves no empty secret
    return made
