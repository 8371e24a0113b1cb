"""What `tocsin doctor` finds out about access letters: gpg, our own key, and how a letter gets to its team.

Owns: what of that may be missing in an install that works. A site that writes its letters in clear needs no
sender's address, but whoever enrols a team is to know it before.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.config import Settings


def letters(chosen: "Settings") -> str:
    """Raises GpgUnfit."""
    from ivr.adapters.gpg_look import look

    version, own = look(chosen.secrets / "openpgp")
    key = f"our key is {own}" if own else "our key is made with the first letter"
    return f"gpg {version}; {key}; {_way(chosen)}"


def _way(chosen: "Settings") -> str:
    from ivr.adapters import sendmail

    if chosen.network.mail is None:
        return "no address to send from, so letters can be written in clear alone: name one in network.mail"
    if not sendmail.is_there():
        return f"from {chosen.network.mail}, to a file (--eml): sendmail is not there to send them"
    return f"from {chosen.network.mail}, by sendmail (--send) or to a file (--eml)"
