"""`tocsin doctor`: looks at everything the service needs, one line a check.

Owns: what is looked at, and what an operator is to do where it is not well.
"""

import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from ivr.cli.common import Args, Verbs, answers, house, settings, verb
from ivr.cli.doctor_letters import letters
from ivr.cli.doctor_mail import by_mail, members_keys
from ivr.cli.doctor_trunks import trunks
from ivr.cli.ill import Ill as _Ill
from ivr.cli.output import Exit, code_of, document, line_of

if TYPE_CHECKING:
    from ivr.config import Settings
    from ivr.config.sms import Modem, Smsc

_PATIENCE_S = 3.0
_DISK_MB = 500


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str
    """What was found; where it is not well, what to do."""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    verb(verbs, "doctor", _doctor, "check what the service needs; exits 1 if something is wrong", reads=True)


def _doctor(args: Args) -> int:
    found = [_outcome("configuration", lambda: str(settings(args).path))]
    if found[0].ok:
        found += checks(args, settings(args))
    well = all(check.ok for check in found)
    if args.json:
        document({"ok": well, "checks": [asdict(check) for check in found]})
    else:
        for check in found:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<14}  {check.detail}")
    return Exit.DONE if well else Exit.FAILED


def checks(args: Args, chosen: "Settings") -> Iterator[Check]:
    """Each check of an install whose configuration is right, in the order in which things are set up."""
    from ivr.config.sms import Modem

    yield _outcome("secrets", lambda: _secrets(chosen))
    yield _outcome("trunks", lambda: trunks(chosen))
    yield _outcome("folders", lambda: _folders(chosen))
    yield _outcome("database", lambda: _database(args))
    yield _outcome("teams", lambda: _teams(args))
    yield _outcome("numbers", lambda: _numbers(args, chosen))
    yield _outcome("letters", lambda: letters(chosen))
    yield _outcome("programs", _programs)
    yield _outcome("spoken texts", lambda: _spoken(chosen))
    yield _outcome("asterisk", lambda: _ami(chosen))
    yield _outcome("service", lambda: _service(chosen))
    yield _outcome("disk reserve", lambda: _reserve(chosen))
    yield _outcome("internet", lambda: _internet(chosen))
    yield from (_outcome(name, look) for name, look in by_mail(chosen))
    if chosen.bridge is not None:
        yield _outcome("members' keys", lambda: members_keys(args))
    for smsc in chosen.smsc:
        if isinstance(smsc, Modem):
            yield _outcome(f"modem {smsc.name}", partial(_modem, smsc))
        else:
            yield _outcome(f"smsc {smsc.name}", partial(_smsc, chosen, smsc))


