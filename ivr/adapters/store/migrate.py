"""Brings the database to the tables of this version.

Owns: the way from any older version to this one. Imported only where it is needed: Alembic is slow to load.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ivr.adapters.store import SqlStore
from ivr.adapters.store.engine import READS, trouble
from ivr.ports import StoreAway


def upgrade(store: SqlStore) -> None:
    """Run the migrations that are missing. Raises StoreAway."""
    try:
        with store.engine.connect() as connection, connection.begin():
            command.upgrade(_config(connection), "head")
    except DBAPIError as error:
        raise trouble(error) from None
    except CommandError as error:  # it knows a revision that we do not
        raise StoreAway("the store was made by a newer version of Tocsin; update this one") from error


def is_current(store: SqlStore) -> bool:
    """Whether the database has exactly the tables of this version. Raises StoreAway."""
    try:
        with store.engine.connect().execution_options(**{READS: True}) as connection:
            present = MigrationContext.configure(connection).get_current_revision()
            return present == ScriptDirectory.from_config(_config(connection)).get_current_head()
    except DBAPIError as error:
        raise trouble(error) from None


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
