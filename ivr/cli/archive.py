"""`tocsin archive`, and the verbs of `tocsin alert` for what is kept of it.

Owns: how an operator finds out that all is there and unchanged, takes it along, or has it erased.
"""

import argparse
import sys
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli.common import Args, House, Verbs, group, house, verb
from ivr.cli.newfile import new_folder
from ivr.cli.output import Exit, document, say

if TYPE_CHECKING:
    from ivr.domain.records import Alert
    from ivr.services.seals import Report

_ILL = ("copy-changed", "changed", "missing")


def add(verbs: Verbs) -> None:
    """Declare the group."""
    archive = group(verbs, "archive", "what is kept of alerts, and for how long")
    verify = verb(
        archive, "verify", _verify, "is every recording there, and the journal unchanged", reads=True
    )
    verify.add_argument(
        "--has", metavar="CHAIN", help="a value printed earlier: it must be one of the journal's"
    )
    erase = verb(
        archive, "erase", _erase, "erase alerts before their time; numbers and outcome stay", reads=True
    )
    erase.add_argument(
        "--before", required=True, metavar="DATE", type=_day, help="those that ended before this day (UTC)"
    )
    erase.add_argument("--dry-run", action="store_true", help="only say which")


def _day(text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-01-31") from None
    if day > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text} lies ahead")
    return day


def _verify(args: Args) -> int:
    from ivr.domain.records import Alert
    from ivr.services import seals

    with house(args) as here, here.store.read() as tx:
        journal = seals.examine(tx)
        alerts = tx.find(Alert)
        found = {alert.id: kept(here, alert)[0] for alert in alerts}
    by_condition = {what: [n for n, is_ in found.items() if is_ == what] for what in _ILL}
    known = args.has is None or args.has in journal.chains
    well = known and not journal.broken and not any(by_condition.values())
    if args.json:
        counts = {what: list(found.values()).count(what) for what in ("intact", "erased")}
        document(
            {
                "ok": well,
                "journal": {**_journal(journal), "has": None if args.has is None else known},
                "recordings": {**counts, **by_condition},
            }
        )
    else:
        _print(journal, by_condition, known)
    return Exit.DONE if well else Exit.FAILED


def _journal(journal: "Report") -> dict[str, Any]:
    return {
        "sealed": journal.sealed,
        "unsealed": journal.unsealed,
        "broken": [{"first": span.first, "last": span.last} for span in journal.broken],
        "chain": journal.chain,
    }


def _print(journal: "Report", by_condition: Mapping[str, list[int]], known: bool) -> None:
    for span in journal.broken:
        say(f"the journal was changed somewhere in its lines {span.first} to {span.last}; see the backups")
    if not known:
        say("the journal never had the value of --has: it was made anew, or is another installation's")
    for what, alerts in by_condition.items():
        for alert in alerts:
            say(f"the recording of alert {alert} {_PLIGHT[what]}")
    print(f"journal: {journal.sealed} lines sealed, {journal.unsealed} not yet")
    print(f"chain:   {journal.chain}")


def _erase(args: Args) -> int:
    from ivr.domain.facts import AlertErased
    from ivr.services.janitor import past

    with house(args) as here:
        with here.store.read() as tx:
            due = [alert.id for alert in past(tx, args.before.timestamp())]
        if not args.dry_run:
            ledger = here.ledger
            for alert in due:
                ledger.apply(AlertErased(alert))
    if args.json:
        document({"alerts": due, "erased": not args.dry_run})
    else:
        for alert in due:
            print(alert)
        say(f"{len(due)} alerts {'would be' if args.dry_run else 'are'} erased")
    return Exit.DONE


# -- of `tocsin alert` -----------------------------------------------------------------------------------


def kept(here: House, alert: "Alert") -> tuple[str, bytes | None]:
    """intact, copy-changed, changed, missing, or erased; and the recording, as far as there is one."""
    from ivr import bootstrap

    if alert.erased_at is not None:
        return "erased", None
    found = bootstrap.recordings(here.settings).look(alert.audio, alert.sha256)
    return found.condition, found.content


_PLIGHT = {
    "copy-changed": "is the one that was kept, but its copy at an even level, which callees hear, is not "
    "made of it: remove that (...-level.wav), and they hear the recording itself",
    "changed": "is not the one that was kept; look for it in the backups",
    "missing": "is gone; look for it in the backups",
    "erased": "is erased: it was kept for as long as it was to be",
}


def audio(args: Args) -> int:
    """`tocsin alert audio`: where the recording is; with --verify, whether it is the one that was kept."""
    from ivr.services.report import alert_file

    with house(args) as here:
        with here.store.read() as tx:
            alert = alert_file(tx, args.alert).alert
        found, content = kept(here, alert)
    path = here.settings.recordings.resolve() / alert.audio
    usable = content is not None and (found == "intact" or not args.verify)
    if args.json and (usable or args.verify):
        shown = {"alert": alert.id, "path": str(path), "sha256": alert.sha256}
        document({**shown, "condition": found} if args.verify else shown)
    elif usable:
        print(path)
    if found in _PLIGHT and not usable:
        say(f"the recording of alert {alert.id} {_PLIGHT[found]}")
    return Exit.DONE if usable else Exit.FAILED


def export(args: Args) -> int:
    """`tocsin alert export`: everything about one alert, into a new folder or as a tar to stdout."""
    from ivr import bootstrap
    from ivr.services.export import export as exported
    from ivr.services.report import alert_file

    with house(args) as here, here.store.read() as tx:
        alert = alert_file(tx, args.alert).alert
        found, content = kept(here, alert)
        papers = bootstrap.recordings(here.settings).beside(alert.audio)
        files = exported(tx, alert.id, content, papers)
    if args.into == "-":
        _tar(f"alert-{alert.id}", files)
    else:
        new_folder(Path(args.into), files)
    if found in _PLIGHT:
        say(f"the recording of alert {alert.id} {_PLIGHT[found]}")
    return Exit.FAILED if found in _ILL else Exit.DONE


def _tar(name: str, files: Mapping[str, bytes]) -> None:
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for file, content in files.items():
            entry = tarfile.TarInfo(f"{name}/{file}")
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, BytesIO(content))
