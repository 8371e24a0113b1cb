"""`tocsin`: the shell of the service, one file a verb group.

Owns: the parser, and the way from an error to one line and an exit code. Nothing heavy is imported before a
verb runs.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from ivr.cli import (
    alert,
    archive,
    call,
    delivery,
    demo,
    doctor,
    init,
    iodef,
    lines,
    mail,
    pbx,
    prompt,
    pstn,
    sms,
    team,
)
from ivr.cli.common import Args, Parser, answers, ready, settings, verb
from ivr.cli.output import Exit, code_of, complain, say

_EPILOG = "The configuration is --config FILE, $TOCSIN_CONFIG, config/tocsin.yaml or /etc/tocsin/tocsin.yaml."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (docs/cli.md)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name may have letters the terminal has not
    try:
        args = parser().parse_args(argv)
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:
        refusal = code_of(error)
        if refusal is None:
            raise
        complain(error)
        return refusal


def parser() -> Parser:
    """The command line of `tocsin`."""
    top = Parser(prog="tocsin", description="The alarm bell of a network of CSIRTs.", epilog=_EPILOG)
    top.add_argument("--config", metavar="FILE", help="the configuration")
    top.add_argument("--version", action=_Version, nargs=0, help="print the version")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    init.add(verbs)
    serving = verb(verbs, "serve", _serve, "run the service: call scripts, dialler, SMS; or the mail bridge")
    serving.add_argument("what", nargs="?", choices=("bridge",), help="the mail bridge instead")
    for module in (
        doctor,
        alert,
        archive,
        delivery,
        call,
        lines,
        sms,
        mail,
        iodef,
        team,
        prompt,
        pbx,
        pstn,
        demo,
    ):
        module.add(verbs)
    return top


def _serve(args: Args) -> int:
    if args.what == "bridge":
        from ivr.cli import serve_bridge

        return serve_bridge.run(settings(args))
    from ivr.cli import serve

    chosen = ready(args)
    if answers(chosen.pbx.agi_port):
        say(f"port {chosen.pbx.agi_port} is taken; stop the other `tocsin serve`, or set pbx.agi_port")
        return Exit.FAILED
    return serve.run(chosen)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"tocsin {version('tocsin')}")  # argparse would say it on stderr
        parser.exit()
