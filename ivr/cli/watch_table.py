"""The live table of `tocsin alert watch`. Owns: how an alert on its way looks on a terminal."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ivr.cli.watch import Look
from ivr.domain.records import AlertState, Call, Delivery, DeliveryState, Outcome, SmsKind, SmsState
from ivr.services.report import AlertFile

_STYLE = {
    DeliveryState.MAILED: "yellow",
    DeliveryState.WAITING: "yellow",
    DeliveryState.CALLING: "bold cyan",
    DeliveryState.RESPONDING: "cyan",
    DeliveryState.ACKNOWLEDGED: "green",
    DeliveryState.EXHAUSTED: "bold red",
    DeliveryState.WITHDRAWN: "dim",
}
_FRAME_LINES = 6
"""Of the terminal's height, for what stands above and below the rows of an alert."""
_MOST_ALERTS = 5


class Screen:
    """Redraws when something has changed, and once a second for the clock."""

    def __init__(self, capacity: Mapping[str, int], console: Console | None = None) -> None:
        self._capacity = capacity
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False)
        self._drawn: tuple[Look, int] | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, seen: Look) -> None:
        now = time.time()
        if self._drawn != (seen, int(now)):
            self._drawn = (seen, int(now))
            self._live.update(picture(seen, self._capacity, now, self._console.height), refresh=True)


def picture(seen: Look, capacity: Mapping[str, int], now: float, height: int) -> RenderableType:
    """Everything that is shown at one moment."""
    files = list(seen.files.values())[-_MOST_ALERTS:]
    if not files:
        return Group(
            Text("No current alert. This table fills when one is released.", "dim"), _lines(seen, capacity)
        )
    rows = max(4, height // len(files) - _FRAME_LINES)
    return Group(*(_alert(file, now, rows) for file in files), _lines(seen, capacity))


def _lines(seen: Look, capacity: Mapping[str, int]) -> Text:
    trunks = (f"{name} {seen.used.get(name, 0)} of {lines}" for name, lines in capacity.items())
    return Text("lines in use: " + ", ".join(trunks), "dim")


def _alert(file: AlertFile, now: float, rows: int) -> RenderableType:
    alert = file.alert
    title = Text(f"Alert {alert.id}", "bold").append(f" from {alert.team_name}  ", "not bold")
    if alert.released_at is not None:
        title.append(time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(alert.released_at)), "not bold")
        title.append(f"  {_span((alert.closed_at or now) - alert.released_at)}", "dim")
    if alert.state is AlertState.RELEASED and alert.by_mail_alone:
        title.append("  by mail alone", "yellow")
    if alert.state is not AlertState.RELEASED:
        good = alert.state is AlertState.CLOSED and alert.outcome is Outcome.ALL_ACKNOWLEDGED
        ended = alert.outcome if alert.state is AlertState.CLOSED else alert.state
        title.append(f"  {ended}", "bold green" if good else "bold red")
    shown, hidden = _fitting(file.deliveries, rows)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("Team", "State", "Calls", "Number", "Last", "Acknowledged"):
        # Room for the longest word from the start: a table that jumps is hard to read.
        width = {"State": 12, "Number": 13, "Last": 16, "Acknowledged": 21}.get(head)
        side: JustifyMethod = "right" if head == "Calls" else "left"
        table.add_column(head, no_wrap=True, overflow="ellipsis", min_width=width, justify=side)
    for delivery in shown:
        table.add_row(*_row(file, delivery, now))
    parts = [title, table, _progress(file)]
    if hidden:
        parts.insert(2, Text(f"and {hidden} more teams", "dim"))
    return Group(*parts, Text())


def _fitting(deliveries: Sequence[Delivery], rows: int) -> tuple[list[Delivery], int]:
    """The rows that there is room for: all by name, or those first that somebody has to look at."""
    shown = deliveries
    if len(deliveries) > rows:
        order = [
            DeliveryState.CALLING,
            DeliveryState.EXHAUSTED,
            DeliveryState.RESPONDING,
            DeliveryState.WAITING,
            DeliveryState.MAILED,
        ]
        rank = {state: place for place, state in enumerate(order)}
        shown = sorted(deliveries, key=lambda d: rank.get(d.state, len(rank)))[: rows - 1]
    return sorted(shown, key=lambda d: d.team_name.casefold()), len(deliveries) - len(shown)


def _row(file: AlertFile, delivery: Delivery, now: float) -> list[Text]:
    legs = file.legs.get(delivery.team, ())
    last = file.calls[legs[-1].call] if legs else None
    disposition = legs[-1].disposition if legs else None
    acknowledged = ""
    if delivery.acknowledged_at is not None:
        clock = time.strftime("%H:%M:%S", time.gmtime(delivery.acknowledged_at))
        acknowledged = f"{clock} via {delivery.acknowledged_via}"
    number = delivery.number if delivery.state is DeliveryState.WAITING else last and last.number
    return [
        Text(delivery.team_name),
        Text(delivery.state.value, _STYLE[delivery.state]),
        Text(str(len(legs)) if legs else ""),
        Text(number or ""),
        Text(_last(delivery, last, disposition, now)),
        Text(acknowledged, "green"),
    ]


def _last(delivery: Delivery, call: Call | None, disposition: str | None, now: float) -> str:
    if call is not None and call.ended_at is None:
        up_since = call.answered_at or call.started_at
        return f"{'on the line' if call.answered_at else 'ringing'} {_span(now - up_since)}"
    words = [str(disposition)] if disposition else []
    if delivery.reason:
        words.append(delivery.reason)
    if delivery.state in (DeliveryState.WAITING, DeliveryState.RESPONDING) and delivery.due_at > now:
        words.append(f"again in {_span(delivery.due_at - now)}")
    return ", ".join(words)


def _progress(file: AlertFile) -> RenderableType:
    done = sum(d.state is DeliveryState.ACKNOWLEDGED for d in file.deliveries)
    total = len(file.deliveries)
    text = f"{done} of {total} acknowledged"
    texts = [sms for sms in file.sms if sms.kind is SmsKind.ALERT]
    if texts:
        delivered = sum(sms.state is SmsState.DELIVERED for sms in texts)
        text += f", SMS {delivered} of {len(texts)} delivered"
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_row(
        ProgressBar(max(total, 1), done, width=30, complete_style="green", finished_style="green"), Text(text)
    )
    return row


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
