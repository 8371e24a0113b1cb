"""How a team gets in and knows our calls, as `tocsin team show` prints it.

Owns: what an operator is told to do where something of it is missing. Is given no secret, so that it cannot
print one.
"""

from typing import Any

from ivr.cli.output import cell, say

_LISTENS = {"key": "with a key", "pin": "with its listening PIN", "call-in": "on the hotline only"}


def tell(team: dict[str, Any]) -> None:
    """Print what services.listing.teams says of it."""
    print(f"suspended: {cell(team['suspended'])}")
    print(f"enrolment: {team['enrolment'] or 'none, entered by operators'}")
    left = team["words_left"]
    print(f"verification words left: {'none were issued' if left is None else left}")
    print(f"listens: {_LISTENS[team['listen']]}")
    print(f"listening PIN: {'issued' if team['listen_pin'] else 'none'}")
    for advice in _advice(team):
        say(advice)


def _advice(team: dict[str, Any]) -> list[str]:
    from ivr.domain import wording
    from ivr.domain.words import are_low

    advice = []
    if team["suspended"]:
        advice.append(
            f"it is called about no new alert; to end that: tocsin team suspend {team['id']} --undo"
        )
    if team["listen"] == "pin" and not team["listen_pin"]:
        advice.append(
            f"no listening PIN yet, it has to call in; issue one with `tocsin team listen-pin {team['id']}`"
        )
    if team["words_left"] is not None and are_low(team["words_left"]):
        advice.append(wording.words_run_out(team["id"], team["words_left"]))
    return advice
