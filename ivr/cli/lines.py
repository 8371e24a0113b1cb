"""`tocsin lines`: the trunks, how they are, and the calls on them."""

import time
from typing import TYPE_CHECKING

from ivr.cli.common import Args, Verbs, answers, house, verb
from ivr.cli.output import Exit, document, say, table

if TYPE_CHECKING:
    from ivr.config import Settings


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    verb(verbs, "lines", _lines, "the trunks, their lines, and the calls on them", reads=True)


def _lines(args: Args) -> int:
    from ivr import bootstrap
    from ivr.cli.lines_spans import spans_table
    from ivr.config.internet import warning
    from ivr.services.ceilings import held
    from ivr.services.lines import lines
    from ivr.services.spans import with_spans

    with house(args) as here, here.store.read() as tx:
        chosen = here.settings
        found = with_spans(tx, chosen.trunks, lines(tx, chosen.trunks, time.time()))
        why = held(tx, bootstrap.ceilings(chosen), (), time.time())
    if why is not None:
        say(why)
    _tell_away(chosen)
    if args.json:
        document(found)
        return Exit.DONE
    rows = []
    who = {call["id"]: f"{call['direction']}:{call['team'] or '?'}" for t in found for call in t["calls"]}
    for trunk in found:
        busy = " ".join(who[call["id"]] for call in trunk["calls"])
        state = f"{trunk['state']}{', by Internet' if trunk['internet'] else ''}"
        rows.append(
            (
                *(trunk["trunk"], state, f"{trunk['working']} of {trunk['lines']}", trunk["used"]),
                *(trunk["free"], trunk["since"] or "-", trunk["why"] or "-", busy),
            )
        )
    table(("TRUNK", "STATE", "WORK", "USED", "FREE", "SINCE", "WHY", "CALLS"), rows)
    spans_table(found, who)
    if (alone := warning(chosen.trunks, chosen.smsc)) is not None:
        say(alone)
    if not any(trunk["state"] == "up" for trunk in found):
        say("NO TRUNK IS UP: calls go on trying, one at a time over each")
    return Exit.DONE


def _tell_away(chosen: "Settings") -> None:
    """A trunk is as it was last seen, which is nothing to rely on where nobody looks."""
    if not answers(chosen.pbx.agi_port):
        say("the service does not run, and what is shown is what it knew last: run `tocsin serve`")
    if not answers(chosen.pbx.ami_port):
        say("Asterisk does not run, so no call is possible: start its unit, or run `tocsin pbx start`")
