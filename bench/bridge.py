"""How long one alert by mail takes to every member, and what a member costs as the list grows.

Owns: what is timed. From the moment that a mail server begins to hand the alert in, by LMTP, until a mail
server has taken the last member's mail. What has come is opened by other programs than have sealed it.

python -m bench.bridge [--few N] [--many N] [--runs N]
"""

import argparse
import statistics
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.mail_town import MailTown, ReadOut
from bench.mailers import Mailer, mixed
from bench.results import FOLDER, Metric, record
from ivr.domain.records import Mail, MailState

FEW, MANY, RUNS = 50, 500, 5
WORDS = "Close port 7547 at the edge."
TEXT = f"TLP:AMBER\nRouters of example.org are taken over through their remote management.\n\n{WORDS}"


@dataclass(frozen=True)
class Took:
    """What one alert took."""

    seconds: float
    """Until the last member's mail was taken."""
    cpu_ms: float
    """Of the bridge and what it runs, by member, until the hotline knew of every mail."""


def alert(town: MailTown, mailers: list[Mailer]) -> Took:
    """One alert, from mail to mail: to each member once."""
    town.sink.got.clear()
    before = town.cpu_s()
    began = town.raise_alert(TEXT)
    town.until(lambda: _told(town) % len(mailers) == 0 and len(town.sink.got) > len(mailers))
    cpu_s = town.cpu_s() - before
    came = Counter(to for _, to, _ in town.sink.got)
    assert came == Counter([town.originator.address, *(mailer.address for mailer in mailers)])
    last = max(at for at, to, _ in town.sink.got if to != town.originator.address)
    return Took(last - began, cpu_s / len(mailers) * 1000)


def _told(town: MailTown) -> int:
    with town.store.read() as tx:
        return len(tx.find(Mail, state=MailState.SENT))


def check(town: MailTown, mailers: list[Mailer]) -> None:
    """That each can open the newest alert, signed by the list, and reads what was written."""
    came = {to: raw for _, to, raw in town.sink.got}
    for mailer in mailers:
        assert WORDS.encode() in mailer.open(came[mailer.address], town.own)


def measure(teams: int, runs: int, home: Path, read_out: ReadOut | None = None) -> list[Took]:
    """The first alert warms up, and does not count."""
    mailers = list(mixed(teams))
    with MailTown(home, mailers, read_out) as town:
        took = [alert(town, mailers) for _ in range(runs + 1)]
        check(town, mailers)
    for one in took:
        print(f"{teams} members: {one.seconds:.2f} s, {one.cpu_ms:.1f} ms of CPU a member", flush=True)
    return took[1:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("few", FEW), ("many", MANY), ("runs", RUNS)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"default: {default}")
    args = parser.parse_args()
    few, many = (measure(teams, args.runs, FOLDER / "bridge") for teams in (args.few, args.many))
    seconds = {args.few: few, args.many: many}
    ratio = statistics.median(one.cpu_ms for one in many) / statistics.median(one.cpu_ms for one in few)
    metrics = {
        f"bridge.seconds.{teams}": Metric(
            round(statistics.median(one.seconds for one in took), 2), "s", None, len(took)
        )
        for teams, took in seconds.items()
    }
    metrics[f"bridge.cost_per_member_{args.many}_over_{args.few}"] = Metric(
        round(ratio, 2), "ratio", None, args.runs
    )
    for name, metric in metrics.items():
        print(f"{name:36} {metric.value:8.2f} {metric.unit}")
    record(metrics)
    return 0


if __name__ == "__main__":
    sys.exit(main())
