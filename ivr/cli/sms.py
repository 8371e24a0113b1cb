"""`tocsin sms`: what was sent by SMS and what became of it; send one, or one again."""

import argparse
from typing import TYPE_CHECKING

from ivr.cli.common import Args, Verbs, answers, group, house, verb
from ivr.cli.output import Exit, cell, document, say, table

if TYPE_CHECKING:
    from ivr.config.sms import Modem, Smsc
    from ivr.domain.facts import Fact

_STATES = ("queued", "submitted", "delivered", "failed")


def add(verbs: Verbs) -> None:
    """Declare the group."""
    sms = group(verbs, "sms", "what was sent by SMS, and what became of it")
    listing = verb(sms, "list", _list, "every SMS and what became of it", reads=True)
    listing.add_argument("--alert", type=int, metavar="N", help="of this alert")
    listing.add_argument("--state", choices=_STATES, help="in this state")
    _id(verb(sms, "show", _show, "one SMS with its text", reads=True))
    sending = verb(sms, "send", _send, "write to a number of the directory, or to an operator", reads=True)
    sending.add_argument("--to", required=True, metavar="NUMBER", help="in E.164 form")
    sending.add_argument("text", metavar="TEXT", help="never what an alert says: others may read it")
    _id(verb(sms, "retry", _retry, "send one that failed, or has no receipt, once more", reads=True))
    verb(sms, "status", _status, "how many wait, and whether the SMSCs answer", reads=True)


def _id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=int, metavar="ID", help="its number in `tocsin sms list`")


def _list(args: Args) -> int:
    from ivr.services.listing import sms

    with house(args) as here, here.store.read() as tx:
        found = sms(tx, args.alert, args.state)
    if args.json:
        document(found)
    else:
        keys = (
            "id",
            "alert",
            "kind",
            "team",
            "number",
            "state",
            "queued_at",
            "submitted_at",
            "receipt_at",
            "tries",
            "reason",
        )
        heads = tuple(key.removesuffix("_at").upper() for key in keys)
        table(heads, [[message[key] for key in keys] for message in found])
    return Exit.DONE


def _show(args: Args) -> int:
    from ivr.services.listing import one_sms

    with house(args) as here, here.store.read() as tx:
        found = one_sms(tx, args.id)
    if args.json:
        document(found)
    else:
        for key, value in found.items():
            print(f"{key.replace('_', ' ')}: {cell(value)}")
    return Exit.DONE


def _send(args: Args) -> int:
    from ivr.domain.facts import SmsWritten
    from ivr.domain.gsm import TooLong, split
    from ivr.domain.number import subscriber

    try:
        to = subscriber(args.to)
        split(args.text, 0)
    except (ValueError, TooLong) as error:
        say(str(error))
        return Exit.BAD_DATA
    if not args.text.strip():
        say("the text is empty")
        return Exit.BAD_DATA
    return _queue(args, SmsWritten(to, args.text))


def _retry(args: Args) -> int:
    from ivr.domain.facts import SmsRepeated

    return _queue(args, SmsRepeated(args.id))


def _queue(args: Args, fact: "Fact") -> int:
    from ivr.services.report import sms_line

    with house(args) as here:
        (queued,) = here.ledger.apply(fact).sms
        if not here.settings.smsc:
            say("there is no `smsc` in the configuration: it waits until there is one")
    if args.json:
        document(sms_line(queued))
    else:
        print(queued.id)
    return Exit.DONE


def _status(args: Args) -> int:
    from ivr.services.listing import sms_queue

    with house(args) as here, here.store.read() as tx:
        queue = sms_queue(tx)
        accounts = here.settings.smsc
    links = [_link(account) for account in accounts]
    if args.json:
        document({**queue, "smsc": links})
    else:
        for key, value in queue.items():
            print(f"{key.replace('_', ' ')}: {cell(value)}")
        for link in links:
            print(f"SMSC {link['name']}: {link['detail']}")
    return Exit.DONE if all(link["answers"] for link in links) else Exit.FAILED


def _link(account: "Smsc | Modem") -> dict[str, object]:
    from ivr.config.sms import Modem

    if isinstance(account, Modem):
        from ivr.adapters.modem.spool import Spool

        problem = Spool(account.spool).problem()
        return {
            "name": account.name,
            "spool": str(account.spool),
            "answers": problem is None,
            "detail": problem or f"{account.spool} can be written to",
        }
    there = answers(account.port, account.host)
    where = f"{account.host}:{account.port}"
    return {
        "name": account.name,
        "host": account.host,
        "port": account.port,
        "answers": there,
        "detail": f"{where} {'answers' if there else 'does not answer'}",
    }
