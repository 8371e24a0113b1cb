"""The other end of the practice network's trunk, for its tests: a small Asterisk, rendered by hand.

It calls phones over AMI and SIP and plays a conversation to whoever answers; it also takes calls. None of the
service is in it, so that these tests speak of the practice network alone.
"""

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ivr.ports import Programs
from ivr.pstn.ports import free_ports, free_range

Event = dict[str, str]

MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip
res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_rfc3326
res_pjsip_endpoint_identifier_ip res_rtp_asterisk chan_pjsip codec_alaw codec_ulaw format_wav
pbx_config app_playback app_read app_record app_userevent app_stack func_channel
""".split()

INTRODUCTION, ALERT, THANKS, GREETING = "vm-nobodyavail", "demo-thanks", "auth-thankyou", "vm-login"
"""Core sounds that stand for what a hotline says."""

EXTENSIONS = f"""
[talk]
; The voice begins after a pause. Nothing is sent in it nor while a key is waited for; every key is reported.
exten => s,1,Read(KEY,,1,,1,1.5)
 same => n,UserEvent(Key,Digit: ${{KEY}})
 same => n,Read(KEY,{INTRODUCTION},1,,1,3)
 same => n,UserEvent(Key,Digit: ${{KEY}})
 same => n,GotoIf($["${{KEY}}" = ""]?gone)
 same => n,Read(KEY,{ALERT},1,,1,3)
 same => n,UserEvent(Key,Digit: ${{KEY}})
 same => n,Playback({THANKS})
 same => n,Wait(3)
 same => n(gone),Hangup()

[listen]
exten => s,1,Wait(8)
 same => n,Hangup()

[hotline]
exten => _+X.,1,Answer()
 same => n,Wait(1)
 same => n,Read(KEYS,{GREETING},12,,1,6)
 same => n,UserEvent(Key,Digit: ${{KEYS}})
 same => n,Record(@run@/said.wav,0,30,kx)
 same => n,Hangup()
"""

CONF = {
    "asterisk.conf": """
[directories]
astetcdir => @run@
astmoddir => @modules@
astdatadir => @run@/data
astvarlibdir => @run@
astdbdir => @run@
astkeydir => @run@
astspooldir => @run@
astlogdir => @run@
astrundir => @run@
""",
    "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in MODULES),
    "logger.conf": "[logfiles]\nmessages = warning,error\n",
    "cdr.conf": "[general]\nenable = no\n",
    "rtp.conf": "[general]\nrtpstart = @rtp_first@\nrtpend = @rtp_last@\nicesupport = no\n",
    "manager.conf": """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = @ami_port@
[test]
secret = test
read = system,call,user
write = originate,call
""",
    "pjsip.conf": """
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:@port@
[exchange]
type = endpoint
context = hotline
aors = exchange
disallow = all
allow = ulaw
[exchange]
type = aor
contact = sip:127.0.0.1:@exchange_port@
[exchange]
type = identify
endpoint = exchange
match = 127.0.0.1
""",
    "extensions.conf": EXTENSIONS,
}


class Peer:
    """Started by `with`; `hangup` and `keys` wait for what happens in a call that `dial` began."""

    def __init__(self, programs: Programs, port: int, exchange_port: int) -> None:
        self.port = port
        self.run = Path(tempfile.mkdtemp(prefix="tocsin-peer-", dir="/tmp"))
        self._programs = programs
        self._ami_port = free_ports(1)[0]
        self._events: list[Event] = []
        self._calls = 0
        rtp = free_range(100)
        values = {
            "run": self.run,
            "modules": programs.modules,
            "port": port,
            "exchange_port": exchange_port,
            "ami_port": self._ami_port,
            "rtp_first": rtp[0],
            "rtp_last": rtp[1],
        }
        for name, text in CONF.items():
            (self.run / name).write_text(re.sub("@([a-z_]+)@", lambda m: str(values[m[1]]), text))
        (self.run / "data").mkdir()
        (self.run / "data/documentation").symlink_to(programs.data / "documentation")
        (self.run / "data/sounds").mkdir()
        (self.run / "data/sounds/en").symlink_to(programs.sounds)

    def __enter__(self) -> "Peer":
        argv = self._programs.argv("asterisk", "-C", str(self.run / "asterisk.conf"), "-f")
        with (self.run / "console").open("wb") as console:
            self._child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console, cwd=self.run
            )
        try:
            self._ami = self._connect()
            self._stream = self._ami.makefile("rb")
            self._stream.readline()
            self._send({"Action": "Login", "Username": "test", "Secret": "test"})
            self.event(lambda e: e.get("Event") == "FullyBooted", 20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()
        if hasattr(self, "_stream"):
            self._stream.close()
            self._ami.close()
        shutil.rmtree(self.run)

    def _connect(self) -> socket.socket:
        for _ in range(400):
            try:
                return socket.create_connection(("127.0.0.1", self._ami_port))
            except ConnectionRefusedError:
                assert self._child.poll() is None, (self.run / "console").read_text()
                time.sleep(0.05)
        raise AssertionError("the peer's Asterisk did not start")

    def dial(self, number: str, *, context: str = "talk", ring_s: float = 30) -> str:
        """Call `number`; returns the call's id at once."""
        self._calls += 1
        call = f"test-{self._calls:06}"
        self._send(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{number}@exchange",
                "ChannelId": call,
                "Context": context,
                "Exten": "s",
                "Priority": "1",
                "CallerID": "<+4940808077555>",
                "Timeout": str(round(ring_s * 1000)),
                "Async": "true",
            }
        )
        return call

    def end(self, call: str) -> None:
        """Hang up, and return when the call has ended on this side."""
        self._send({"Action": "Hangup", "Channel": self.answered(call)["Channel"]})
        self.hangup(call, 5)

    def answered(self, call: str) -> Event:
        """Wait for the answer."""
        return self.event(lambda e: e.get("Uniqueid") == call and e.get("ChannelStateDesc") == "Up", 10)

    def hangup(self, call: str, within_s: float = 30) -> int:
        """Wait for the end of the call; its Q.850 cause."""
        event = self.event(lambda e: e.get("Event") == "Hangup" and e.get("Uniqueid") == call, within_s)
        return int(event["Cause"])

    def keys(self, call: str) -> list[str]:
        """What the other side pressed so far: in the pause, after the introduction, in or after the alert."""
        return [e["Digit"] for e in self._events if e.get("UserEvent") == "Key" and e["Uniqueid"] == call]

    def event(self, wanted: Callable[[Event], bool], within_s: float) -> Event:
        """The first event, past or to come, that is wanted."""
        for event in self._events:
            if wanted(event):
                return event
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            self._ami.settimeout(left)
            event = self._receive()
            self._events.append(event)
            if wanted(event):
                return event
        raise AssertionError(f"not seen within {within_s} s; seen: {self._events[-5:]}")

    def _send(self, action: Event) -> None:
        self._ami.sendall("".join(f"{k}: {v}\r\n" for k, v in action.items()).encode() + b"\r\n")

    def _receive(self) -> Event:
        event: Event = {}
        while line := self._stream.readline().decode(errors="replace").strip():
            key, _, value = line.partition(":")
            event[key] = value.strip()
        return event
