"""What people hear while the service is away, stopped, or dies: never silence, and then where to turn.

Real calls between our Asterisk and the practice network. The service is a bare FastAGI server on the wire, so
that nothing of the call scripts is in play.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from ivr import config
from ivr.adapters.pbx.process import PbxFailed, PbxProcess, end_process, run_folder
from ivr.adapters.pbx.render import render
from ivr.adapters.pbx.tree import find_programs
from ivr.adapters.speech.voice import Voice
from ivr.domain import endpoint
from ivr.ports import Programs
from ivr.pstn import phones, witness
from ivr.pstn.behaviour import Listen
from ivr.pstn.exchange import Exchange
from ivr.pstn.ports import free_ports, free_range

pytestmark = pytest.mark.scenario

CALLED, CALLER = "+49301000001", "+49301000002"
PATIENCE_S = 5
SECRET = r"""an "awkward" [secret]; with \; and ;-- in it = > 'x'"""
CONFIG = """
network: {{name: Net, hotline: "+49123456", fallback: "+49765432"}}
pbx: {{sip_port: {sip}, ami_port: {ami}, agi_port: {agi}, rtp_first: {rtp}, rtp_last: {rtp_last}}}
trunks: [{{name: practice, host: 127.0.0.1, port: {exchange}, lines: 4}}]
"""


class Talk:
    """One FastAGI connection: what Asterisk told of the call, and commands."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        lines = iter(lambda: stream.readline().strip(), b"")
        about = dict(line.split(b": ", 1) for line in lines if b": " in line)
        self.script = about.get(b"agi_network_script", b"").decode()

    def say(self, command: str) -> None:
        self._stream.write(command.encode() + b"\n")
        self._stream.flush()
        self._stream.readline()

    def finish(self) -> None:
        self.say('STREAM FILE tocsin/goodbye ""')
        self.say("SET VARIABLE TOCSIN_DONE 1")


class Service:
    """A FastAGI server. Asleep, it is like a stopped process: connections are taken and nobody answers."""

    def __init__(
        self, port: int, script: Callable[[Talk], None] = Talk.finish, *, asleep: bool = False
    ) -> None:
        self.scripts: list[str] = []
        self._script = script
        self._awake = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        if not asleep:
            self.wake()

    def wake(self) -> None:
        self._awake.set()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self.wake()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        self._awake.wait()
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            # One call at a time is all that is asked of it here.
            with taken, taken.makefile("rwb") as stream, contextlib.suppress(ConnectionError):
                talk = Talk(stream)
                if talk.script != "ready":
                    self.scripts.append(talk.script)
                    self._script(talk)


