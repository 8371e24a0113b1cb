"""`tocsin alert list`, `show`, `watch`: how alerts are doing."""

import argparse
from typing import Any

from ivr.cli.common import Args, House, Verbs, house, verb
from ivr.cli.output import Exit, cell, document, say, table

_STATES = ("draft", "released", "closed", "withdrawn")


def add(alert: Verbs) -> None:
    """Declare the verbs in the group `alert`."""
    listing = verb(alert, "list", _list, "every alert, oldest first", reads=True)
    listing.add_argument("--state", choices=_STATES, help="only alerts in this state")

    numbered(verb(alert, "show", _show, "one alert: who was called, what came of it", reads=True))

    watching = verb(alert, "watch", _watch, "the table of who has acknowledged, live", reads=True)
    watching.add_argument(
        "alert", type=int, nargs="?", metavar="N", help="until it closes; without: all current alerts"
    )


def numbered(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("alert", type=int, metavar="N", help="the alert's number")


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
        found = shown(here, args.alert)
        why = _held(here, args.alert) if found["state"] == "released" else None
    if args.json:
        document(found)
    else:
        _print(found)
    if why is not None:
        say(why)
    return Exit.DONE


def shown(here: House, alert: int) -> dict[str, Any]:
    """The document of one alert."""
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


def _watch(args: Args) -> int:
    if args.json and args.alert is None:
        say("--json needs the number of an alert: without one, watching never ends")
        return Exit.USAGE
    from ivr.cli.watch import watch

    with house(args) as here:
        watch(here, args.alert, quiet=args.json)
        if args.json:
            document(shown(here, args.alert))
    return Exit.DONE
