"""The file that is given up for a full disk, on a disk that is not full; see on_a_small_disk.py."""

import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

from ivr.adapters.reserve import FileReserve
from ivr.adapters.store import SqlStore
from ivr.config import Settings

MIB = 2**20


def test_it_takes_real_room_and_gives_it_back(tmp_path: Path) -> None:
    reserve = FileReserve(tmp_path / "kept", 3 * MIB + 5)
    assert not reserve.is_whole and not reserve.is_given_up
    assert reserve.renew() and reserve.is_whole
    assert reserve.path.stat().st_blocks * 512 >= reserve.size
    reserve.give_up()
    assert reserve.is_given_up
    assert reserve.path.stat().st_blocks == 0


def test_one_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    reserve = FileReserve(tmp_path / "kept", MIB)
    reserve.renew()
    before = reserve.path.read_bytes()
    assert reserve.renew()
    assert reserve.path.read_bytes() == before


def test_one_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    reserve = FileReserve(tmp_path / "kept", 2 * MIB)
    reserve.path.write_bytes(bytes(MIB))
    assert reserve.is_given_up
    assert reserve.renew()
    assert reserve.path.stat().st_size == 2 * MIB


def test_where_it_is_given_up_while_it_is_made_it_is_not_whole(tmp_path: Path) -> None:
    reserve = FileReserve(tmp_path / "kept", 64 * MIB)
    making = Thread(target=reserve.renew)
    making.start()
    until = time.monotonic() + 20
    while not reserve.path.exists() or reserve.path.stat().st_size < MIB:
        assert time.monotonic() < until
    reserve.give_up()
    making.join()
    assert not reserve.is_whole


def test_a_folder_that_is_gone_is_no_surprise(tmp_path: Path) -> None:
    reserve = FileReserve(tmp_path / "gone" / "kept", MIB)
    assert not reserve.renew()
    reserve.give_up()


SPENDS_ITS_QUOTA = """
import resource, sys
from pathlib import Path
from ivr.adapters.reserve import FileReserve
from ivr.adapters.store import SqlStore
from ivr.domain.records import Team
from ivr.ports import DiskFull
reserve = FileReserve(Path(sys.argv[2]), 2**20)
reserve.renew()
store = SqlStore(sys.argv[1], reserve)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    with store.write() as tx:
        tx.put(Team("new-cert", "NEW-CERT"))
except DiskFull:
    sys.exit(0 if reserve.is_given_up else "the reserve is kept")
sys.exit("it was written")
"""


def test_a_quota_that_is_spent_is_a_full_disk(store: SqlStore, settings: Settings, tmp_path: Path) -> None:
    """A limit on the process stands for it: SQLite tells neither from an I/O error."""
    store.close()
    command = [sys.executable, "-c", SPENDS_ITS_QUOTA, settings.store, str(tmp_path / "kept")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
