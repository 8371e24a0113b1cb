"""`tocsin team listen-pin`: the PIN with which a team hears alerts in calls that are made to it."""

from ivr.cli.common import Args, Verbs, house, verb
from ivr.cli.output import Exit, document, say


def add(team: Verbs) -> None:
    """Declare the verb."""
    what = "issue a new listening PIN; it is printed once, and kept nowhere"
    pin = verb(team, "listen-pin", _issue, what, reads=True)
    pin.add_argument("team", metavar="TEAM", help="the team's id")
    pin.add_argument("--stdin", action="store_true", help="take the PIN from standard input, 4 to 8 digits")


def _issue(args: Args) -> int:
    from ivr import bootstrap
    from ivr.adapters.pins import Pins
    from ivr.cli.team import read_pin
    from ivr.domain.records import Listen, Team
    from ivr.services import listening

    chosen = read_pin() if args.stdin else None
    with house(args) as here:
        pin = listening.issue(here.store, Pins(), bootstrap.clock(here.store), args.team, chosen)
        with here.store.read() as tx:
            team = tx.get(Team, args.team)
    if args.json:
        document({"team": args.team, "pin": pin if chosen is None else None})
    elif chosen is None:
        print(pin)
    if team is not None and team.listen is not Listen.PIN:
        say(f"{args.team} has a listening PIN, but is not asked for it: import it with `listen: pin`")
    else:
        say(f"{args.team} has a new listening PIN")
    return Exit.DONE
