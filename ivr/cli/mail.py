"""`tocsin mail`: mail that came in and what became of it, mail that goes out; a mail server's pipe."""

import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ivr.cli.common import Args, Verbs, group, not_for_root, settings, verb
from ivr.cli.output import Exit, cell, code_of, complain, document, say, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ivr.bridge.incoming import Entry
    from ivr.bridge.members import Members
    from ivr.bridge.outgoing import Line
    from ivr.bridge.spool import Spool
    from ivr.bridge.store import BridgeStore
    from ivr.bridge.tools import Keys
    from ivr.config.bridge import Bridge
    from ivr.domain.records import FailingKey

_IN = ("id", "received_at", "state", "team", "address", "kind", "alert", "reason")
_OUT = ("id", "kind", "alert", "team", "address", "state", "queued_at", "sent_at", "tries", "reason")
_TIMES = ("received_at", "done_at", "queued_at", "due_at", "sent_at")


def add(verbs: Verbs) -> None:
    """Declare the group."""
    mail = group(verbs, "mail", "mail that came in, and mail that goes out")
    listing = verb(mail, "list", _list, "mail that came in, and what became of it", reads=True)
    listing.add_argument(
        "--state", choices=("waiting", "accepted", "refused", "broken"), help="in this state alone"
    )
    show = verb(mail, "show", _show, "one of them; never what it says", reads=True)
    show.add_argument("id", metavar="ID", help="its id in `tocsin mail list`")
    queue = verb(mail, "queue", _queue, "mail that goes out, and what became of it", reads=True)
    queue.add_argument("--alert", type=int, metavar="N", help="of this alert")
    queue.add_argument("--state", choices=("queued", "sent", "failed"), help="in this state alone")
    verb(mail, "keys", _keys, "the list's own keys, and those of all members that end", reads=True)
    again = verb(mail, "retry", _retry, "judge a mail anew that was broken or refused", reads=False)
    again.add_argument("id", metavar="ID", help="its id in `tocsin mail list`")
    ingest = verb(mail, "ingest", _ingest, "take one mail from standard input, for a mail server's pipe")
    ingest.add_argument("--from", dest="sender", required=True, metavar="SENDER", help="of the envelope")
    ingest.add_argument("recipients", metavar="RECIPIENT", nargs="+", help="of the envelope")


@contextmanager
def _bridge(args: Args) -> "Iterator[tuple[Bridge, BridgeStore, Spool]]":
    """Raises BadConfig, BridgeAway, OSError."""
    from ivr.bridge.spool import Spool
    from ivr.bridge.store import BridgeStore
    from ivr.config import BadConfig

    chosen = settings(args)
    if chosen.bridge is None:
        raise BadConfig(f"{chosen.path}: there is no mail bridge; give the key bridge")
    not_for_root(chosen.bridge.state)
    store = BridgeStore(chosen.bridge.state / "bridge.db")
    if not chosen.bridge.state.is_dir():
        raise BadConfig(f"{chosen.bridge.state}: there is no such folder; run `tocsin serve bridge` first")
    store.make()
    yield chosen.bridge, store, Spool(chosen.bridge.state / "spool")


def _list(args: Args) -> int:
    from ivr.bridge.failing import Failing
    from ivr.bridge.incoming import Incoming

    with _bridge(args) as (_, store, _spool):
        found = [_told(entry) for entry in Incoming(store).all(args.state)]
        failing = Failing(store).all()
    if args.json:
        document(found)
    else:
        table([name.removesuffix("_at").upper() for name in _IN], [[one[n] for n in _IN] for one in found])
    _say(failing)
    return Exit.DONE


def _show(args: Args) -> int:
    from ivr.bridge.incoming import Incoming

    with _bridge(args) as (_, store, _spool):
        entry = Incoming(store).get(args.id)
    if entry is None:
        return _nothing(args.id)
    if args.json:
        document(_told(entry))
    else:
        for name, value in _told(entry).items():
            print(f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else cell(value)}")
    return Exit.DONE


def _queue(args: Args) -> int:
    from ivr.bridge.outgoing import Outgoing

    with _bridge(args) as (_, store, _spool):
        found = [_told(line) for line in Outgoing(store).all(args.alert, args.state)]
    if args.json:
        document(found)
    else:
        table([name.removesuffix("_at").upper() for name in _OUT], [[one[n] for n in _OUT] for one in found])
    return Exit.DONE


