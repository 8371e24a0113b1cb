"""Notices on their whole way: from the ledger through courier and SMPP link to the telephones of an SMSC."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from book import Book, ManualClock

from ivr import bootstrap
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.smpp.account import SmscSettings
from ivr.adapters.smpp.link import SmppLink
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.records import Number, Sms, SmsState, Team
from ivr.pstn.smsc import PracticeSmsc
from ivr.services.courier import Courier
from ivr.services.ledger import Ledger

OPERATOR, XYZ_MOBILE = "+4917100099", "+4917100004"
WAIT_S = 20.0


@pytest.fixture
def texts(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of an SMSC, and the file of what the telephones got."""
    log = tmp_path / "texts.jsonl"
    smsc = PracticeSmsc(log=log)
    smsc.start()
    yield smsc.port, log
    smsc.stop()


@pytest.fixture
def book(
    texts: tuple[int, Path], settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock
) -> Iterator[Book]:
    """Its SMS leave as they do in the service."""
    hotline = settings.network.hotline
    ledger = Ledger(store, recordings, settings.policy, hotline, clock, operators=(OPERATOR,))
    courier = Courier(store, ledger, clock, bootstrap.taken(settings))
    account = SmscSettings("a", "127.0.0.1", texts[0], "tocsin", "bell-pw", source=hotline)
    link = SmppLink(account, courier.notice)
    ledger.on_change(courier.wake)
    courier.start([link])
    link.start()
    yield Book(store, ledger, clock, recordings.incoming)
    link.stop(2.0)
    courier.stop()


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def got(log: Path, number: str) -> list[dict[str, Any]]:
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line for line in map(json.loads, lines) if line["number"] == number]


def delivered(book: Book) -> bool:
    sms = book.find(Sms)
    return bool(sms) and all(s.state is SmsState.DELIVERED for s in sms)


def test_the_names_of_all_who_are_missing_arrive_in_as_many_parts_as_it_takes(
    book: Book, store: SqlStore, texts: tuple[int, Path]
) -> None:
    missing = [f"Team with a long name and number {n:02}" for n in range(30)]
    with store.write() as tx:
        tx.drop(*tx.find(Number, sms=True))
        tx.put(*(Team(f"team-{n}", name) for n, name in enumerate(missing)))
    alert = book.raises()
    for team in ("def-cert", "ghi-cert", "xyz-cert"):
        book.acknowledges(alert, team)
    eventually(lambda: delivered(book))

    at_release, closing = got(texts[1], OPERATOR)
    names = ", ".join(missing)
    assert at_release["text"] == (
        f"Alert {alert}: has no number in the directory: {names}. Still open: 3 teams."
    )
    assert closing["text"] == f"Alert {alert}: 3 of 33 acknowledged; missing {names}."
    assert closing["parts"] == 8


def test_a_team_that_got_the_sms_gets_the_withdrawal(
    book: Book, clock: ManualClock, texts: tuple[int, Path]
) -> None:
    alert = book.raises()
    eventually(lambda: delivered(book))
    clock.forward(60)
    book.apply(facts.AlertWithdrawn(alert))
    eventually(lambda: len(got(texts[1], XYZ_MOBILE)) == 2)

    first, second = got(texts[1], XYZ_MOBILE)
    assert first["text"].startswith(f"ALERT {alert} from ABC-CERT, ")
    assert second["text"] == (
        f"Alert {alert} from ABC-CERT, of 2026-11-22 14:03 UTC, was WITHDRAWN at 2026-11-22 14:04 UTC."
    )
