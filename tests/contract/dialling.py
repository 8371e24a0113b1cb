"""A dialler at work in a thread, for tests that look at it from outside."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from ami_peer import WAIT_S

from ivr.adapters.ami.manager import Ami
from ivr.services.dialler import Dialler


def eventually(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@contextmanager
def at_work(ami: Ami, dialler: Dialler) -> Iterator[None]:
    """Run both, as `tocsin serve` does."""
    loop = asyncio.new_event_loop()

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ami.run(dialler.notice, dialler.pbx_up))
            tasks.create_task(dialler.run())

    def run() -> None:
        with closing(loop), suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    task = loop.create_task(work())
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
