"""SMS a second from the durable outbox to an SMSC, beside a bare smpplib loop in the same run.

Owns: both senders, who take turns with the same SMSC, and how they are timed: at the SMSC, from the first submit to
the last. Ours is `tocsin serve`: every SMS is put on record before it leaves and again with its answer and with its
receipt. The bare loop keeps nothing at all.

python -m bench.sms_throughput [--sent N] [--window N] [--runs N]
"""

import argparse
import logging
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
    link.bind_transceiver(system_id="tocsin", password="bare")
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
        while any(sms.state is not SmsState.DELIVERED for sms in post.sms()):
            assert time.monotonic() < until, f"not all SMS were delivered; see {home}/serve.log"
            time.sleep(1.0)
        post.stop()


def rate(send: Callable[[int, list[str]], None], sent: int, home: Path) -> float:
    """SMS a second, as the SMSC saw them."""
    log = home / "taken.txt"
    log.write_text("", encoding="utf-8")
    smsc = CountingSmsc(log)
    send(smsc.port, [f"ALERT {n} from ABC-CERT, 2026-11-22 14:03 UTC." for n in range(sent)])
    smsc.kill()
    taken = smsc.taken()
    assert len(taken) == sent
    return (sent - 1) / (taken[-1][0] - taken[0][0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("sent", 5000), ("window", 10), ("runs", 5)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"default: {default}")
    args = parser.parse_args()
    home = FOLDER / "sms"
    home.mkdir(parents=True, exist_ok=True)
    pairs = []
    for n in range(args.runs):
        peer = rate(lambda port, texts: bare(port, texts, args.window), args.sent, home)
        own = rate(lambda port, texts: ours(port, texts, args.window, home / "service"), args.sent, home)
        pairs.append((own, peer))
        print(f"run {n + 1}: ours {own:6.0f} SMS/s, bare {peer:6.0f}: {own / peer:.2f}", flush=True)
    ratio = statistics.median(own / peer for own, peer in pairs)
    record(
        {
            "sms.throughput_over_bare": Metric(round(ratio, 3), "ratio", 1.0, args.runs),
            "sms.per_second": Metric(
                round(statistics.median(own for own, _ in pairs)),
                "1/s",
                round(statistics.median(peer for _, peer in pairs)),
                args.runs,
            ),
        }
    )
    return 0


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    sys.exit(main())