def _outcome(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except Exception as error:
        if not isinstance(error, _Ill) and code_of(error) is None:
            raise
        return Check(name, False, line_of(error))


def _secrets(chosen: "Settings") -> str:
    from ivr.config.sms import Smsc

    names = ["ami"]
    names += [f"trunk-{trunk.name}" for trunk in chosen.sip if trunk.username]
    names += [f"smsc-{smsc.name}" for smsc in chosen.smsc if isinstance(smsc, Smsc)]
    for name in names:
        chosen.secret(name)
    return f"{', '.join(names)}: there, and private"


def _internet(chosen: "Settings") -> str:
    """A network that has nothing else may know it; it is well, and said."""
    from ivr.config.internet import warning

    return warning(chosen.trunks, chosen.smsc) or "there is a way out that does not need it"


def _folders(chosen: "Settings") -> str:
    import os
    import shutil

    for folder in (chosen.state, chosen.recordings):
        if not folder.is_dir():
            raise _Ill(f"{folder} is not there; run `tocsin init`")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _Ill(f"{folder} cannot be written to; give it to the user that runs the service")
        free_mb = shutil.disk_usage(folder).free // 1_000_000
        if free_mb < _DISK_MB:
            raise _Ill(f"{folder}: {free_mb} MB left on the disk; free {_DISK_MB} MB at least")
    return f"can be written to, {free_mb} MB free"


def _numbers(args: Args, chosen: "Settings") -> str:
    from ivr import bootstrap
    from ivr.domain.number import masked
    from ivr.domain.records import Number

    refusal = bootstrap.may_call(chosen)
    with house(args) as here, here.store.read() as tx:
        of = [(number.number, number.team) for number in tx.find(Number)]
    if chosen.network.duty_operator is not None:
        of.append((chosen.network.duty_operator, "duty_operator"))
    never = [f"{team}: {masked(n)} {why}" for n, team in of if (why := refusal(n)) is not None]
    if never:
        raise _Ill("; ".join(never))
    return f"{len(of)}, all of classes that may be called"


def _database(args: Args) -> str:
    from ivr.cli.common import ready

    return f"is that of this version ({ready(args).store.partition(':')[0]})"


def _teams(args: Args) -> str:
    from ivr.domain.number import masked
    from ivr.domain.wording import words_run_out
    from ivr.domain.words import are_low
    from ivr.services.listing import teams

    with house(args) as here, here.store.read() as tx:
        found = teams(tx)
    if not found:
        raise _Ill("the directory is empty; run `tocsin team import FILE`")
    if mute := [team["id"] for team in found if not team["numbers"]]:
        raise _Ill(f"without a number: {', '.join(mute)}; add one to the team file and import it")
    gone = [
        f"{team['id']} {masked(n['number'])}"
        for team in found
        for n in team["numbers"]
        if n["unallocated_at"]
    ]
    if gone:
        raise _Ill(f"the telephone network does not know {', '.join(gone)}; correct the team file")
    low = [team for team in found if team["words_left"] is not None and are_low(team["words_left"])]
    few = [words_run_out(team["id"], team["words_left"]) for team in low]
    if any(team["words_left"] == 0 for team in low):
        raise _Ill("; ".join(few))
    locked = sum(not account["pin"] for team in found for account in team["accounts"])
    waiting = [f"{locked} accounts wait for `tocsin team pin UID`"] if locked else []
    return "; ".join([f"{len(found)} teams", *waiting, *few])


def _programs() -> str:
    from ivr.adapters.pbx.tree import find_programs

    programs = find_programs()
    for program in ("flite", "sox"):
        programs.argv(program)
    return f"Asterisk {programs.version}, flite, sox; sounds in {programs.sounds}"


def _spoken(chosen: "Settings") -> str:
    from ivr.adapters.speech.texts import ENGLISH, texts, translated
    from ivr.adapters.speech.voice import recording

    folder = chosen.sounds / chosen.language
    said = texts(chosen)
    wanted = [*said, "waiting"]
    translated(chosen)  # says what is wrong with it
    missing = [name for name in wanted if not (folder / f"{name}.wav").is_file()]
    if missing:
        raise _Ill(f"{len(missing)} of {len(wanted)} are not made yet; run `tocsin pbx render`")
    if chosen.language == ENGLISH:
        return f"{len(wanted)}, all made"
    english = [name for name in said if not recording(folder / f"{name}.wav").is_file()]
    of_them = f"{len(english)} of them in English, for want of a recording: {', '.join(english)}"
    return f"{len(wanted)}, all made" + (f"; {of_them}" if english else "")


def _ami(chosen: "Settings") -> str:
    port = chosen.pbx.ami_port
    login = {
        "Action": "Login",
        "Username": chosen.pbx.ami_user,
        "Secret": chosen.secret("ami"),
        "Events": "off",
    }
    try:
        with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as link, link.makefile("rb") as lines:
            link.settimeout(_PATIENCE_S)
            banner = lines.readline(200).decode(errors="replace").strip()
            link.sendall("".join(f"{k}: {v}\r\n" for k, v in login.items()).encode() + b"\r\n")
            answer = lines.readline(200)
    except OSError as error:
        raise _Ill(
            f"nothing answers at the manager interface, port {port} ({error}); run `tocsin pbx start`"
        ) from error
    if b"Success" not in answer:
        raise _Ill(f"port {port} refuses the secret `ami`; run `tocsin pbx render` and restart Asterisk")
    return f"{banner}, lets us in on port {port}"


def _service(chosen: "Settings") -> str:
    if not answers(chosen.pbx.agi_port):
        raise _Ill(f"does not run (port {chosen.pbx.agi_port}); run `tocsin serve`")
    return f"answers call scripts on port {chosen.pbx.agi_port}"


def _reserve(chosen: "Settings") -> str:
    import shutil

    from ivr import bootstrap

    kept = bootstrap.reserve(chosen)
    if kept is None:
        return "none of ours: PostgreSQL's server minds its disk"
    size_mb = kept.size // 2**20
    if not kept.is_whole:
        free_mb = shutil.disk_usage(kept.path.parent).free // 2**20
        raise _Ill(
            f"{kept.path} is not there, so no new recording is taken; `tocsin serve` makes it where "
            f"{2 * size_mb} MB are free, now {free_mb} are"
        )
    return f"{size_mb} MB, kept for a full disk"


def _smsc(chosen: "Settings", smsc: "Smsc") -> str:
    """Whether it is there, and with TLS whether it is who we think; nothing is said to it."""
    from ivr.adapters.smpp.account import Dropped, connected, tls_context
    from ivr.service import account

    where = f"{smsc.host}:{smsc.port}"
    try:
        ca = account(chosen, smsc, "transceiver").ca
        connected(smsc.host, smsc.port, tls_context(smsc.name, ca) if smsc.tls else None, _PATIENCE_S).close()
    except ValueError as error:
        raise _Ill(str(error)) from error
    except Dropped as dropped:
        raise _Ill(f"{where} does not answer: {dropped}; is it up, and let through?") from dropped
    return f"{where} answers" + (" with TLS, its certificate is good" if smsc.tls else "")


def _modem(modem: "Modem") -> str:
    """Whether its spool can be used, and smsd takes what is in it."""
    import time

    from ivr.adapters.modem.spool import Spool

    if any(c.isspace() for c in str(modem.spool)):
        raise _Ill(f"{modem.spool}: smsd works in no folder with a blank in its path; choose another")
    spool = Spool(modem.spool)
    if (problem := spool.problem()) is not None:
        raise _Ill(problem)
    since = spool.waits_since()
    if since is not None and time.time() - since > modem.patience_s:
        raise _Ill(f"smsd takes nothing out of {modem.spool / 'outgoing'}; is it running?")
    return f"{modem.spool} can be written to"
