"""SMS a second from the durable outbox to an SMSC, beside a bare smpplib loop in the same run.

Owns: both senders, who take turns with the same SMSC, and how they are timed: there, from the first submit to
the last. Ours is `tocsin serve`: every SMS is put on record before it leaves, with its answer and with its
receipt. The bare loop keeps nothing at all.

python -m bench.sms_throughput [--sent N] [--window N [N ...]] [--runs N]
"""

import argparse
import logging
import socket
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from smpplib import client, consts

from bench.post import NUMBER, Post
from bench.results import FOLDER, Metric, record
from bench.smsc import CountingSmsc
from ivr.domain.records import SmsState

PATIENCE_S = 300.0
WINDOWS = [10, 50]
NETWORK_MS = 20
"""What an SMSC takes to answer over a network. Without, the bare loop only shows how fast it is itself."""


def bare(port: int, texts: list[str], window: int) -> None:
    """What anybody would write: as many unanswered as the window allows, receipts acknowledged."""
    logging.getLogger("smpplib").setLevel(logging.ERROR)
    link = client.Client("127.0.0.1", port, allow_unknown_opt_params=True, logger_name="smpplib")
    unanswered, receipts = 0, 0

    def answered(pdu: object) -> None:
        nonlocal unanswered
        unanswered -= 1

    def received(pdu: object) -> None:
        nonlocal receipts
        receipts += 1

    link.set_message_sent_handler(answered)
    link.set_message_received_handler(received)
    link.connect()
    link._socket.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # as ours: or it would wait for nothing
    link.bind_transceiver(system_id="tocsin", password="bare")  # noqa: S106 -- it lets anybody in
    for text in texts:
        while unanswered >= window:
            link.read_once()
        link.send_message(
            source_addr_ton=consts.SMPP_TON_INTL,
            source_addr_npi=consts.SMPP_NPI_ISDN,
            source_addr="4940808077555",
            dest_addr_ton=consts.SMPP_TON_INTL,
            dest_addr_npi=consts.SMPP_NPI_ISDN,
            destination_addr=NUMBER[1:],
            registered_delivery=consts.SMPP_SMSC_DELIVERY_RECEIPT_BOTH,
            short_message=text.encode("ascii"),
        )
        unanswered += 1
    while receipts < len(texts):
        link.read_once()
    link.unbind()
    link.disconnect()


def ours(port: int, texts: list[str], window: int, home: Path) -> None:
    with Post(home, port, window) as post:
        post.write(texts)
        post.start()
        until = time.monotonic() + PATIENCE_S
        while post.has(SmsState.QUEUED, SmsState.SUBMITTED, SmsState.FAILED):
            assert time.monotonic() < until, f"not all SMS were delivered; see {home}/serve.log"
            time.sleep(1.0)
        post.stop()


def rate(send: Callable[[int, list[str]], None], sent: int, answer_ms: int, home: Path) -> float:
    """SMS a second, as the SMSC saw them."""
    log = home / "taken.txt"
    log.write_text("", encoding="utf-8")
    smsc = CountingSmsc(log, answer_ms)
    send(smsc.port, [f"ALERT {n} from ABC-CERT, 2026-11-22 14:03 UTC." for n in range(sent)])
    smsc.kill()
    taken = smsc.taken()
    assert len(taken) == sent
    return (sent - 1) / (taken[-1][0] - taken[0][0])


def compare(sent: int, window: int, answer_ms: int, runs: int, home: Path) -> tuple[float, float, float]:
    """The medians of the ratio, of ours and of the bare loop's SMS a second."""
    pairs = []
    for n in range(runs):
        peer = rate(lambda port, texts: bare(port, texts, window), sent, answer_ms, home)
        own = rate(lambda port, texts: ours(port, texts, window, home / "service"), sent, answer_ms, home)
        pairs.append((own, peer))
        what = f"{answer_ms} ms, window {window}, run {n + 1}"
        print(f"{what}: ours {own:.0f} SMS/s, bare {peer:.0f}: {own / peer:.2f}", flush=True)
    return (
        statistics.median(own / peer for own, peer in pairs),
        statistics.median(own for own, _ in pairs),
        statistics.median(peer for _, peer in pairs),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("sent", 5000), ("runs", 5)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"default: {default}")
    parser.add_argument("--window", type=int, nargs="+", default=WINDOWS, metavar="N", help="default: 10 50")
    args = parser.parse_args()
    home = FOLDER / "sms"
    home.mkdir(parents=True, exist_ok=True)
    for window in args.window:
        of_window = "" if window == WINDOWS[0] else f".window_{window}"
        for of_delay, answer_ms in (("", NETWORK_MS), (".no_latency", 0)):
            ratio, own, peer = compare(args.sent, window, answer_ms, args.runs, home)
            what = f"{of_window}{of_delay}"
            record(
                {
                    f"sms.throughput_over_bare{what}": Metric(round(ratio, 3), "ratio", 1.0, args.runs),
                    f"sms.per_second{what}": Metric(round(own), "1/s", round(peer), args.runs),
                }
            )
    return 0


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    sys.exit(main())