class Bench:
    """Our Asterisk, the practice network and what its phones have heard."""

    def __init__(self, programs: Programs, home: Path) -> None:
        sip, exchange = free_ports(2, udp=True)
        self._ami_port, self.agi_port = free_ports(2)
        (home / "secrets").mkdir(parents=True)
        (home / "secrets/ami").touch(mode=0o600)
        (home / "secrets/ami").write_text(SECRET)
        rtp, rtp_last = free_range(100)
        text = CONFIG.format(
            sip=sip, ami=self._ami_port, agi=self.agi_port, rtp=rtp, rtp_last=rtp_last, exchange=exchange
        )
        (home / "tocsin.yaml").write_text(text)
        self.settings = settings = config.load(home / "tocsin.yaml")
        Voice(programs, settings).render_all(lambda done, of: None)
        self._sounds = settings.sounds / "en"
        conf = settings.state / "pbx"
        render(settings, programs, conf, patience_s=PATIENCE_S)
        self.pbx = PbxProcess(programs, conf, run_folder(conf))
        self._exchange = Exchange(programs, home / "pstn")
        declared = "phones:" + "".join(
            f"\n- {{number: '{number}', calls: [{{steps: [listen: 120], answer_after: 0.2}}]}}"
            for number in (CALLED, CALLER)
        )
        self.pbx.start()
        try:
            self._exchange.start(
                phones.parse(declared, "phones", home),
                port=exchange,
                hotline_port=sip,
                rtp=free_range(100),
            )
        except BaseException:
            self.pbx.stop()
            raise

    def close(self) -> None:
        self._exchange.stop()
        self.pbx.stop()

    def call_out(self) -> None:
        """Place a call as the dialler does, over AMI."""
        with (
            socket.create_connection(("127.0.0.1", self._ami_port), 10) as ami,
            ami.makefile("rwb") as stream,
        ):
            for action in (
                f"Login\r\nUsername: tocsin\r\nSecret: {SECRET}",
                f"Originate\r\nChannel: {endpoint.channel('practice', CALLED)}\r\n"
                "Context: callout\r\nExten: s\r\nPriority: 1\r\nAsync: true",
            ):
                stream.write(f"Action: {action}\r\n\r\n".encode())
                stream.flush()
                answer = next(line for line in stream if line.startswith(b"Response"))
                assert answer == b"Response: Success\r\n"

    def call_in(self, to: str = "+49123456") -> None:
        self._exchange.call(CALLER, to, [Listen(120)])

    def heard(self, number: str, calls: int) -> "Heard":
        """What the phone heard in the last of so many calls, once that call is over."""
        deadline = time.monotonic() + 60
        while len(files := self._exchange.all_heard(number)) < calls:
            assert time.monotonic() < deadline, f"call {calls} of {number} does not end"
            time.sleep(0.1)
        return Heard(files[calls - 1], self._sounds)


