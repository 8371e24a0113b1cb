"""The only place, with service.py, that constructs adapters. The shell gets its parts here.

Kept apart from service.py so that a verb that only reads the store need not load the telephony libraries.
"""

import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ivr.adapters import numbering
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.clock import SteadyClock
from ivr.adapters.gate.server import GateServer
from ivr.adapters.pbx import dialstring
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.adapters.pins import Pins
from ivr.adapters.reserve import FileReserve
from ivr.adapters.speech.reading import read_out
from ivr.adapters.speech.texts import SpeechError
from ivr.adapters.speech.voice import Voice
from ivr.adapters.store import SqlStore
from ivr.adapters.taken import TakenFile
from ivr.adapters.totp import Codes
from ivr.config import BadConfig, Settings
from ivr.domain import spoken
from ivr.domain.numberclass import Refusal
from ivr.ports import Clock
from ivr.services.ceilings import Chosen
from ivr.services.desk import Desk
from ivr.services.door import Door
from ivr.services.gate import Gate
from ivr.services.gate_submit import Intake
from ivr.services.interrupted import Interrupted
from ivr.services.ledger import Ledger, last_moment
from ivr.services.members import members

log = logging.getLogger(__name__)


def open_store(settings: Settings) -> SqlStore:
    """The store. Whether it has the tables of this version, adapters.store.migrate tells."""
    return SqlStore(settings.store, reserve(settings))


def reserve(settings: Settings) -> FileReserve | None:
    """Beside the database; none for PostgreSQL, whose server minds its own disk."""
    file = settings.database
    if file is None:
        return None
    return FileReserve(file.with_name(f"{file.name}.reserve"), settings.disk_reserve_mb * 2**20)


def recordings(settings: Settings) -> Recordings:
    return Recordings(settings.recordings, settings.audio, reserve(settings))


def clock(store: SqlStore) -> Clock:
    """The time to write into the store. Raises StoreAway."""
    return SteadyClock(last=last_moment(store))


def dialling(settings: Settings) -> tuple[Callable[[str, str], str], Callable[[str], str]]:
    """What to dial, by trunk and number, and the caller ID, by trunk. Raises BadConfig."""
    trunks, hotline = {trunk.name: trunk for trunk in settings.trunks}, settings.network.hotline
    try:
        caller_ids = {trunk.name: dialstring.caller_id(trunk, hotline) for trunk in settings.trunks}
        for trunk in settings.trunks:
            dialstring.channel(trunk, hotline, hotline)
    except dialstring.Unwritable as error:
        raise BadConfig(f"{settings.path}: trunks: {error}") from error
    return lambda trunk, number: dialstring.channel(trunks[trunk], number, hotline), caller_ids.__getitem__


def taken(settings: Settings) -> TakenFile:
    """Raises BadConfig where there can be no such file."""
    path = settings.state / "sms-taken"
    try:
        return TakenFile(path)
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}; the service must be able to read and write it") from error


def ledger(settings: Settings, store: SqlStore, clock: Clock) -> Ledger:
    network = settings.network
    archive, trunks = recordings(settings), tuple(trunk.name for trunk in settings.trunks)
    return Ledger(
        store,
        archive,
        settings.policy,
        network.hotline,
        clock,
        trunks,
        network.operators,
        network.sms_text,
        network.duty_operator,
        settings.mail.open_s,
        may_call(settings),
    )


def ceilings(settings: Settings) -> Chosen:
    """How many calls may be started, in an hour and for one alert."""
    return Chosen(settings.calls.per_hour, settings.calls.per_alert, settings.policy.max_calls)


def may_call(settings: Settings) -> Refusal:
    """Which numbers are never called, whoever asks for it."""
    calls = settings.calls
    return numbering.may_call(settings.network.hotline, frozenset(calls.allow), frozenset(calls.countries))


def desk(settings: Settings, store: SqlStore, book: Ledger) -> Desk:
    return Desk(
        settings,
        store,
        book,
        recordings(settings),
        Door(store, book, Pins(), Codes()),
        partial(_record_name, settings),
    )


def interrupted(settings: Settings, store: SqlStore, asked: Desk) -> Interrupted:
    return Interrupted(store, recordings(settings), asked)


def _record_name(settings: Settings, team: str, recording: Path) -> bool:
    try:
        Voice(find_programs(), settings).replace(settings.sounds / "names" / f"{team}.wav", recording)
    except (PbxMissing, SpeechError, OSError) as error:
        log.error("the name of %s stays as it was: %s", team, error)
        return False
    return True


def gate(settings: Settings, store: SqlStore, book: Ledger) -> tuple[GateServer, Intake]:
    """The mail bridge's way in, and what takes its alerts."""
    archive = recordings(settings)
    intake = Intake(store, book, archive, partial(read_alert, settings))
    assert settings.gate.socket is not None
    answer = Gate(store, book, intake, archive, members).answer
    return GateServer(settings.gate.socket, answer, settings.gate.users), intake


def read_alert(settings: Settings, text: str, into: Path) -> None:
    """Make a recording of an alert's text. Where that cannot be, it says so: who calls in, or is called, then
    knows at least that there is an alert. Raises OSError, also where the prompts were never rendered."""
    try:
        read_out(find_programs(), text, into, settings.audio.longest_s)
    except (PbxMissing, SpeechError) as error:
        why = error if isinstance(error, PbxMissing) else type(error).__name__  # or it might quote the text
        log.error("an alert by mail is not read out: %s", why)
        name = spoken.IN_WRITING.removeprefix(spoken.FOLDER)
        shutil.copyfile(settings.sounds / settings.language / f"{name}.wav", into)
