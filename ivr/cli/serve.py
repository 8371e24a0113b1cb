"""`tocsin serve`: the service in the foreground, for systemd or a shell.

The one place in ivr that imports the call scripts, because it starts the server that runs them.
"""

import asyncio
import contextlib
import logging
import signal
import sys

from agi import scripts
from ivr import service
from ivr.config import Settings


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; 0."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)  # it logs whole actions, numbers included
    logging.getLogger("alembic").setLevel(logging.WARNING)
    asyncio.run(_until_stopped(service.Service(settings, scripts)))
    return 0


async def _until_stopped(hotline_service: service.Service) -> None:
    main = asyncio.current_task()
    assert main is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, main.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await hotline_service.run(lambda: print("tocsin: serving", file=sys.stderr, flush=True))