class Heard:
    """The recording of one call, as a phone heard it."""

    def __init__(self, recording: Path, sounds: Path) -> None:
        self._recording = recording
        self._sounds = sounds

    def in_order(self, *prompts: str) -> list[witness.Match]:
        """Where the prompts were heard, one after the other."""
        samples = [self._sounds / f"{prompt}.wav" for prompt in prompts]
        matches = list(witness.sequence(self._recording, samples))
        for prompt, match in zip(prompts, matches, strict=True):
            assert match.heard, f"{prompt}: not heard, {match}"
        return matches

    def never(self, prompt: str) -> None:
        match = witness.find(self._recording, self._sounds / f"{prompt}.wav")
        assert not match.heard, f"{prompt}: heard, {match}"

    def longest_silence_s(self, until_s: float) -> float:
        audio, rate = witness.load(self._recording)
        frame = rate // 50
        audio = audio[: int(until_s * rate) // frame * frame].reshape(-1, frame)
        longest = run = 0
        for quiet in 10 * np.log10(np.mean(audio**2, axis=1) + 1e-12) < -50:
            run = run + 1 if quiet else 0
            longest = max(longest, run)
        return longest / 50


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(find_programs(), tmp_path_factory.mktemp("a hotline; (its own), & more"))
    yield bench
    bench.close()


LONGEST_SILENCE_S = 1.7
"""A pause of half a second, one second for a service that does not answer, and the edges of a prompt."""


def test_without_a_service_both_sides_learn_where_to_turn(bench: Bench) -> None:
    bench.call_out()
    bench.call_in()

    called = bench.heard(CALLED, calls=1)
    said = called.in_order("callout-greeting", "please-hold", "alert-call-hotline", "alert-call-hotline")
    assert said[0].offset_s < 1.5
    assert said[1].offset_s - said[0].end_s < 1.5
    assert called.longest_silence_s(said[-1].end_s) < LONGEST_SILENCE_S
    called.never("hotline-away")

    caller = bench.heard(CALLER, calls=1)
    said = caller.in_order("please-hold", "hotline-away", "hotline-away")
    assert said[0].offset_s < 1.5
    assert caller.longest_silence_s(said[-1].end_s) < LONGEST_SILENCE_S
    caller.never("alert-call-hotline")


def test_a_stopped_service_that_goes_on_in_time_takes_the_call(bench: Bench) -> None:
    with Service(bench.agi_port, asleep=True) as service:
        bench.call_in()
        time.sleep(3)
        service.wake()
        caller = bench.heard(CALLER, calls=2)

    assert service.scripts == ["hotline"]
    said = caller.in_order("please-hold", "goodbye")
    assert said[0].offset_s < LONGEST_SILENCE_S
    assert caller.longest_silence_s(said[-1].end_s) < LONGEST_SILENCE_S
    caller.never("hotline-away")


def test_a_service_that_dies_in_mid_call_is_called_again(bench: Bench) -> None:
    def dies_once(talk: Talk) -> None:
        if len(service.scripts) == 1:
            talk.say('STREAM FILE tocsin/acknowledged-thanks ""')
            raise ConnectionAbortedError
        talk.finish()

    with Service(bench.agi_port, dies_once) as service:
        bench.call_out()
        called = bench.heard(CALLED, calls=2)

    assert service.scripts == ["callout", "callout"]
    said = called.in_order("acknowledged-thanks", "callout-greeting", "please-hold", "goodbye")
    assert said[1].offset_s - said[0].end_s < 1.5
    called.never("alert-call-hotline")


def test_every_number_that_a_carrier_may_send_is_the_hotline_and_nothing_else_is(bench: Bench) -> None:
    contexts = bench.pbx.rx("dialplan show")
    assert [line.split("'")[1] for line in contexts.splitlines() if line.startswith("[ Context")] == [
        "serve",
        "errand",
        "callout",
        "hotline-tls",
        "hotline",
    ]
    with Service(bench.agi_port) as service:
        for calls, to in enumerate(("+4912", "110", "s"), 3):
            bench.call_in(to)
            bench.heard(CALLER, calls).in_order("goodbye")
    assert service.scripts == ["hotline"] * 3


def test_a_call_that_may_last_no_longer_ends_and_nobody_hears_of_a_failure(bench: Bench) -> None:
    def goes_on(talk: Talk) -> None:
        talk.say(f"SET AUTOHANGUP {PATIENCE_S + 2}")
        for _ in range(20):
            talk.say('STREAM FILE tocsin/acknowledged-thanks ""')

    with Service(bench.agi_port, goes_on) as service:
        bench.call_in()
        caller = bench.heard(CALLER, calls=6)

    assert service.scripts == ["hotline"]
    caller.in_order("acknowledged-thanks", "goodbye")
    caller.never("hotline-away")


# --- The process under it --------------------------------------------------------------------------------


def another(bench: Bench, home: Path) -> PbxProcess:
    """A second Asterisk that wants the same ports."""
    conf = home / "state/pbx"
    render(replace(bench.settings, state=home / "state"), find_programs(), conf)
    return PbxProcess(find_programs(), conf, run_folder(conf))


def test_a_taken_port_is_named_and_nothing_is_left_running(bench: Bench, tmp_path: Path) -> None:
    second = another(bench, tmp_path)
    with pytest.raises(PbxFailed, match="Address already in use"):
        second.start()
    assert second.pid is None
    assert "not running" in second.status()


def test_one_that_runs_is_known_to_everybody_and_stays(bench: Bench) -> None:
    conf = bench.settings.state / "pbx"
    same = PbxProcess(find_programs(), conf, run_folder(conf))
    same.start()
    assert same.pid == bench.pbx.pid is not None
    assert "is running" in same.status()


def test_one_that_hangs_is_ended_and_one_that_was_killed_is_not_taken_for_running(
    bench: Bench, tmp_path: Path
) -> None:
    bench.pbx.stop()  # its ports are wanted
    deep = tmp_path / ("d" * 120) / "with spaces"
    pbx = another(bench, deep)
    try:
        pbx.start()
        assert pbx.pid is not None
        end_process(pbx.pid)
        assert pbx.pid is None
        pbx.start()
        assert pbx.pid is not None
        os.kill(pbx.pid, signal.SIGSTOP)
    finally:
        pbx.stop()
    assert pbx.pid is None
