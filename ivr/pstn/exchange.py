"""Runs the Asterisk that plays the public telephone network.

Owns: its folder (`home`: configuration, event log, recordings, state on disk) and what is done to it from
outside: start, stop, let a phone call, read what came of it. What happens in a call is dialplan alone,
conf/extensions.conf and what `dialplan` makes of the phones; no Python is in its path. Knows nothing of the
hotline but the port of its trunk.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Protocol

from ivr.adapters.pbx.process import PbxProcess
from ivr.ports import Programs
from ivr.pstn import cdr, dialplan, tones
from ivr.pstn.behaviour import Press, Step, files
from ivr.pstn.carrier import Carrier
from ivr.pstn.phones import Phone

RUN_PREFIX = "tocsin-pstn-"


class ExchangeError(Exception):
    """The practice network cannot do what was asked for. The message says what to do."""


@dataclass(frozen=True)
class _State:
    """What another process must know of a running exchange (home/pstn.json)."""

    run: str
    numbers: tuple[str, ...]


class _Conf(Template):
    """`@@{name}`: Asterisk has `${name}` and `group@category` for itself."""

    delimiter = "@@"


def templates(package: str) -> Mapping[str, str]:
    """The files in the folder `conf` of a package, by name."""
    return {
        conf.name: conf.read_text(encoding="utf-8")
        for conf in resources.files(package).joinpath("conf").iterdir()
    }


class Asterisk(Protocol):
    """The process that is the exchange."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def rx(self, command: str) -> str: ...

    @property
    def pid(self) -> int | None: ...


