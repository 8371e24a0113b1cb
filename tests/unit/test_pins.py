"""PINs are kept as argon2id hashes, and nobody can tell an unknown account from a wrong PIN."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters

from ivr.adapters import pins as module
from ivr.adapters.pins import Pins


@pytest.fixture(scope="module")
def pins() -> Pins:
    return Pins()


@pytest.fixture(scope="module")
def kept(pins: Pins) -> str:
    return pins.hash("271828")


def test_the_hash_is_argon2id_and_holds_no_pin(kept: str) -> None:
    assert kept.startswith("$argon2id$")
    assert "271828" not in kept


def test_the_same_pin_is_never_hashed_to_the_same_text(pins: Pins, kept: str) -> None:
    assert pins.hash("271828") != kept


def test_the_right_pin_matches(pins: Pins, kept: str) -> None:
    assert pins.matches(kept, "271828")


@pytest.mark.parametrize("wrong", ["271829", "", "2718281", " 271828", "２７１８２８", "*" * 200])
def test_no_other_pin_matches(pins: Pins, kept: str, wrong: str) -> None:
    assert not pins.matches(kept, wrong)


def test_no_pin_matches_where_there_is_no_account(pins: Pins) -> None:
    assert not pins.matches(None, "271828")
    assert not pins.matches(None, "")


@pytest.mark.parametrize("broken", ["", "x", "$argon2id$v=19$", "271828"])
def test_a_broken_hash_lets_nobody_in(pins: Pins, broken: str) -> None:
    assert not pins.matches(broken, "271828")


@pytest.mark.parametrize("account", ["unknown", "known"])
def test_an_unknown_account_costs_the_same_work_as_a_wrong_pin(
    account: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []

    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            worked.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(module, "PasswordHasher", Hasher)
    pins = Pins()

    assert not pins.matches(kept if account == "known" else None, "271829")
    assert [extract_parameters(done) for done in worked] == [extract_parameters(kept)]
    assert extract_parameters(kept).memory_cost == module._MEMORY_KIB


def test_the_hash_that_stands_in_for_no_account_lets_nobody_in(kept: str) -> None:
    pins = Pins()
    pins._nobody = kept

    assert not pins.matches(None, "271828")


def test_a_crowd_of_callers_is_answered_one_by_one(pins: Pins, kept: str) -> None:
    guesses = [f"{n:06}" for n in range(11)] + ["271828"]
    with ThreadPoolExecutor(len(guesses)) as callers:
        answers = list(callers.map(lambda guess: pins.matches(kept, guess), guesses))

    assert answers == [False] * 11 + [True]


def test_of_fifty_at_once_no_more_are_at_work_than_there_are_slots(
    kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 19 MiB: memory and cores are bounded, whoever calls and whatever for."""
    at_work, most = 0, 0
    counting = Lock()

    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            with self.counted():
                return super().verify(hash, password)

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            with self.counted():
                return super().hash(password, salt=salt)

        @contextmanager
        def counted(self) -> Iterator[None]:
            nonlocal at_work, most
            with counting:
                at_work += 1
                most = max(most, at_work)
            yield
            with counting:
                at_work -= 1

    monkeypatch.setattr(module, "PasswordHasher", Hasher)
    pins = Pins()
    with ThreadPoolExecutor(50) as callers:
        list(callers.map(lambda n: pins.hash("271828") if n % 2 else pins.matches(kept, "271828"), range(50)))

    assert most == module._AT_ONCE
