"""`tocsin team enrol` and the verbs about those who are in: unlock, suspend, remove, totp, callback."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.common import Args, House, Verbs, house, verb
from ivr.cli.output import Exit, document, say

if TYPE_CHECKING:
    from ivr.adapters.openpgp import KeyRing
    from ivr.config import Settings
    from ivr.domain.records import Enrolment
    from ivr.services.enrolment import Enrolments, Letter
    from ivr.services.membership import Membership


def add(team: Verbs) -> None:
    """Declare the verbs in the group `team`."""
    enrol = verb(team, "enrol", _enrol, "lead a team into the network, step by step", reads=True)
    enrol.add_argument("team", metavar="TEAM", help="its id")
    enrol.add_argument("--policy-accepted", action="store_true", help="it has accepted the rules")
    enrol.add_argument("--contact", metavar="MAIL", help="its numbers are checked; letters go to MAIL")
    enrol.add_argument("--key", metavar="FILE", type=Path, help="its OpenPGP key")
    enrol.add_argument("--fingerprint", help="of that key, as the team has read it out")
    what = enrol.add_mutually_exclusive_group()
    what.add_argument("--issue", action="store_true", help="a new account, and its access letter")
    what.add_argument("--words", action="store_true", help="a letter with new verification words alone")
    enrol.add_argument("--codes", action="store_true", help="the account logs in with one-time codes too")
    _where(enrol)

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


def _where(parser: ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--eml", metavar="FILE", type=Path, help="write the letter there, encrypted")
    where.add_argument("--send", action="store_true", help="send it with sendmail, encrypted")
    where.add_argument("--clear", metavar="FILE", type=Path, help="write it there in clear, mode 0600")


def _enrol(args: Args) -> int:
    from ivr.services.directory import BadEntry

    if (args.key is None) != (args.fingerprint is None):
        raise BadEntry("--key needs --fingerprint, as the team has read it out, and the other way round")
    writes = args.issue or args.words
    if writes != bool(args.eml or args.send or args.clear):
        raise BadEntry("a letter needs --issue or --words, and one of --eml FILE, --send, --clear FILE")
    with house(args) as here:
        enrolments = _enrolments(here)
        _steps(args, here.settings, enrolments)
        letter = enrolments.write(args.team, not args.words, args.codes) if writes else None
        if letter is not None:
            _hand_over(args, here.settings, enrolments, letter)
        _tell(args, enrolments.of(args.team), letter)
    return Exit.DONE


def _steps(args: Args, settings: "Settings", enrolments: "Enrolments") -> None:
    from ivr.domain import enrol
    from ivr.services.directory import BadEntry

    try:
        if args.policy_accepted:
            enrolments.take(args.team, enrol.PolicyAccepted())
        if args.contact:
            enrolments.take(args.team, enrol.ContactCompleted(enrol.address(args.contact)))
        if args.key:
            fingerprint = enrol.fingerprint(args.fingerprint)
            _ring(settings).certify(args.key, fingerprint)
            armour = args.key.read_text(encoding="ascii", errors="replace")
            enrolments.take(args.team, enrol.KeyCertified(fingerprint, armour))
    except ValueError as error:
        raise BadEntry(str(error)) from error


def _hand_over(args: Args, settings: "Settings", enrolments: "Enrolments", letter: "Letter") -> None:
    """To a file before it holds, so that no PIN is lost with a full disk; by mail once it does."""
    from ivr.adapters import sendmail

    if args.clear:
        with _fresh_file(args.clear, letter.text.encode()):
            enrolments.issue(letter)
        return
    sender, to, message = _sealed(settings, letter)
    if args.eml:
        with _fresh_file(args.eml, message):
            enrolments.issue(letter)
    else:
        enrolments.issue(letter)
        sendmail.send(message, sender, to)


def _sealed(settings: "Settings", letter: "Letter") -> tuple[str, str, bytes]:
    """From whom, to whom, and the whole message."""
    from ivr.adapters import openpgp
    from ivr.config import BadConfig

    network, to, fingerprint = settings.network, letter.to.mail, letter.to.fingerprint
    assert to is not None
    assert fingerprint is not None
    if network.mail is None:
        raise BadConfig(f"{settings.path}: network.mail: give the address that letters come from")
    content = openpgp.content(letter.text)
    sealed = _ring(settings).seal(content, fingerprint, f"{network.name} hotline")
    message = openpgp.mail(network.mail, to, f"Access to {network.name}", sealed)
    return network.mail, to, message.as_bytes()


@contextmanager
def _fresh_file(path: Path, content: bytes) -> Iterator[None]:
    """A new file that we alone can read, which is gone again if the block fails."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _tell(args: Args, enrolment: "Enrolment", letter: "Letter | None") -> None:
    from ivr.domain.enrol import next_step

    uid = letter.account.uid if letter is not None and letter.account is not None else None
    if args.json:
        document(
            {
                "team": enrolment.team,
                "state": enrolment.state.value,
                "mail": enrolment.mail,
                "fingerprint": enrolment.fingerprint,
                "next": next_step(enrolment.state),
                "uid": uid,
            }
        )
        return
    print(f"{enrolment.team} is {enrolment.state}; next: {next_step(enrolment.state)}")
    if uid is not None:
        say(f"the account {uid} of {enrolment.team} is in its letter, and nowhere else")


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


def _ring(settings: "Settings") -> "KeyRing":
    from ivr.adapters.openpgp import KeyRing

    return KeyRing(settings.secrets / "openpgp")


def _enrolments(here: House) -> "Enrolments":
    from ivr import bootstrap
    from ivr.adapters.pins import Pins
    from ivr.adapters.totp import Codes
    from ivr.services.enrolment import Enrolments

    network = here.settings.network
    clock = bootstrap.clock(here.store)
    return Enrolments(here.store, Pins(), Codes(), network.name, network.hotline, clock)


def _membership(here: House) -> "Membership":
    from ivr import bootstrap
    from ivr.services.membership import Membership

    return Membership(here.store, bootstrap.clock(here.store))
