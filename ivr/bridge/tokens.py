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
    """The secret in `file`, which is made where it is missing. Raises OSError."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(secrets.token_hex(32).encode())
            new.flush()
            os.fsync(new.fileno())
    except FileExistsError:
        pass
    return file.read_bytes().strip()
