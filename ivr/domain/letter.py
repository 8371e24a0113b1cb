"""The access letter: everything that a person needs to use the hotline. Owns: its words."""

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.domain.records import VerificationWord


@dataclass(frozen=True, slots=True)
class Access:
    """What is issued to one person or duty role; in this letter and nowhere else."""

    uid: str
    pin: str
    totp: str | None = None
    """Secret of its one-time codes."""
    totp_uri: str | None = None
    """What an authenticator app takes."""


_IN_A_ROW = 4


def letter(
    network: str, hotline: str, team: str, access: Access | None, words: Sequence[VerificationWord]
) -> str:
    """The text of a letter to `team`; without `access` it brings new verification words alone."""
    parts = [f"To {team}: {'your access to' if access else 'new verification words of'} {network}"]
    if access is not None:
        parts += [
            f"Hotline:  {hotline}\nUID:      {access.uid}\nPIN:      {access.pin}",
            "Call the hotline, key the UID and hash, then the PIN and hash. There you raise an alert, or\n"
            "hear one. Change the PIN in your settings, 8. Nobody asks for it in a call that we make, nor\n"
            "in a mail.",
        ]
        if access.totp_uri:
            parts.append(
                "After the PIN you are asked for a one-time code. An authenticator app shows it, from this:\n"
                + access.totp_uri
            )
        parts.append(
            f"Every call of ours comes from {hotline}: let that number through when the phone is on\n"
            "do-not-disturb. A caller ID proves nothing; the words below do."
        )
    if words:
        rows = [words[n : n + _IN_A_ROW] for n in range(0, len(words), _IN_A_ROW)]
        table = "\n".join("".join(f"{w.n:3}  {w.word:<13}" for w in row).rstrip() for row in rows)
        parts.append(
            "Each call about an alert speaks the next of these words, each word once. This list takes the\n"
            "place of any before it. If the word is wrong, hang up and call the hotline. A test call, and a\n"
            "call back that you have asked for, speak no word, and want no more than a key.\n\n" + table
        )
    return "\n\n".join(parts) + "\n"
