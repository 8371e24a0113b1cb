"""`tocsin team enrol`: a team is led into the network, and gets its letters."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.common import Args, House, Verbs, house, verb
from ivr.cli.newfile import new_file
from ivr.cli.output import Exit, document, say

if TYPE_CHECKING:
    from ivr.adapters.pgp.ring import KeyRing
    from ivr.config import Settings
    from ivr.domain.records import Enrolment
    from ivr.services.enrolment import Enrolments, Letter


def add(team: Verbs) -> None:
    """Declare the verb in the group `team`."""
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
            with _ring(settings) as ring:
                ring.certify(args.key, fingerprint, time.time())
                armour = ring.public(fingerprint).decode("ascii")
            enrolments.take(args.team, enrol.KeyCertified(fingerprint, armour))
    except ValueError as error:
        raise BadEntry(str(error)) from error


def _hand_over(args: Args, settings: "Settings", enrolments: "Enrolments", letter: "Letter") -> None:
    """To a file before it holds, so that no PIN is lost with a full disk; by mail once it does."""
    from ivr.adapters import sendmail

    if args.clear:
        with new_file(args.clear, letter.text.encode()):
            enrolments.issue(letter)
        return
    sender, to, message = _sealed(settings, letter)
    if args.eml:
        with new_file(args.eml, message):
            enrolments.issue(letter)
    else:
        enrolments.issue(letter)
        try:
            sendmail.send(message, sender, to)
        except sendmail.NotSent as error:
            raise sendmail.NotSent(f"{error}; {_lost(letter)}") from error


def _lost(letter: "Letter") -> str:
    """What is to be done about a letter that holds and that nobody has."""
    advice = "the letter is lost, but what it says holds: write another one, such as with --eml FILE"
    if letter.account is None:
        return advice
    return f"{advice}, and end this account: tocsin team remove --uid {letter.account.uid}"


def _sealed(settings: "Settings", letter: "Letter") -> tuple[str, str, bytes]:
    """From whom, to whom, and the whole message."""
    from ivr.adapters.pgp import sealing
    from ivr.config import BadConfig
    from ivr.domain.mail import Recipient, Standard

    network, team = settings.network, letter.to
    assert team.mail is not None
    assert team.fingerprint is not None
    if network.mail is None:
        raise BadConfig(f"{settings.path}: network.mail: give the address that letters come from")
    to = Recipient(team.team, team.mail, Standard.OPENPGP, team.fingerprint)
    with _ring(settings) as ring:
        entity = sealing.sealed(ring, sealing.letter(letter.text), to, time.time())
    message = sealing.mail(network.mail, to.address, f"Access to {network.name}", entity)
    return network.mail, to.address, message


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


def _ring(settings: "Settings") -> "KeyRing":
    from ivr.adapters.pgp.ring import KeyRing

    network = settings.network
    return KeyRing(settings.secrets / "openpgp", f"{network.name} hotline", network.mail or "hotline@invalid")


def _enrolments(here: House) -> "Enrolments":
    from ivr import bootstrap
    from ivr.adapters.pins import Pins
    from ivr.adapters.totp import Codes
    from ivr.services.enrolment import Enrolments

    network = here.settings.network
    clock = bootstrap.clock(here.store)
    return Enrolments(here.store, Pins(), Codes(), network.name, network.hotline, clock)
