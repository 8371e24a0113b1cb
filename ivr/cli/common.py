"""What every verb group shares: how verbs are declared, and how they get at the configuration and the store.

Owns: the options that all verbs have. Imports nothing heavy: `tocsin --help` loads this file and every verb
group, so a verb imports what it needs when it runs.
"""

import argparse
import errno
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from ivr.adapters.store import SqlStore
    from ivr.config import Settings
    from ivr.services.directory import Directory
    from ivr.services.ledger import Ledger

Args = argparse.Namespace
Run = Callable[[Args], int]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and takes no abbreviated options: a script's would change meaning."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"tocsin: {message}; see `{self.prog} --help`\n")


Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"


def group(verbs: Verbs, name: str, summary: str) -> Verbs:
    """A group of verbs, such as `tocsin team ...`."""
    parser = _with_config(verbs.add_parser(name, help=summary, description=summary))
    return parser.add_subparsers(title="verbs", metavar="VERB", required=True)


def verb(verbs: Verbs, name: str, run: Run, summary: str, *, reads: bool = False) -> Parser:
    """One verb. What `reads` can answer in JSON."""
    parser = _with_config(verbs.add_parser(name, help=summary, description=summary))
    parser.set_defaults(run=run)
    if reads:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _with_config(parser: Parser) -> Parser:
    # SUPPRESS: an option before the verb is not undone by its absence after it.
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the configuration")
    return parser


@dataclass(frozen=True, slots=True)
class House:
    """What verbs work with."""

    settings: "Settings"
    store: "SqlStore"

    @property
    def ledger(self) -> "Ledger":
        from ivr import bootstrap

        return bootstrap.ledger(self.settings, self.store, bootstrap.clock(self.store))

    @property
    def directory(self) -> "Directory":
        from ivr import bootstrap
        from ivr.adapters.pins import Pins
        from ivr.services.directory import Directory

        refusal = bootstrap.may_call(self.settings)
        return Directory(self.store, Pins(), bootstrap.clock(self.store), refusal)


def settings(args: Args) -> "Settings":
    """The configuration. Raises BadConfig."""
    from ivr.config import load, locate

    return load(locate(args.config))


def not_for_root(folder: "Path") -> None:
    """Root may do everything, and what it makes its owner cannot read: the recording of an alert, Asterisk's
    configuration. Raises PermissionError where `folder` is another user's."""
    if os.geteuid() != 0 or not folder.exists() or (owner := folder.stat().st_uid) == 0:
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    told = f"is of user {name}; run this as that user: sudo -u {name}"
    raise PermissionError(errno.EPERM, told, folder.resolve())


@contextmanager
def house(args: Args) -> Iterator[House]:
    """Configuration and store. Raises BadConfig, also when the database is absent or behind; StoreAway;
    PermissionError."""
    from ivr import bootstrap
    from ivr.config import BadConfig
    from ivr.ports import StoreAway

    chosen = settings(args)
    not_for_root(chosen.state)
    if chosen.database is not None and not chosen.database.exists():  # opening it would create it
        raise BadConfig(f"{chosen.path}: there is no database yet; run `tocsin init`")
    store = bootstrap.open_store(chosen)
    try:
        yield House(chosen, store)
    except StoreAway as error:
        # Whether the database has the tables of this version takes a while to find out; it is asked only when
        # something has failed, and a transaction that failed has changed nothing.
        if _is_behind(store):
            raise _behind(chosen) from error
        raise
    finally:
        store.close()


def ready(args: Args) -> "Settings":
    """The configuration of an install whose database is that of this version. Raises BadConfig."""
    with house(args) as here:
        if _is_behind(here.store):
            raise _behind(here.settings)
        return here.settings


def _behind(chosen: "Settings") -> Exception:
    from ivr.config import BadConfig

    return BadConfig(f"{chosen.path}: the database is of another version; run `tocsin init`")


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens on this port, of this machine or another."""
    import socket

    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _is_behind(store: "SqlStore") -> bool:
    from sqlalchemy.exc import DBAPIError

    from ivr.adapters.store import migrate

    try:
        return not migrate.is_current(store)
    except DBAPIError:
        return False  # it does not answer at all
