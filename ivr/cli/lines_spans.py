"""The spans of ISDN trunks as `tocsin lines` prints them: one a row, with the calls on its channels."""

from collections.abc import Iterator, Mapping, Sequence

from ivr.cli.output import table
from ivr.services.report import Document

_HEADS = ("SPAN", "TRUNK", "TYPE", "STATE", "SINCE", "CHANNELS", "CALLS")


def spans_table(trunks: Sequence[Document], who: Mapping[str, str]) -> None:
    """`who`: by the id of a call, how it is called in the table above. Without ISDN, prints nothing."""
    rows = [row for trunk in trunks if "spans" in trunk for row in _rows(trunk, who)]
    if rows:
        print()
        table(_HEADS, rows)


def _rows(trunk: Document, who: Mapping[str, str]) -> Iterator[Sequence[object]]:
    for span in trunk["spans"]:
        busy = (f"{c['channel']}={who[c['call']]}" for c in span["channels"] if c["call"])
        state = span["why"] or "not seen yet"
        yield (
            *(span["span"], trunk["trunk"], span["type"], state, span["since"]),
            *(len(span["channels"]), " ".join(busy)),
        )
