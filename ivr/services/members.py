"""Who takes part by mail, for the bridge: it holds no directory of its own.

Owns: what of the directory goes through the gate. Suspended teams do not: nobody of them gets in by mail.
"""

from typing import Any

from ivr.domain.records import MailAddress, MailKey, Team
from ivr.ports import Records


def members(tx: Records) -> list[dict[str, Any]]:
    """One document a member, in JSON's types; its addresses in their order."""
    addresses: dict[str, list[str]] = {}
    for address in tx.find(MailAddress):
        addresses.setdefault(address.team, []).append(address.address)
    names = {team.id: team.name for team in tx.find(Team, suspended=False)}
    return [
        {
            "team": key.team,
            "name": names[key.team],
            "standard": key.standard.value,
            "fingerprint": key.fingerprint,
            "key": key.key,
            "addresses": addresses[key.team],
            "gcm": key.gcm,
        }
        for key in tx.find(MailKey)
        if key.team in names
    ]
