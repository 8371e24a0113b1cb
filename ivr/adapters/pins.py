"""PINs: argon2id hashes, made and checked (RFC 9106).

Owns: the cost of a check, and that an unknown account costs the same as a wrong PIN.
"""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_MEMORY_KIB = 19_456
_PASSES = 2
_AT_ONCE = 4
"""Checks that may run at once: each takes 19 MiB and a core for some 30 ms, and callers guess in crowds."""


class Pins:
    """Hashes and checks PINs, from any thread, a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1)
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def hash(self, pin: str) -> str:
        """The PHC string of a PIN."""
        with self._slots:
            return self._hasher.hash(pin)

    def matches(self, pin_hash: str | None, pin: str) -> bool:
        """Whether `pin` is the one; None stands for no account and takes the same time to be false."""
        with self._slots:
            try:
                same = self._hasher.verify(pin_hash or self._nobody, pin)
            except (VerificationError, InvalidHashError):
                return False
        return same and pin_hash is not None
