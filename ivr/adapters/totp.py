"""One-time codes of an authenticator app (TOTP, RFC 6238), through pyotp.

Owns: how far the app's clock may be off. That no code counts twice is for whoever keeps the last step.
"""

import hmac

import pyotp

_STEP_S = 30
_OFF = 1
"""Steps to either side (RFC 6238, 5.2): a slow hand, or a clock that is off."""


class Codes:
    """Makes and checks codes of 6 digits."""

    def secret(self) -> str:
        """A fresh secret, base32, 160 bits (RFC 4226, 4)."""
        return pyotp.random_base32()

    def uri(self, secret: str, uid: str, network: str) -> str:
        """What an authenticator app takes as a QR code."""
        return pyotp.TOTP(secret).provisioning_uri(name=uid, issuer_name=network)

    def step_of(self, secret: str, code: str, now: float) -> int | None:
        """The time step (of 30 s) that `code` is of; None where it is of none near `now`."""
        totp = pyotp.TOTP(secret)
        current = int(now) // _STEP_S
        right = [
            step
            for step in range(current - _OFF, current + _OFF + 1)
            if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        ]
        return right[0] if right else None
