"""What a practice installation is configured with: a cast's `tocsin.yaml` and its team file, as documents.

Pure: ports and trunks are the stage's business.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ivr.pstn import phones
from ivr.pstn.cast import CALLER, HOTLINE, UID, Cast

ON_THIS_MACHINE = {"host": "127.0.0.1", "internet": False}


def configuration(
    cast: Cast, pbx: Mapping[str, int], trunks: Sequence[Mapping[str, Any]], smsc_port: int
) -> dict[str, Any]:
    """Of a hotline with these ports for its Asterisk, these trunks, and the practice SMSC."""
    return {
        "network": {"name": "Demo Network", "hotline": HOTLINE, "fallback": HOTLINE, **cast.network},
        "pbx": dict(pbx),
        "trunks": [dict(trunk) for trunk in trunks],
        "smsc": [{"name": "practice", **ON_THIS_MACHINE, "port": smsc_port, "system_id": "practice"}],
        "policy": dict(cast.policy),
        "audio": {"longest_s": cast.longest_s},
        **cast.sections,
    }


def team_file(cast: Cast) -> dict[str, Any]:
    """Whose phones these are, and the team of the caller."""
    teams: list[dict[str, Any]] = [
        {
            "id": team,
            "name": next((p.name for p in theirs if p.name), team.upper()),
            "numbers": [{"number": p.number, "sms": p.sms} for p in theirs],
            **cast.teams.get(team, {}),
        }
        for team, theirs in phones.by_team(cast.phones).items()
    ]
    caller = {
        "id": CALLER.team,
        "name": CALLER.name,
        "spoken": "Signal CERT",
        "numbers": [{"number": CALLER.number}],
        "accounts": [{"uid": UID}],
    }
    return {"teams": [*teams, caller]}
