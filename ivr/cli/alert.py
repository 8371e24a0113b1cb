"""`tocsin alert`: raise, release and withdraw alerts, and ask how they are doing."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli import archive
from ivr.cli.common import Args, House, Verbs, answers, group, house, verb
from ivr.cli.output import Exit, cell, document, say, table

if TYPE_CHECKING:
    from ivr.config import Settings
    from ivr.domain.records import Alert, Tlp

_STATES = ("draft", "released", "closed", "withdrawn")
_SEVERITIES = ("low", "medium", "high")
_TLP = ("RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR")


def add(verbs: Verbs) -> None:
    """Declare the group."""
    alert = group(verbs, "alert", "raise alerts, and see how they are doing")

    listing = verb(alert, "list", _list, "every alert, oldest first", reads=True)
    listing.add_argument("--state", choices=_STATES, help="only alerts in this state")

    show = verb(alert, "show", _show, "one alert: who was called, what came of it", reads=True)
    _number(show)

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
    _number(releasing)
    _of_the_content(releasing)
    _number(verb(alert, "escalate", _escalate, "call the teams about an alert by mail", reads=True))
    _number(verb(alert, "withdraw", _withdraw, "call nobody any more; throws a draft away", reads=True))

    watching = verb(alert, "watch", _watch, "the table of who has acknowledged, live", reads=True)
    watching.add_argument(
        "alert", type=int, nargs="?", metavar="N", help="until it closes; without: all current alerts"
    )

    where = verb(alert, "audio", archive.audio, "where the recording of an alert is", reads=True)
    _number(where)
    where.add_argument("--verify", action="store_true", help="exit 1 unless it is the one that was kept")

    export = verb(
        alert, "export", archive.export, "all about one alert: record, journal, recording, checksums"
    )
    _number(export)
    export.add_argument("into", metavar="DIR", help="a new folder; - writes a tar to standard output")


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("alert", type=int, metavar="N", help="the alert's number")


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


def _list(args: Args) -> int:
    from ivr.services.listing import alerts

    with house(args) as here, here.store.read() as tx:
        found = alerts(tx, args.state)
    if args.json:
        document(found)
    else:
        heads = (
            "NUMBER",
            "STATE",
            "SEVERITY",
            "ORIGINATOR",
            "SOURCE",
            "RECORDED",
            "RELEASED",
            "ACKNOWLEDGED",
        )
        table(heads, [_row(alert) for alert in found])
    return Exit.DONE


def _row(alert: dict[str, Any]) -> tuple[object, ...]:
    return (
        alert["id"],
        _standing(alert),
        alert["severity"],
        alert["originator"]["name"],
        alert["source"],
        alert["recorded_at"],
        alert["released_at"],
        f"{alert['acknowledged']} of {alert['teams']}" if alert["released_at"] else "-",
    )


def _standing(alert: dict[str, Any]) -> str:
    """How it stands, in one word. One that was withdrawn may have had its outcome before."""
    standing: str = alert["state"] if alert["state"] == "withdrawn" else alert["outcome"] or alert["state"]
    return standing


def _show(args: Args) -> int:
    with house(args) as here:
        shown = _document(here, args.alert)
        why = _held(here, args.alert) if shown["state"] == "released" else None
    if args.json:
        document(shown)
    else:
        _print(shown)
    if why is not None:
        say(why)
    return Exit.DONE


def _document(here: House, alert: int) -> dict[str, Any]:
    from ivr.services.report import alert_document

    with here.store.read() as tx:
        return alert_document(tx, alert)


def _held(here: House, alert: int) -> str | None:
    """Why no further call is started for a released alert, where a ceiling is reached."""
    import time

    from ivr import bootstrap
    from ivr.services.ceilings import held

    with here.store.read() as tx:
        return held(tx, bootstrap.ceilings(here.settings), (alert,), time.time())


def _print(alert: dict[str, Any]) -> None:
    by = f"{alert['originator']['name']}, by {alert['source']}"
    print(
        f"Alert {alert['id']} from {by}: {_standing(alert)}, {alert['severity']}, {alert['duration_s']:.1f} s"
    )
    sure = {True: "confirmed", False: "unconfirmed", None: "not said whether it is confirmed"}
    print(f"{sure[alert['confirmed']]}, TLP:{cell(alert['tlp'])}, questions to {cell(alert['callback'])}")
    for what in ("recorded", "released", "escalated", "closed"):
        if alert[f"{what}_at"]:
            print(f"{what:<9} {alert[f'{what}_at']}")
    heads = ("TEAM", "STATE", "ACKNOWLEDGED", "VIA", "BY", "CALLS")
    rows = []
    for d in alert["deliveries"]:
        calls = " ".join(f"{c['number']}:{cell(c['disposition'])}" for c in d["calls"])
        state = f"{d['state']} ({d['reason']})" if d["reason"] else d["state"]
        by = d["acknowledged_by"]
        rows.append((d["team"]["name"], state, d["acknowledged_at"], d["acknowledged_via"], by, calls))
    table(heads, rows)


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
        document(_document(here, alert))
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


def _finish_change(args: Args, here: House) -> int:
    if args.json:
        document(_document(here, args.alert))
    return Exit.DONE


def _watch(args: Args) -> int:
    if args.json and args.alert is None:
        say("--json needs the number of an alert: without one, watching never ends")
        return Exit.USAGE
    from ivr.cli.watch import watch

    with house(args) as here:
        watch(here, args.alert, quiet=args.json)
        if args.json:
            document(_document(here, args.alert))
    return Exit.DONE
