"""`tocsin lines` of an ISDN trunk: its spans, their channels, and the calls on them."""

import json
import socket
from pathlib import Path

import pytest
from book import Book

from ivr.cli import main
from ivr.config import Settings
from ivr.domain.facts import CallPlaced, ChannelTaken, SpanSeen, TrunkReported

DEAD = "D-channel of span 2 down"
SPANS = ", ".join(f"{{span: {n}, type: bri, first: {3 * n}}}" for n in (1, 2, 3))


@pytest.fixture
def file(settings: Settings, book: Book) -> Path:
    """With an ISDN trunk beside that of the tests. Two of its spans were seen; on one there is a call."""
    settings.path.write_text(
        settings.path.read_text().replace("trunks:\n", f"trunks:\n  - {{name: isdn-a, spans: [{SPANS}]}}\n")
    )
    seen = (SpanSeen(1, True, "up"), SpanSeen(2, False, DEAD))
    book.apply(TrunkReported("isdn-a", 4, DEAD, seen))
    alert = book.raises()
    number = book.delivery(alert, "xyz-cert").number
    assert number is not None
    book.apply(CallPlaced("c1", "xyz-cert", number, "isdn-a", (alert,)))
    book.apply(ChannelTaken("c1", "1/2"))
    return settings.path


def test_channels_with_what_is_on_them(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "lines", "--json"]) == 0
    isdn, *others = json.loads(capsys.readouterr().out)

    assert (isdn["trunk"], isdn["lines"], isdn["used"]) == ("isdn-a", 6, 1)
    works, dead, unseen = isdn["spans"]
    assert works["channels"] == [{"channel": 1, "call": None}, {"channel": 2, "call": "c1"}]
    assert (works["up"], works["why"], works["type"]) == (True, "up", "bri")
    assert (dead["up"], dead["why"]) == (False, DEAD) and dead["since"].endswith("Z")
    assert (unseen["up"], unseen["why"], unseen["since"]) == (None, None, None)
    assert isdn["calls"][0]["channel"] == "1/2"
    assert not any("spans" in trunk for trunk in others)


def test_people_see_a_row_a_span(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "lines"]) == 0
    table = capsys.readouterr().out.partition("\n\n")[2].splitlines()

    assert table[0].split() == "SPAN TRUNK TYPE STATE SINCE CHANNELS CALLS".split()
    rows = table[1:]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert "2=out:xyz-cert" in rows[0] and DEAD in rows[1]
    assert "not seen yet" in rows[2]


def test_without_isdn_there_is_no_word_of_spans(
    settings: Settings, book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(settings.path), "lines"]) == 0
    assert "SPAN" not in capsys.readouterr().out


@pytest.mark.parametrize("is_there", [True, False])
def test_that_nobody_looks_after_the_trunks_is_said(
    is_there: bool, settings: Settings, book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        agi, ami = one.getsockname()[1], other.getsockname()[1]
        settings.path.write_text(f"{settings.path.read_text()}\npbx: {{agi_port: {agi}, ami_port: {ami}}}\n")
        if not is_there:
            one.close()
            other.close()
        assert main(["--config", str(settings.path), "lines", "--json"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 1
    assert ("the service does not run" in said.err) is not is_there
    assert ("Asterisk does not run" in said.err) is not is_there
