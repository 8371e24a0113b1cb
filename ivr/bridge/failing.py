"""Keys that fail, or soon will, as they were found last: for operators who look at the mail.

Owns: the table `failing`. Whom it is told, the hotline and `correspondence` know.
"""

from collections.abc import Iterable
from dataclasses import astuple

from ivr.bridge.store import BridgeStore
from ivr.domain.records import FailingKey


class Failing:
    """Every method raises BridgeAway."""

    def __init__(self, store: BridgeStore) -> None:
        self._store = store

    def put(self, found: Iterable[FailingKey]) -> None:
        """These, and no others any more."""
        with self._store.write() as db:
            db.execute("DELETE FROM failing")
            db.executemany("INSERT INTO failing VALUES (?, ?, ?, ?)", map(astuple, found))

    def all(self) -> list[FailingKey]:
        with self._store.read() as db:
            rows = db.execute("SELECT what, team, days, why FROM failing ORDER BY days, team").fetchall()
        return [FailingKey(*row) for row in rows]
