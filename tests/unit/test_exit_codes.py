"""Refusals are known by name to the one who turns them into an exit status."""

from importlib import import_module

import pytest

from ivr.cli.output import CODES


@pytest.mark.parametrize("name", CODES)
def test_every_name_is_of_an_exception_that_exists(name: str) -> None:
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(import_module(module), kind), BaseException)
