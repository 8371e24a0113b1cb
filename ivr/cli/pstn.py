"""`tocsin pstn`: the telephone network to practise on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli import pstn_isdn
from ivr.cli.common import Args, Verbs, group, settings, verb
from ivr.cli.output import Exit, document, say, table

if TYPE_CHECKING:
    from ivr.config import Settings
    from ivr.config.trunk import Trunk
    from ivr.pstn.exchange import Exchange


def add(verbs: Verbs) -> None:
    """Declare the group."""
    pstn = group(verbs, "pstn", "the telephone network to practise on")
    start = verb(pstn, "start", _start, "start it afresh, at the first trunk of the configuration")
    _phones(start)
    start.add_argument(
        "--lines", type=int, metavar="N", help="more calls at once are refused; default: no limit"
    )
    verb(pstn, "stop", _stop, "end it, and every call with it")

    heard = verb(pstn, "heard", _heard, "path of the newest recording of what a phone heard", reads=True)
    heard.add_argument("number", metavar="NUMBER", type=_number, help="the phone's number")
    verb(pstn, "cdr", _cdr, "every call that reached the exchange: the witness that is not ours", reads=True)

    call = verb(pstn, "call", _call, "let a phone call the hotline and do what its `script` says")
    call.add_argument("number", metavar="NUMBER", type=_number, help="the phone's number")
    _phones(call)
    call.add_argument("--to", metavar="NUMBER", type=_number, help="who is called; default: the hotline")

    smsc = verb(pstn, "smsc", _smsc, "run an SMSC for practice, until Ctrl-C")
    smsc.add_argument("--port", type=int, metavar="N", help="default: the port of the configured one")

    pstn_isdn.add(pstn)


def _phones(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phones", required=True, metavar="FILE", type=Path, help="the phones, in YAML")


def _number(text: str) -> str:
    from ivr.domain.number import subscriber

    try:
        return subscriber(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _exchange(chosen: "Settings") -> "Exchange":
    from ivr.adapters.pbx.tree import find_programs
    from ivr.pstn.exchange import Exchange

    return Exchange(find_programs(), (chosen.state / "pstn").resolve())


def _practice_trunk(chosen: "Settings") -> "Trunk":
    from ivr.config import BadConfig
    from ivr.config.trunk import Trunk

    trunk = chosen.trunks[0]
    if not isinstance(trunk, Trunk):
        raise BadConfig(f"{chosen.path}: trunks: {trunk.name} is ISDN; to practise, put a SIP trunk first")
    if trunk.host not in ("127.0.0.1", "localhost"):
        raise BadConfig(
            f"{chosen.path}: trunks: {trunk.name} leads to {trunk.host}; to practise, to 127.0.0.1"
        )
    return trunk


def _start(args: Args) -> int:
    from ivr.pstn import phones

    chosen = settings(args)
    trunk = _practice_trunk(chosen)
    declared = phones.read(args.phones)
    first = chosen.pbx.rtp_last + 1 + (chosen.pbx.rtp_last + 1) % 2
    last = min(first + (chosen.pbx.rtp_last - chosen.pbx.rtp_first), 65535)
    _exchange(chosen).start(
        declared, port=trunk.port, hotline_port=chosen.pbx.sip_port, rtp=(first, last), lines=args.lines
    )
    say(f"the practice network has {len(declared)} phones and takes calls on port {trunk.port}")
    return Exit.DONE


def _stop(args: Args) -> int:
    _exchange(settings(args)).stop()
    say("the practice network is not running any more")
    return Exit.DONE


def _heard(args: Args) -> int:
    path = _exchange(settings(args)).heard(args.number)
    if args.json:
        document({"number": args.number, "path": str(path) if path else None})
    elif path:
        print(path)
    if path is None:
        say(f"{args.number} has heard nothing: no call to or from it was answered and is over")
        return Exit.FAILED
    return Exit.DONE


def _cdr(args: Args) -> int:
    from ivr.pstn.cdr import as_json

    records = [as_json(record) for record in _exchange(settings(args)).records()]
    if args.json:
        document(records)
    else:
        keys = ("started_at", "direction", "caller", "number", "answered_at", "ended_at", "cause")
        table([key.removesuffix("_at").upper() for key in keys], [[r[key] for key in keys] for r in records])
    return Exit.DONE


def _call(args: Args) -> int:
    from ivr.pstn import phones

    chosen = settings(args)
    declared = {phone.number: phone for phone in phones.read(args.phones)}
    phone = declared.get(args.number)
    if phone is None or not phone.script:
        say(f"{args.phones}: {args.number} has no `script` for a call that it makes; write one")
        return Exit.FAILED
    _exchange(chosen).call(args.number, args.to or chosen.network.hotline, phone.script)
    return Exit.DONE


def _smsc(args: Args) -> int:
    from threading import Event

    from ivr.config.sms import Smsc
    from ivr.pstn.smsc import PracticeSmsc

    chosen = settings(args)
    log = (chosen.state / "sms.jsonl").resolve()
    log.parent.mkdir(parents=True, exist_ok=True)
    port = args.port or next((smsc.port for smsc in chosen.smsc if isinstance(smsc, Smsc)), 2775)
    try:
        smsc = PracticeSmsc(port, log=log)
    except OSError as error:
        say(f"the practice SMSC cannot have port {port}: {error.strerror}; choose another with --port")
        return Exit.AWAY
    smsc.start()
    say(f"the practice SMSC takes messages on port {smsc.port} and writes them to {log}; Ctrl-C ends it")
    try:
        Event().wait()
    except KeyboardInterrupt:
        return Exit.DONE
    finally:
        smsc.stop()
    return Exit.DONE
