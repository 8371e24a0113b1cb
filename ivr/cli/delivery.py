"""`tocsin delivery`: one alert on its way to one team; start it again, or give it up."""

from typing import TYPE_CHECKING

from ivr.cli.common import Args, Verbs, group, house, verb
from ivr.cli.output import Exit, document, say, table

if TYPE_CHECKING:
    from ivr.domain.facts import Fact

_STATES = ("mailed", "waiting", "calling", "responding", "acknowledged", "exhausted", "withdrawn")


def add(verbs: Verbs) -> None:
    """Declare the group."""
    delivery = group(verbs, "delivery", "one alert on its way to one team")
    listing = verb(delivery, "list", _list, "deliveries of all current alerts, or of one", reads=True)
    listing.add_argument("--alert", type=int, metavar="N", help="of this alert, whatever its state")
    listing.add_argument("--team", metavar="ID", help="to this team")
    listing.add_argument("--state", choices=_STATES, help="in this state")
    for name, run, summary in (
        ("responding", _responding, "the team is on it: hold its calls for ten minutes"),
        ("retry", _retry, "call the team again from the beginning"),
        ("skip", _skip, "call the team no more about this alert"),
    ):
        change = verb(delivery, name, run, summary)
        change.add_argument("alert", type=int, metavar="N", help="the alert's number")
        change.add_argument("team", metavar="TEAM", help="the team's id")


def _list(args: Args) -> int:
    from ivr.services.listing import deliveries

    with house(args) as here, here.store.read() as tx:
        found = deliveries(tx, args.alert, args.team, args.state)
    if args.json:
        document(found)
    else:
        heads = ("ALERT", "TEAM", "STATE", "CALLS", "NEXT", "DUE", "ACKNOWLEDGED", "REASON")
        keys = ("state", "attempts", "next_number", "due_at", "acknowledged_at", "reason")
        table(heads, [(d["alert"], d["team"]["id"], *(d[key] for key in keys)) for d in found])
    return Exit.DONE


def _responding(args: Args) -> int:
    from time import time

    from ivr.domain.facts import TeamResponding
    from ivr.domain.records import Delivery, DeliveryState, Via
    from ivr.services.report import rfc3339

    with house(args) as here:
        here.ledger.apply(TeamResponding(args.alert, args.team, Via.OPERATOR))
        with here.store.read() as tx:
            after = tx.get(Delivery, args.alert, args.team)
    assert after is not None
    if after.state is DeliveryState.RESPONDING and (after.held_until or 0.0) > time():
        say(f"alert {after.alert} to {after.team}: calls are held until {rfc3339(after.held_until)}")
        return Exit.DONE
    say(f"alert {after.alert} to {after.team} is {after.state}: no calls to hold, or they were held twice")
    return Exit.FAILED


def _retry(args: Args) -> int:
    from ivr.domain.facts import DeliveryRetried

    return _change(args, DeliveryRetried(args.alert, args.team), "starts again")


def _skip(args: Args) -> int:
    from ivr.domain.facts import DeliverySkipped

    return _change(args, DeliverySkipped(args.alert, args.team), "is given up")


def _change(args: Args, fact: "Fact", what: str) -> int:
    with house(args) as here:
        here.ledger.apply(fact)
    say(f"alert {args.alert} to {args.team} {what}")
    return Exit.DONE
