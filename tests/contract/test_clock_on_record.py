"""The time of a service that starts after the system's clock was set back, on a real store."""

import time

from book import Book, ManualClock
from postgres import ON_BOTH

from ivr import bootstrap
from ivr.adapters.store import SqlStore
from ivr.domain.facts import AlertWithdrawn
from ivr.domain.policy import Policy

BUSY = 17


@ON_BOTH
def test_retries_come_within_their_pause_and_the_calls_before_still_count(
    book: Book, store: SqlStore, clock: ManualClock
) -> None:
    clock.now = time.time() + 3600  # what the system's clock showed, until it was set back
    alert = book.raises()
    book.calls_in_vain("def-cert", alert, BUSY)
    delivery = book.delivery(alert, "def-cert")

    restarted = bootstrap.clock(store)
    clock.now = restarted()
    assert 0 < delivery.due_at - clock.now <= Policy().busy.pause_s
    book.calls_in_vain("def-cert", alert, BUSY)
    policy = Policy()
    assert book.delivery(alert, "def-cert").due_at == clock.now + policy.busy.pause_s * policy.growth


@ON_BOTH
def test_while_nothing_is_open_it_is_the_system_s(book: Book, store: SqlStore, clock: ManualClock) -> None:
    clock.now = time.time() + 3600
    book.apply(AlertWithdrawn(book.raises()))
    assert bootstrap.clock(store)() < clock.now - 1800


@ON_BOTH
def test_of_an_empty_store_it_is_the_system_s(store: SqlStore) -> None:
    assert bootstrap.clock(store)() >= time.time() - 1800
