"""`tocsin call`: the telephone calls, out and in."""

from ivr.cli.common import Args, Verbs, group, house, verb
from ivr.cli.output import Exit, document, table


def add(verbs: Verbs) -> None:
    """Declare the group."""
    call = group(verbs, "call", "the telephone calls, out and in")
    listing = verb(call, "list", _list, "calls in the order they began", reads=True)
    listing.add_argument("--alert", type=int, metavar="N", help="for this alert")
    listing.add_argument("--team", metavar="ID", help="with this team")
    listing.add_argument("--live", action="store_true", help="that are ringing or up at this moment")


def _list(args: Args) -> int:
    from ivr.services.listing import calls

    with house(args) as here, here.store.read() as tx:
        found = calls(tx, args.alert, args.team, args.live)
    if args.json:
        document(found)
        return Exit.DONE
    keys = ("started_at", "direction", "team", "number", "trunk", "state", "answered_at", "ended_at", "cause")
    rows = []
    for call in found:
        alerts = " ".join(f"{a['id']}:{a['disposition'] or '-'}" for a in call["alerts"])
        rows.append((*(call[key] for key in keys), alerts))
    heads = ("STARTED", "", "TEAM", "NUMBER", "TRUNK", "STATE", "ANSWERED", "ENDED", "CAUSE", "ALERTS")
    table(heads, rows)
    return Exit.DONE