def _keys(args: Args) -> int:
    from ivr.bridge.tools import keys

    with _bridge(args) as (bridge, _, _spool), keys(bridge, settings(args).network.name) as known:
        ring = known.openpgp.ring
        fingerprint, certificate = known.smime.keys.certificate()
        own = {
            "openpgp": {"fingerprint": ring.own, "key": ring.public(ring.own).decode("ascii")},
            "smime": {"fingerprint": fingerprint, "certificate": certificate.decode("ascii")},
        }
        failing = known.failing(_members(args, known), time.time())
    if args.json:
        document({**own, "failing": [asdict(key) for key in failing]})
        return Exit.DONE
    for standard, values in own.items():
        print("\n".join([standard, *values.values()]))
    _say(failing)
    return Exit.DONE


def _say(failing: "Iterable[FailingKey]") -> None:
    from ivr.domain.keywatch import how

    for key in failing:
        whose = f"{key.team}: its key for mail" if key.team else "a key or list of our own"
        say(f"{whose} {how(key.days)}: {key.why}")


def _members(args: Args, known: "Keys") -> "Members":
    """Those whose keys are looked at; none while the hotline is away."""
    from ivr.bridge.gate import GateAway, GateRefused
    from ivr.bridge.hotline import Hotline
    from ivr.bridge.members import Members

    socket = settings(args).gate.socket
    assert socket is not None
    hotline = Hotline(socket)
    try:
        members = hotline.members()
    except (GateAway, GateRefused) as error:
        say(f"the members' keys are not looked at: {error}")
        return Members()
    finally:
        hotline.close()
    known.pin(members)
    return members


def _retry(args: Args) -> int:
    from ivr.bridge.incoming import Incoming, State

    with _bridge(args) as (_, store, spool):
        incoming = Incoming(store)
        entry = incoming.get(args.id)
        if entry is None:
            return _nothing(args.id)
        if entry.state not in (State.BROKEN, State.REFUSED):
            say(f"mail {args.id} is {entry.state}; only one that is broken or refused is judged anew")
            return Exit.FAILED
        try:
            spool.again(args.id)
        except FileNotFoundError:
            say(f"mail {args.id} is no longer kept; ask its sender for it")
            return Exit.FAILED
        incoming.again(args.id)
    return Exit.DONE


def _ingest(args: Args) -> int:
    """What Postfix's pipe(8) makes of the status: 0 taken, 65 sent back, 75 tried again. It would send a mail
    back also for a folder or a configuration of ours that is not right."""
    try:
        return _taken(args)
    except Exception as error:  # noqa: BLE001 - whatever it is, the mail server is to keep the mail
        if code_of(error) is not None:
            complain(error)
        else:
            say(f"the mail was not taken: {type(error).__name__}")
        return Exit.AGAIN


def _taken(args: Args) -> int:
    from ivr.bridge.reception import Answer, Reception

    with _bridge(args) as (bridge, _, spool):
        most = int(bridge.most_mb * 1_000_000)
        reception = Reception(bridge.domain, most, spool, time.time, lambda: True)
        unknown = [recipient for recipient in args.recipients if not reception.knows(recipient)]
        if unknown:
            say(f"{bridge.domain} has no such address; the list has alerts@, iodef-alerts@, ack+TOKEN@")
            return Exit.BAD_DATA
        answer = reception.take(args.sender, args.recipients, sys.stdin.buffer.read(most + 1))
    if answer is Answer.TAKEN:
        return Exit.DONE
    say("the mail is larger than the list takes" if answer is Answer.TOO_LARGE else "not now; try again")
    return Exit.BAD_DATA if answer is Answer.TOO_LARGE else Exit.AGAIN


def _nothing(key: str) -> int:
    say(f"there is no mail {key}; `tocsin mail list` shows those there are")
    return Exit.FAILED


def _told(row: "Entry | Line") -> dict[str, Any]:
    from ivr.services.report import rfc3339

    values: dict[str, Any] = asdict(row)
    for name, value in values.items():
        if name in _TIMES:
            values[name] = rfc3339(value)
        elif isinstance(value, tuple):
            values[name] = list(value)
    return values
