"""`tocsin lines`: the trunks, how they are, and the calls on them."""

import time

from ivr.cli.common import Args, Verbs, house, verb
from ivr.cli.output import Exit, document, say, table


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    verb(verbs, "lines", _lines, "the trunks, their lines, and the calls on them", reads=True)


def _lines(args: Args) -> int:
    from ivr import bootstrap
    from ivr.config.internet import warning
    from ivr.services.ceilings import held
    from ivr.services.lines import lines

    with house(args) as here, here.store.read() as tx:
        chosen = here.settings
        found = lines(tx, chosen.trunks, time.time())
        why = held(tx, bootstrap.ceilings(chosen), (), time.time())
    if why is not None:
        say(why)
    if args.json:
        document(found)
        return Exit.DONE
    rows = []
    for trunk in found:
        busy = " ".join(f"{call['direction']}:{call['team'] or '?'}" for call in trunk["calls"])
        state = f"{trunk['state']}{', by Internet' if trunk['internet'] else ''}"
        rows.append(
            (
                *(trunk["trunk"], state, f"{trunk['working']} of {trunk['lines']}", trunk["used"]),
                *(trunk["free"], trunk["since"] or "-", trunk["why"] or "-", busy),
            )
        )
    table(("TRUNK", "STATE", "WORK", "USED", "FREE", "SINCE", "WHY", "CALLS"), rows)
    if (alone := warning(chosen.trunks, chosen.smsc)) is not None:
        say(alone)
    if not any(trunk["state"] == "up" for trunk in found):
        say("NO TRUNK IS UP: calls go on trying, one at a time over each")
    return Exit.DONE
