"""`tocsin lines`: the trunks, and the calls on them."""

from ivr.cli.common import Args, Verbs, house, verb
from ivr.cli.output import Exit, document, table


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    verb(verbs, "lines", _lines, "the trunks, their lines, and the calls on them", reads=True)


def _lines(args: Args) -> int:
    from ivr.cli.lines_spans import spans_table
    from ivr.services.listing import lines
    from ivr.services.spans import with_spans

    with house(args) as here, here.store.read() as tx:
        trunks = here.settings.trunks
        found = with_spans(tx, trunks, lines(tx, {trunk.name: trunk.lines for trunk in trunks}))
    if args.json:
        document(found)
        return Exit.DONE
    rows = []
    who = {call["id"]: f"{call['direction']}:{call['team'] or '?'}" for t in found for call in t["calls"]}
    for trunk in found:
        busy = " ".join(who[call["id"]] for call in trunk["calls"])
        rows.append((trunk["trunk"], trunk["lines"], trunk["used"], trunk["free"], busy))
    table(("TRUNK", "LINES", "USED", "FREE", "CALLS"), rows)
    spans_table(found, who)
    return Exit.DONE
