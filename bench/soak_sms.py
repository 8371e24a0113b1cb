"""Thousands of SMS while the SMSC and the service are killed again and again, counted at the SMSC.

Owns: the judgement. None may be lost. A kill may repeat what was in doubt, a window at most, and what may
have come twice must be marked so.

python -m bench.soak_sms [--sent N] [--window N] [--server-kills N] [--service-kills N] [--seed N]
"""

import argparse
import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.post import Post
from bench.smsc import CountingSmsc
from ivr.domain.records import SmsState

FOLDER = Path("build/sms")
ANSWER_MS = 40
"""As long as an SMSC may take over a network: the window is full whenever something is killed."""
STALL_S = 120.0
"""Without one more text at the SMSC for so long, what is missing counts as lost."""


@dataclass(frozen=True)
class Result:
    """What the contract of the results file names, and more."""

    sent: int
    lost: int
    duplicates: int
    """Submits beyond one for each SMS."""
    window: int
    kills: int
    unmarked: int
    """SMS that came twice and are not marked so."""
    receipts: int
    """SMS whose receipt is on record; one that was due in a kill is gone with the SMSC."""
    took_s: float
    seed: int

    @property
    def ok(self) -> bool:
        return self.lost == 0 and self.unmarked == 0 and self.duplicates <= self.window * self.kills


class Soak:
    def __init__(self, sent: int, window: int, seed: int, home: Path) -> None:
        self._chance = random.Random(seed)
        self._sent = sent
        self._window = window
        self._seed = seed
        home.mkdir(parents=True, exist_ok=True)
        log = home / "taken.txt"
        log.write_text("", encoding="utf-8")
        self._smsc = CountingSmsc(log, ANSWER_MS, receipt_ms=200)
        self._post = Post(home / "service", self._smsc.port, window)

    def run(self, kills: list[str]) -> Result:
        """Each kill comes when its share of the SMS, more or less, has been taken."""
        began_at = time.monotonic()
        with self._post:
            self._post.write(f"SMS {n}" for n in range(self._sent))
            self._post.start()
            for n, what in enumerate(kills):
                share = (n + self._chance.uniform(0.3, 0.9)) / len(kills)
                self._wait(lambda share=share: len(self._smsc.taken()) >= share * self._sent)  # type: ignore[misc]
                self._kill(what)
            self._wait(self._is_over)
            self._post.stop()
            result = self._judge(len(kills), time.monotonic() - began_at)
        self._smsc.kill()
        return result

    def _kill(self, what: str) -> None:
        print(f"{len(self._smsc.taken()):6} taken; kill -9 of the {what}", flush=True)
        if what == "server":
            self._smsc.kill()
            time.sleep(self._chance.uniform(0.2, 2.0))
            self._smsc.start()
        else:
            self._post.stop(signal.SIGKILL)
            time.sleep(self._chance.uniform(0.2, 2.0))
            self._post.start()

    def _is_over(self) -> bool:
        return not self._post.has(SmsState.QUEUED)

    def _wait(self, over: Callable[[], bool]) -> None:
        seen, since = -1, time.monotonic()
        while not over():
            if (now := len(self._smsc.taken())) != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > STALL_S:
                print(f"nothing was taken for {STALL_S:g} s", file=sys.stderr)
                return
            time.sleep(0.05)

    def _judge(self, kills: int, took_s: float) -> Result:
        taken = Counter(text for _, text in self._smsc.taken())
        sms = self._post.sms()
        return Result(
            sent=self._sent,
            lost=sum(taken[s.text] == 0 for s in sms),
            duplicates=sum(times - 1 for times in taken.values()),
            window=self._window,
            kills=kills,
            unmarked=sum(taken[s.text] > 1 and not s.repeated for s in sms),
            receipts=sum(s.state is SmsState.DELIVERED for s in sms),
            took_s=round(took_s, 1),
            seed=self._seed,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (
        ("sent", 10_000),
        ("window", 10),
        ("server-kills", 10),
        ("service-kills", 3),
        ("seed", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"default: {default}")
    args = parser.parse_args()
    kills = ["server"] * args.server_kills + ["service"] * args.service_kills
    random.Random(args.seed).shuffle(kills)
    result = Soak(args.sent, args.window, args.seed, FOLDER / "work").run(kills)
    (FOLDER / "results.json").write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
    print(json.dumps(asdict(result)))
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
