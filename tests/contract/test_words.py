"""Verification words: drawn at random, each spoken in one call alone, however many there are at once."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from book import Book

from ivr.domain import words
from ivr.domain.facts import WordWanted
from ivr.domain.records import Number, Sms, VerificationWord
from ivr.domain.words import ISSUED, LOW, WORDS, drawn

OPERATOR = "+4917199999"
MOBILE = "+4917100009"


@pytest.fixture
def alert(book: Book) -> int:
    issue(book, "marmalade", "zebra")
    return book.raises()


def issue(book: Book, *listed: str) -> None:
    with book.store.write() as tx:
        tx.drop(*tx.find(VerificationWord, team="def-cert"))
        tx.put(*(VerificationWord("def-cert", n, word) for n, word in enumerate(listed, 1)))


def spoken(book: Book, call: str, team: str = "def-cert") -> tuple[int, str] | None:
    found = book.apply(WordWanted(call, team)).word
    return (found.n, found.word) if found else None


def test_a_list_is_drawn_of_words_that_are_all_different() -> None:
    lists = [drawn(random.Random(seed).randrange) for seed in range(20)]
    assert all(len(set(words)) == ISSUED and set(words) <= set(WORDS) for words in lists)
    assert len({words[0] for words in lists}) > 10


def test_words_are_easily_told_apart() -> None:
    assert len(set(WORDS)) == len(WORDS)
    assert len({word[:4] for word in WORDS}) >= len(WORDS) - 5, "they begin alike"
    assert all(word.isascii() and word.isalpha() and 5 <= len(word) <= 12 for word in WORDS)


def test_each_call_has_the_next_one_and_the_same_when_it_asks_again(book: Book, alert: int) -> None:
    first = book.rings("def-cert", alert)
    assert [spoken(book, first), spoken(book, first)] == [(1, "marmalade"), (1, "marmalade")]
    book.hangs_up(first, 17)
    book.clock.forward(600)
    assert spoken(book, book.rings("def-cert", alert)) == (2, "zebra")


def test_a_team_without_words_and_one_whose_words_are_used_up_have_none(book: Book, alert: int) -> None:
    call = book.rings("def-cert", alert)
    assert spoken(book, call, "ghi-cert") is None
    issue(book, "marmalade")
    spoken(book, call)
    book.hangs_up(call, 17)
    book.clock.forward(600)
    assert spoken(book, book.rings("def-cert", alert)) is None


def test_a_call_that_is_none_of_ours_uses_no_word_up(book: Book, alert: int) -> None:
    assert spoken(book, "never placed") is None
    assert all(word.call is None for word in book.find(VerificationWord))


def test_two_calls_at_once_never_speak_the_same(book: Book, alert: int) -> None:
    issue(book, *drawn(random.Random(1).randrange))
    calls = [book.rings(team, alert) for team in ("def-cert", "ghi-cert", "xyz-cert")]
    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda n: spoken(book, calls[n % 3]), range(24)))
    assert {n for n, _ in filter(None, told)} == {1, 2, 3}


def test_operators_and_the_team_hear_that_they_run_low_and_that_they_are_used_up(
    book: Book, alert: int
) -> None:
    book.ledger._network = replace(book.ledger._network, operators=(OPERATOR,))
    with book.store.write() as tx:
        tx.put(Number("def-cert", 1, MOBILE, sms=True))
    issue(book, *WORDS[: LOW + 1])
    for _ in range(LOW + 1):
        call = book.rings("def-cert", alert)
        spoken(book, call)
        book.hangs_up(call, 17)
        book.clock.forward(900)
    told = [(sms.number, sms.team, sms.text) for sms in book.find(Sms) if "verification" in sms.text]
    assert [(number, text.split(" ")[2]) for number, team, text in told if team is None] == [
        (OPERATOR, str(LOW)),
        (OPERATOR, "no"),
    ]
    assert [(number, text.partition(".")[0]) for number, team, text in told if team == "def-cert"] == [
        (MOBILE, f"Only {LOW} verification words of your team are left"),
        (MOBILE, "No verification word of your team is left"),
    ]
    assert len(told) == 4
    assert words.LOW < ISSUED
