"""`tocsin sms`: the SMS that tell of an alert and of its end, and what became of them."""

from ivr.cli.common import Args, Verbs, group, house, verb
from ivr.cli.output import Exit, document, table

_STATES = ("queued", "submitted", "delivered", "failed")


def add(verbs: Verbs) -> None:
    """Declare the group."""
    sms = group(verbs, "sms", "the SMS that tell of an alert and of its end")
    listing = verb(sms, "list", _list, "every SMS and what became of it", reads=True)
    listing.add_argument("--alert", type=int, metavar="N", help="of this alert")
    listing.add_argument("--state", choices=_STATES, help="in this state")


def _list(args: Args) -> int:
    from ivr.services.listing import sms

    with house(args) as here, here.store.read() as tx:
        found = sms(tx, args.alert, args.state)
    if args.json:
        document(found)
    else:
        keys = (
            "alert",
            "kind",
            "team",
            "number",
            "state",
            "queued_at",
            "submitted_at",
            "receipt_at",
            "tries",
            "reason",
        )
        heads = tuple(key.removesuffix("_at").upper() for key in keys)
        table(heads, [[message[key] for key in keys] for message in found])
    return Exit.DONE
