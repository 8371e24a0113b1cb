"""The spans of ISDN trunks for `tocsin lines`: which work, and which call is on which channel.

Owns: the shape of that list (docs/cli.md). Nothing here changes anything.
"""

from collections.abc import Sequence

from ivr.config.isdn import Isdn
from ivr.config.trunk import Trunk
from ivr.domain.records import SpanState
from ivr.ports import Records
from ivr.services.report import Document, rfc3339


def with_spans(tx: Records, trunks: Sequence[Trunk | Isdn], listed: Sequence[Document]) -> list[Document]:
    """What `lines.lines` has of `trunks`; those that are ISDN with their `spans`."""
    isdn = {trunk.name: trunk for trunk in trunks if isinstance(trunk, Isdn)}
    return [
        line | {"spans": _spans(tx, isdn[line["trunk"]], line["calls"])} if line["trunk"] in isdn else line
        for line in listed
    ]


def _spans(tx: Records, trunk: Isdn, calls: Sequence[Document]) -> list[Document]:
    """Of a span that Asterisk has never told of, nothing is known."""
    states = {state.span: state for state in tx.find(SpanState, trunk=trunk.name)}
    on = {call["channel"]: call["id"] for call in calls}
    return [
        {
            "span": span.span,
            "type": span.type,
            "up": state.up if state else None,
            "why": state.why if state else None,
            "since": rfc3339(state.since) if state else None,
            "channels": [{"channel": n, "call": on.get(f"{span.span}/{n}")} for n in span.b_channels],
        }
        for span in trunk.spans
        for state in [states.get(span.span)]
    ]
