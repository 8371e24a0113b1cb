"""Progress of long work, on stderr. Owns: its look; on a terminal bars, else one line a phase."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ivr.adapters.pbx.apt import Progress as Step
from ivr.cli.output import say

_PHASES = {
    "index": "reading the index",
    "download": "downloading",
    "unpack": "unpacking",
    "build": "building",
}


@contextmanager
def bars() -> Iterator[Callable[[Step], None]]:
    """For `tocsin pbx install`: a report that draws what it is given."""
    told: set[str] = set()
    tasks: dict[str, TaskID] = {}
    with _progress() as progress:

        def report(step: Step) -> None:
            if step.notice and step.notice not in told:
                told.add(step.notice)
                progress.console.print(f"tocsin: {step.notice}", markup=False, highlight=False)
            if step.phase not in tasks:
                tasks[step.phase] = progress.add_task(_PHASES[step.phase], total=None)
                _tell_phase(step)
            progress.update(tasks[step.phase], completed=step.done, total=max(step.total, step.done, 1))

        yield report


def _tell_phase(step: Step) -> None:
    if not sys.stderr.isatty():
        size = f" {step.total / 1e6:.0f} MB" if step.phase == "download" and step.total else ""
        say(_PHASES[step.phase] + size)


@contextmanager
def prompts() -> Iterator[Callable[[int, int], None]]:
    """For the making of spoken texts."""
    with _progress() as progress:
        task = progress.add_task("spoken texts", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=max(total, 1))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
