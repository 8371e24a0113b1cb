"""`tocsin team unlock`, `suspend`, `remove`, `totp` and `callback`: about teams and accounts that are in."""

from typing import TYPE_CHECKING

from ivr.cli.common import Args, House, Verbs, house, verb
from ivr.cli.output import Exit

if TYPE_CHECKING:
    from ivr.services.membership import Membership


def add(team: Verbs) -> None:
    """Declare the verbs in the group `team`."""
    unlock = verb(team, "unlock", _unlock, "give an account, or the network, its failure budget back")
    which = unlock.add_mutually_exclusive_group(required=True)
    which.add_argument("uid", metavar="UID", nargs="?", help="the account")
    which.add_argument("--network", action="store_true", help="that of the whole network")

    suspend = verb(team, "suspend", _suspend, "call a team about no new alert, and let nobody of it in")
    suspend.add_argument("team", metavar="TEAM", help="its id")
    suspend.add_argument("--undo", action="store_true", help="the team is back")

    remove = verb(team, "remove", _remove, "take a team, or one account, out of the directory")
    gone = remove.add_mutually_exclusive_group(required=True)
    gone.add_argument("team", metavar="TEAM", nargs="?", help="its id")
    gone.add_argument("--uid", help="this account alone")

    totp = verb(team, "totp", _totp, "one-time codes for an account; the app's text is printed once")
    totp.add_argument("uid", metavar="UID", help="the account")
    totp.add_argument("--off", action="store_true", help="it logs in with its PIN alone")

    callback = verb(team, "callback", _callback, "where an account is called back")
    callback.add_argument("uid", metavar="UID", help="the account")
    callback.add_argument("number", metavar="NUMBER", nargs="?", help="of its team; none: all, in turn")


def _unlock(args: Args) -> int:
    with house(args) as here:
        _membership(here).unlock(None if args.network else args.uid)
    return Exit.DONE


def _suspend(args: Args) -> int:
    with house(args) as here:
        _membership(here).suspend(args.team, not args.undo)
    return Exit.DONE


def _remove(args: Args) -> int:
    with house(args) as here:
        if args.uid:
            _membership(here).remove_account(args.uid)
        else:
            _membership(here).remove(args.team)
    return Exit.DONE


def _totp(args: Args) -> int:
    from ivr.adapters.totp import Codes

    codes = Codes()
    with house(args) as here:
        secret = None if args.off else codes.secret()
        _membership(here).give_codes(args.uid, secret)
        if secret:
            print(codes.uri(secret, args.uid, here.settings.network.name))
    return Exit.DONE


def _callback(args: Args) -> int:
    from ivr.domain.number import subscriber
    from ivr.services.directory import BadEntry

    try:
        number = subscriber(args.number) if args.number else None
    except ValueError as error:
        raise BadEntry(str(error)) from error
    with house(args) as here:
        _membership(here).call_back_at(args.uid, number)
    return Exit.DONE


def _membership(here: House) -> "Membership":
    from ivr import bootstrap
    from ivr.services.membership import Membership

    return Membership(here.store, bootstrap.clock(here.store))
