"""`tocsin alert`: raise, release and withdraw alerts, and ask how they are doing."""

from ivr.cli import alert_raise, alert_show, archive
from ivr.cli.alert_show import numbered
from ivr.cli.common import Verbs, group, verb


def add(verbs: Verbs) -> None:
    """Declare the group."""
    alert = group(verbs, "alert", "raise alerts, and see how they are doing")
    alert_show.add(alert)
    alert_raise.add(alert)

    where = verb(alert, "audio", archive.audio, "where the recording of an alert is", reads=True)
    numbered(where)
    where.add_argument("--verify", action="store_true", help="exit 1 unless it is the one that was kept")

    export = verb(
        alert, "export", archive.export, "all about one alert: record, journal, recording, checksums"
    )
    numbered(export)
    export.add_argument("into", metavar="DIR", help="a new folder; - writes a tar to standard output")
