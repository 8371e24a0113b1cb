"""`tocsin lines`: the trunks, and the calls on them."""

from ivr.cli.common import Args, Verbs, house, verb
from ivr.cli.output import Exit, document, say, table


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    verb(verbs, "lines", _lines, "the trunks, their lines, and the calls on them", reads=True)


def _lines(args: Args) -> int:
    import time

    from ivr import bootstrap
    from ivr.services.ceilings import held
    from ivr.services.listing import lines

    with house(args) as here, here.store.read() as tx:
        found = lines(tx, {trunk.name: trunk.lines for trunk in here.settings.trunks})
        why = held(tx, bootstrap.ceilings(here.settings), (), time.time())
    if why is not None:
        say(why)
    if args.json:
        document(found)
        return Exit.DONE
    rows = []
    for trunk in found:
        busy = " ".join(f"{call['direction']}:{call['team'] or '?'}" for call in trunk["calls"])
        rows.append((trunk["trunk"], trunk["lines"], trunk["used"], trunk["free"], busy))
    table(("TRUNK", "LINES", "USED", "FREE", "CALLS"), rows)
    return Exit.DONE
