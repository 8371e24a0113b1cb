"""`tocsin serve bridge`: the mail bridge in the foreground, for systemd or a shell."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ivr.bridge.process import BridgeProcess
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeAway, BridgeStore
from ivr.bridge.tokens import Tokens, secret
from ivr.bridge.tools import keys, tools
from ivr.cli.common import not_for_root
from ivr.config import BadConfig, Settings


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; 0. Raises BadConfig, Trouble, BridgeAway, OSError."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    bridge, network = settings.bridge, settings.network
    if bridge is None:
        raise BadConfig(f"{settings.path}: there is no mail bridge; give the key bridge")
    not_for_root(bridge.state)
    os.umask(0o077)
    bridge.state.mkdir(parents=True, exist_ok=True)
    store = BridgeStore(bridge.state / "bridge.db")
    store.make()
    with _alone(bridge.state), keys(bridge, network.name) as known:
        process = BridgeProcess(
            bridge,
            network.name,
            network.hotline,
            store,
            Spool(bridge.state / "spool"),
            Tokens(secret(bridge.state / "token-secret")),
            tools(settings, bridge, known),
            time.time,
        )
        try:
            asyncio.run(_until_stopped(process))
        finally:
            process.close()
    return 0


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two on one folder would send each mail twice. The lock ends with the process, however that ends."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BridgeAway(f"{folder}: another bridge is at work; stop the one that runs first") from error
        yield


async def _until_stopped(process: BridgeProcess) -> None:
    main = asyncio.current_task()
    assert main is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, main.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await process.run(lambda: print("tocsin: the bridge takes mail", file=sys.stderr, flush=True))
