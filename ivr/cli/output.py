"""What the shell prints and how it ends: documents, tables, and exit codes.

Owns: the form of all output. stdout carries the answer alone; whatever is said besides goes to stderr.
"""

import errno
import json
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """How a command ends (docs/cli.md); the numbers from 64 on are those of sysexits.h."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BAD_DATA = 65
    AWAY = 69
    AGAIN = 75
    NOT_PERMITTED = 77
    CONFIG = 78
    INTERRUPTED = 130


CODES = {
    "ivr.config.BadConfig": Exit.CONFIG,
    "ivr.adapters.pbx.template.Unfit": Exit.CONFIG,
    "ivr.yamlfile.BadFile": Exit.BAD_DATA,
    "ivr.adapters.audio.wav.BadAudio": Exit.BAD_DATA,
    "ivr.services.directory.BadEntry": Exit.BAD_DATA,
    "ivr.adapters.pgp.PgpError": Exit.FAILED,
    "ivr.adapters.sendmail.NotSent": Exit.AWAY,
    "ivr.adapters.gate.client.GateAway": Exit.AGAIN,
    "ivr.adapters.gate.client.GateRefused": Exit.FAILED,
    "ivr.adapters.speech.texts.SpeechError": Exit.BAD_DATA,
    "ivr.adapters.gpg_look.GpgUnfit": Exit.FAILED,
    "ivr.domain.facts.Illegal": Exit.FAILED,
    "ivr.services.report.NotThere": Exit.FAILED,
    "ivr.ports.StoreAway": Exit.AGAIN,
    "ivr.bridge.store.BridgeAway": Exit.AGAIN,
    "ivr.bridge.intake.mail.Trouble": Exit.AWAY,
    "ivr.ports.StoreRefused": Exit.FAILED,
    "ivr.ports.PbxAway": Exit.AWAY,
    "ivr.adapters.pbx.tree.PbxMissing": Exit.AWAY,
    "ivr.adapters.pbx.apt.InstallError": Exit.AWAY,
    "ivr.adapters.pbx.process.PbxFailed": Exit.AWAY,
    "ivr.pstn.exchange.ExchangeError": Exit.AWAY,
    "ivr.pstn.stage.StageFailed": Exit.FAILED,
    "builtins.PermissionError": Exit.NOT_PERMITTED,
    "builtins.OSError": Exit.FAILED,
}
"""Expected refusals by name, so that none of their modules is loaded to handle one."""


def code_of(error: BaseException) -> Exit | None:
    """How a command ends that was refused with `error`; None for a surprise."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Exit.AGAIN
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((CODES[name] for name in names if name in CODES), None)


def complain(error: BaseException) -> None:
    """One line on stderr."""
    say(line_of(error))


def line_of(error: BaseException) -> str:
    """An error in one line, for an operator."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    return " ".join(text.split())


def say(message: str) -> None:
    """A message for the operator, on stderr."""
    print(f"tocsin: {message}", file=sys.stderr)


def document(value: Any) -> None:
    """One JSON document on stdout; pure ASCII where the terminal's encoding is not UTF-8."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, indent=2, ensure_ascii=not utf8))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their heads, in columns; heads alone are not printed."""
    lines = [[cell(value) for value in row] for row in rows]
    if not lines:
        return
    lines.insert(0, list(heads))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        text = "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        print(f"\033[1m{text}\033[0m" if number == 0 and sys.stdout.isatty() else text)


def cell(value: object) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