class Exchange:
    """The practice network in the folder `home`, which is the network's own.

    Everything but `start` serves from any process: state is on disk. `home` may be deep and hold spaces;
    Asterisk sees it through a link in a short private folder, because the path of its socket has 108 bytes at
    most and because a comma or a bracket in a path means something to a dialplan.
    """

    def __init__(self, programs: Programs, home: Path) -> None:
        self._programs = programs
        self._home = home.absolute()
        self._conf = self._home / "conf"
        self._state_file = self._home / "pstn.json"

    def start(
        self,
        phones: Sequence[Phone],
        *,
        port: int,
        hotline_port: int,
        rtp: tuple[int, int],
        lines: int | None = None,
        dtmf: str = "rfc4733",
        carrier: Carrier | None = None,
    ) -> None:
        """Start afresh and return when calls are taken. One that was left running here is stopped first.

        `port` and `hotline_port` are the ports of SIP on 127.0.0.1, here and at the hotline: UDP, unless the
        `carrier` (default: in the clear, by address) speaks TLS. `rtp` are the first and last port for sound,
        two a call; above `lines` simultaneous calls, the network is congested (Q.850 cause 34). `dtmf` is how
        keys travel: rfc4733, info (SIP INFO), or inband (tones in the sound).
        Recordings and records of the last run are removed. Raises ExchangeError, PbxFailed, PbxMissing.
        """
        if lines is not None and lines < 1:
            raise ExchangeError(f"the practice network needs at least one line, not {lines}")
        self.stop()
        # Not tempfile's own folder: $TMPDIR may be as long as it likes.
        run = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir="/tmp"))
        try:
            self._lay_out(run)
            self._save(_State(str(run), tuple(phone.number for phone in phones)))
            carrier = carrier or Carrier()
            for name, file in (carrier.tls.files if carrier.tls else {}).items():
                (run / name).symlink_to(file.absolute())
            trunk = carrier.lines(run, hotline_port)
            self._render(run, port=port, rtp=rtp, lines=lines or 0, dtmf=dtmf, **trunk)
            (self._conf / "phones.conf").write_text(dialplan.phones(phones, self._sounds(run, phones)))
            self._process(run).start()
        except BaseException:
            self.stop()
            shutil.rmtree(run, ignore_errors=True)
            raise

    def stop(self) -> None:
        """End the exchange for certain, calls and all; also one that a crashed run has left behind.

        Records and recordings stay. Raises PbxFailed if the process does not end.
        """
        state = self._state()
        run = Path(state.run) if state else self._conf
        self._process(run).stop()
        if run.name.startswith(RUN_PREFIX):
            shutil.rmtree(run, ignore_errors=True)
        self._state_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the exchange as a power cut does, in the middle of its calls. Records and recordings stay."""
        if (pid := self._process(self._conf).pid) is not None:
            os.kill(pid, signal.SIGKILL)

    def is_running(self) -> bool:
        """Whether the exchange in this folder is up."""
        state = self._state()
        return state is not None and self._process(Path(state.run)).pid is not None

    def call(self, number: str, to: str, steps: Sequence[Step], times: int = 1) -> None:
        """Let the phone `number` call `to` at the hotline, `times` times at once, and take `steps` in each
        call once it is answered.

        Returns at once. Raises ExchangeError if the network is not up or has no such phone, ValueError if
        `to` is nothing that could be dialled.
        """
        state = self._state()
        if state is None or not self.is_running():
            raise ExchangeError("the practice network is not running; start it with `tocsin pstn start`")
        if not re.fullmatch(r"\+?[0-9a-z]{1,20}", to):
            raise ValueError(f"{to!r} cannot be dialled")
        if number not in state.numbers:
            raise ExchangeError(f"no phone of the practice network has the number {number}")
        run = Path(state.run)
        calls = self._conf / "calls"
        first, spoken = len(list(calls.iterdir())) + 1, self._spoken(run, steps)
        names = [f"call-{n}" for n in range(first, first + times)]
        for name in names:
            (calls / f"{name}.conf").write_text(dialplan.script(name, number, steps, spoken))
        self._process(run).rx("dialplan reload")
        for name in names:
            # Asterisk looks into the folder the moment a file appears there: it must be whole by then.
            draft = self._home / "spool" / name
            draft.write_text(dialplan.call_file(name, number, to, self._channel(to)))
            self._hand_over(draft, self._home / "spool/outgoing" / name)

    def _hand_over(self, draft: Path, file: Path) -> None:
        draft.rename(file)

    def records(self) -> tuple[cdr.Record, ...]:
        """Every call that reached the exchange or left it since its start."""
        return cdr.read(self._home / "events.csv")

    def heard(self, number: str) -> Path | None:
        """What the phone `number` heard in the last of its calls that was answered and is over."""
        return next(reversed(self.all_heard(number)), None)

    def all_heard(self, number: str) -> list[Path]:
        """The recordings of all answered calls of the phone that are over, oldest first. WAV, 8 kHz, mono."""
        return [
            self._home / "heard" / record.recording
            for record in self.records()
            if record.phone == number and record.recording and record.ended_at is not None
        ]

    # --- the folder --------------------------------------------------------------------------------------

    def _lay_out(self, run: Path) -> None:
        for folder in ("conf", "heard", "say", "spool", "var"):
            shutil.rmtree(self._home / folder, ignore_errors=True)
        (self._home / "events.csv").unlink(missing_ok=True)
        for folder in ("conf/calls", "heard", "say", "spool/outgoing", "var"):
            (self._home / folder).mkdir(parents=True)
        for link, target in (
            ("home", self._home),
            ("modules", self._programs.modules),
            ("data", self._programs.data),
            ("sounds", self._programs.sounds),
        ):
            (run / link).symlink_to(target)

    def _render(self, run: Path, *, rtp: tuple[int, int], **more: object) -> None:
        values = {"run": run, **more}
        values |= {"rtp_first": rtp[0], "rtp_last": rtp[1]}
        for name, template in self._templates().items():
            (self._conf / name).write_text(_Conf(template).substitute(values))

    def _templates(self) -> Mapping[str, str]:
        """The files of the configuration, by name."""
        return templates("ivr.pstn")

    def _channel(self, to: str) -> str:
        """How Asterisk names a call to `to` at the hotline."""
        return f"PJSIP/{to}@hotline"

    def _sounds(self, run: Path, phones: Sequence[Phone]) -> dialplan.Sounds:
        steps = [step for phone in phones for call in phone.calls for step in call.steps]
        return self._spoken(run, steps)

    def _spoken(self, run: Path, steps: Sequence[Step]) -> dialplan.Sounds:
        """Bring what the steps say into telephone form: 8 kHz, mono, 16 bit, under a name of our own."""
        say = self._home / "say"
        sounds, keys = {}, {}
        for press in {step for step in steps if isinstance(step, Press)}:
            name = f"{len(list(say.iterdir())) + 1}"
            tones.write(say / f"{name}.wav", press.keys, press.ms)
            keys[press] = f"{run}/home/say/{name}"
        for file in files(steps):
            name = f"{len(list(say.iterdir())) + 1}"
            target = say / f"{name}.wav"
            sox = self._programs.argv("sox", str(file), "-r", "8000", "-c", "1", "-b", "16", str(target))
            done = subprocess.run(sox, capture_output=True, text=True, errors="replace", timeout=60)
            if done.returncode:
                raise ExchangeError(f"{file}: cannot be spoken: {done.stderr.strip() or 'no audio'}")
            sounds[file] = f"{run}/home/say/{name}"
        return dialplan.Sounds(folder=f"{run}/sounds", files=sounds, keys=keys)

    # --- the process -------------------------------------------------------------------------------------

    def _process(self, run: Path) -> Asterisk:
        return PbxProcess(self._programs, self._conf, run)

    def _save(self, state: _State) -> None:
        self._state_file.write_text(json.dumps(asdict(state)))

    def _state(self) -> _State | None:
        try:
            state = json.loads(self._state_file.read_text())
            return _State(str(state["run"]), tuple(state["numbers"]))
        except FileNotFoundError:
            return None
        except (ValueError, LookupError, TypeError) as error:
            raise ExchangeError(f"{self._state_file}: is damaged; remove it") from error
