"""`tocsin alert raise`, `release`, `escalate`, `withdraw`, `close`: what makes an alert or changes it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.alert_show import numbered, shown
from ivr.cli.common import Args, House, Verbs, answers, house, verb
from ivr.cli.output import Exit, cell, document, say

if TYPE_CHECKING:
    from ivr.config import Settings
    from ivr.domain.records import Alert, Tlp

_SEVERITIES = ("low", "medium", "high")
_TLP = ("RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR")


def add(alert: Verbs) -> None:
    """Declare the verbs in the group `alert`."""
    raising = verb(alert, "raise", _raise, "make a recording an alert; prints its number", reads=True)
    raising.add_argument("--team", required=True, metavar="ID", help="the team that raises it")
    raising.add_argument("--audio", required=True, metavar="FILE", type=Path, help="the recording, WAV")
    raising.add_argument(
        "--severity", choices=_SEVERITIES, default="medium", help="teams are called about the highest first"
    )
    _of_the_content(raising)
    raising.add_argument("--release", action="store_true", help="send it now; else it is kept as a draft")
    raising.add_argument(
        "--wait",
        action="store_true",
        help="with --release: return when it closes; 0 if every team has acknowledged, else 1",
    )

    releasing = verb(alert, "release", _release, "send a draft", reads=True)
    numbered(releasing)
    _of_the_content(releasing)
    numbered(verb(alert, "escalate", _escalate, "call the teams about an alert by mail", reads=True))
    numbered(verb(alert, "withdraw", _withdraw, "call nobody any more; throws a draft away", reads=True))
    numbered(verb(alert, "close", _close, "call nobody any more; the others count as missed", reads=True))


def _of_the_content(parser: argparse.ArgumentParser) -> None:
    """What a caller says by key. Not given: as it is on record."""
    sure = parser.add_mutually_exclusive_group()
    sure.add_argument("--confirmed", action="store_true", default=None, help="the information is confirmed")
    sure.add_argument("--unconfirmed", dest="confirmed", action="store_false", help="it is not")
    parser.add_argument("--tlp", choices=_TLP, help="with whom it may be shared")
    parser.add_argument("--callback", metavar="NUMBER", type=_subscriber, help="the number for questions")


def _subscriber(text: str) -> str:
    from ivr.domain.number import subscriber

    try:
        return subscriber(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _raise(args: Args) -> int:
    if args.wait and not args.release:
        say("--wait needs --release: a draft calls nobody, and would never close")
        return Exit.USAGE
    from ivr import bootstrap
    from ivr.cli.intake import taken_in
    from ivr.domain.facts import AlertRecorded, AlertReleased
    from ivr.domain.records import Severity, Source

    with house(args) as here:
        settings = here.settings
        ledger = here.ledger
        with taken_in(args.audio, bootstrap.recordings(settings), settings.audio) as (copy, verdict):
            recorded = AlertRecorded(
                args.team,
                None,
                Source.OPERATOR,
                str(copy),
                verdict.duration_s,
                verdict.sha256,
                severity=Severity(args.severity),
                confirmed=args.confirmed,
                tlp=_tlp(args),
                callback=args.callback,
            )
            alert = ledger.apply(recorded).alert
        assert alert is not None
        if args.release:
            _tell_release(settings, alert.id, ledger.apply(AlertReleased(alert.id)).teams)
        if not args.json:
            print(alert.id, flush=True)
        return _finish(args, here, alert.id)


def _tlp(args: Args) -> "Tlp | None":
    from ivr.domain.records import Tlp

    return Tlp(args.tlp) if args.tlp else None


def _finish(args: Args, here: House, alert: int) -> int:
    """The end of `raise`: wait if asked, and answer in JSON if asked."""
    ended = _wait(here, alert) if args.wait else None
    if args.json:
        document(shown(here, alert))
    if ended is None:
        return Exit.DONE
    from ivr.domain.records import Outcome

    say(f"alert {alert} is {ended.state}: {cell(ended.outcome)}")
    return Exit.DONE if ended.outcome is Outcome.ALL_ACKNOWLEDGED else Exit.FAILED


def _wait(here: House, alert: int) -> "Alert":
    """The alert once it is closed or withdrawn."""
    from ivr.cli.watch import follow
    from ivr.domain.records import Alert, AlertState

    for seen in follow(here.store, lambda tx: tx.get(Alert, alert)):
        if seen is not None and seen.state in (AlertState.CLOSED, AlertState.WITHDRAWN):
            return seen
    raise AssertionError("follow never ends")


def _tell_release(settings: "Settings", alert: int, teams: int) -> None:
    say(f"alert {alert} is on its way to {teams} team{'' if teams == 1 else 's'}")
    _tell_away(settings)


def _tell_away(settings: "Settings") -> None:
    if not answers(settings.pbx.agi_port):
        say("the service does not run, and nobody is called before it does: run `tocsin serve`")


def _release(args: Args) -> int:
    from ivr.domain.facts import AlertReleased

    with house(args) as here:
        fact = AlertReleased(args.alert, args.confirmed, _tlp(args), callback=args.callback)
        _tell_release(here.settings, args.alert, here.ledger.apply(fact).teams)
        return _finish_change(args, here)


def _escalate(args: Args) -> int:
    from ivr.domain.facts import AlertEscalated
    from ivr.domain.records import Via

    with house(args) as here:
        teams = here.ledger.apply(AlertEscalated(args.alert, Via.OPERATOR)).teams
        say(f"alert {args.alert} is now being telephoned to {teams} team{'' if teams == 1 else 's'}")
        _tell_away(here.settings)
        return _finish_change(args, here)


def _withdraw(args: Args) -> int:
    from ivr.domain.facts import AlertWithdrawn

    with house(args) as here:
        here.ledger.apply(AlertWithdrawn(args.alert))
        say(f"alert {args.alert} is withdrawn")
        return _finish_change(args, here)


def _close(args: Args) -> int:
    from ivr.domain.facts import AlertClosed

    with house(args) as here:
        alert = here.ledger.apply(AlertClosed(args.alert)).alert
        assert alert is not None
        say(f"alert {args.alert} is closed: {cell(alert.outcome)}")
        return _finish_change(args, here)


def _finish_change(args: Args, here: House) -> int:
    if args.json:
        document(shown(here, args.alert))
    return Exit.DONE
