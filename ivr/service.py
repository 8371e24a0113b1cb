"""The service: everything `tocsin serve` runs, put together.

Owns: what is started in which order, and how the parts hear of each other. See bootstrap.py.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from secrets import token_hex

from ivr import bootstrap
from ivr.adapters.ami.contacts import Contacts
from ivr.adapters.ami.link import AmiAccount
from ivr.adapters.ami.manager import Ami
from ivr.adapters.ami.observer import Observer
from ivr.adapters.ami.spans import Spans
from ivr.adapters.fastagi import Channel, FastAgiServer
from ivr.adapters.modem.link import ModemLink
from ivr.adapters.modem.spool import Spool
from ivr.adapters.smpp.account import Bind, SmscSettings
from ivr.adapters.smpp.link import SmppLink
from ivr.config import BadConfig, Settings
from ivr.config.internet import warning
from ivr.config.sms import Modem, Smsc
from ivr.domain.lines import TrunkView
from ivr.domain.sms import SmsEvent
from ivr.services.courier import Courier
from ivr.services.desk import Desk
from ivr.services.dialler import Dialler
from ivr.services.followup import FollowUp
from ivr.services.janitor import Janitor
from ivr.services.keeper import Keeper

log = logging.getLogger(__name__)

Scripts = Mapping[str, Callable[[Channel], None]]
"""Call scripts by the path of their FastAGI address."""


class Service:
    """Everything `tocsin serve` runs: FastAGI server, dialler and courier over one store.

    Raises BadConfig for a missing secret, StoreAway.
    """

    def __init__(self, settings: Settings, scripts: Callable[[Desk], Scripts]) -> None:
        self._warning = warning(settings.trunks, settings.smsc)
        self._store = bootstrap.open_store(settings)
        clock = bootstrap.clock(self._store)
        book = bootstrap.ledger(settings, self._store, clock)
        self._desk = bootstrap.desk(settings, self._store, book)
        self._interrupted = bootstrap.interrupted(settings, self._store, self._desk)
        self._agi = FastAgiServer("127.0.0.1", settings.pbx.agi_port, scripts(self._desk))
        account = AmiAccount(settings.pbx.ami_port, settings.pbx.ami_user, settings.secret("ami"))
        observers: list[Callable[[], Observer]] = [
            partial(Contacts, {trunk.name: trunk.lines for trunk in settings.sip})
        ]
        observers += [partial(Spans, settings.isdn)] if settings.isdn else []
        self._ami = Ami(account, *bootstrap.dialling(settings), observers)
        trunks = [
            TrunkView(trunk.name, trunk.lines, guard_s=trunk.guard_s, cps=trunk.cps, reserve=trunk.reserve)
            for trunk in settings.trunks
        ]
        self._dialler = Dialler(
            self._store,
            book,
            self._ami,
            trunks,
            settings.policy,
            clock,
            lambda: f"tocsin-{token_hex(8)}",
            bootstrap.ceilings(settings),
        )
        self._courier = Courier(self._store, book, clock, bootstrap.taken(settings))
        self._links = [
            link for smsc in settings.smsc for link in _links(settings, smsc, self._courier.notice)
        ]
        self._followup = FollowUp(
            self._store, book, settings.network.report_after_s, clock, settings.mail.acknowledge_within_s
        )
        self._janitor = Janitor(self._store, book, settings.archive.keep_days, clock)
        reserve = bootstrap.reserve(settings)
        self._keeper = Keeper(reserve, book) if reserve else None
        self._gate, self._intake = bootstrap.gate(settings, self._store, book)
        book.on_change(self._dialler.wake)
        book.on_change(self._courier.wake)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called once calls are taken."""
        # What is there now stays. To look through all of it for garbage, now and then, would stop every call.
        gc.collect()
        gc.freeze()
        if self._warning is not None:
            log.warning("%s", self._warning)
        self._interrupted.adopt()
        self._intake.clean()
        self._agi.start()
        self._courier.start(self._links)
        for link in self._links:
            link.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ami.run(self._dialler.notice, self._dialler.pbx_up))
                tasks.create_task(self._dialler.run())
                tasks.create_task(self._followup.run())
                tasks.create_task(self._janitor.run())
                if self._keeper is not None:
                    tasks.create_task(self._keeper.run())
                self._gate.start()
                ready()
        finally:
            self._gate.stop()
            self._agi.stop()
            for link in self._links:
                link.stop(2.0)
            self._courier.stop()
            self._store.close()


def _links(
    settings: Settings, smsc: Smsc | Modem, notice: Callable[[SmsEvent], None]
) -> Sequence[SmppLink | ModemLink]:
    """One link; two where the SMSC wants a bind for each direction."""
    if isinstance(smsc, Modem):
        return [ModemLink(smsc.name, Spool(smsc.spool), smsc.window, smsc.patience_s, notice)]
    binds: tuple[Bind, ...] = ("transceiver",) if smsc.bind == "transceiver" else ("transmitter", "receiver")
    try:
        return [SmppLink(account(settings, smsc, bind), notice) for bind in binds]
    except ValueError as error:
        raise BadConfig(f"{settings.path}: smsc: {error}") from error


def account(settings: Settings, smsc: Smsc, bind: Bind) -> SmscSettings:
    """Ours with an SMSC. Raises BadConfig for its secret, ValueError with a sentence for what SMPP cannot
    carry."""
    return SmscSettings(
        name=smsc.name,
        host=smsc.host,
        port=smsc.port,
        system_id=smsc.system_id,
        password=settings.secret(f"smsc-{smsc.name}"),
        source=smsc.source or settings.network.hotline,
        window=smsc.window,
        per_second=smsc.per_second,
        bind=bind,
        tls=smsc.tls,
        ca=settings.path.parent / smsc.ca if smsc.ca else None,
    )
