"""What Asterisk's configuration says of ISDN trunks, for render.py.

Owns: the words of chan_dahdi, libpri and DAHDI for what ivr.config.isdn knows.
"""

from collections.abc import Sequence

from ivr.adapters.pbx import dialstring
from ivr.adapters.pbx.template import filled
from ivr.config import BadConfig, Settings
from ivr.config.isdn import Isdn, Span, SpanType
from ivr.config.numbers import Style

_SIGNALLING: dict[SpanType, str] = {
    "e1": "pri_cpe",
    "t1": "pri_cpe",
    "bri": "bri_cpe",
    "bri-ptmp": "bri_cpe_ptmp",
}
_TYPE_OF_NUMBER: dict[Style, str] = {
    "+e164": "dynamic",  # international, without the + (internationalprefix)
    "e164": "international",
    "international": "unknown",
    "national": "unknown",
}
_LINE: dict[SpanType, str] = {
    "e1": "ccs,hdb3",  # ITU-T G.703
    "t1": "esf,b8zs",  # ANSI T1.403
    "bri": "ccs,ami",
    "bri-ptmp": "ccs,ami",
}


def parts(settings: Settings) -> dict[str, str]:
    """The places of the templates that are about ISDN trunks, by their names. Raises BadConfig."""
    spans = [(trunk, span) for trunk in settings.isdn for span in trunk.spans]
    return {
        "isdn_modules": "require = chan_dahdi.so" if spans else "",
        "isdn_contexts": "".join(_context(trunk) for trunk in settings.isdn if _own_context(trunk)),
        "isdn_spans": "".join(_span(*each, settings) for each in spans),
        # The first span is the first choice for the clock.
        "dahdi_spans": "".join(_card(trunk, span, n) for n, (trunk, span) in enumerate(spans, 1)),
    }


def _own_context(trunk: Isdn) -> bool:
    """Whether the dialplan tells our numbers from others. On a multipoint line it must not: a call that is
    not for us is another device's, and is not to be refused (`msn` ignores it)."""
    return bool(trunk.called_on) and trunk.spans[0].type != "bri-ptmp"


def _context(trunk: Isdn) -> str:
    numbers = "\n".join(f"exten => {number},1,Goto(hotline,s,1)" for number in trunk.called_on)
    return filled("extensions_isdn.conf", {"name": trunk.name}, numbers=numbers)


def _span(trunk: Isdn, span: Span, settings: Settings) -> str:
    values = {
        "name": trunk.name,
        "span": span.span,
        "context": f"hotline-{trunk.name}" if _own_context(trunk) else "hotline",
        # Without numbers of ours to tell apart, a call is the hotline's before the first digit.
        "immediate": "no" if _own_context(trunk) else "yes",
        "msn": "" if _own_context(trunk) else ",".join(trunk.called_on),
        "group": trunk.group,
        "switchtype": trunk.switchtype,
        "signalling": _SIGNALLING[span.type],
        "called": "unknown" if trunk.numbers.prefix else _TYPE_OF_NUMBER[trunk.numbers.called],
        "caller": _TYPE_OF_NUMBER[trunk.numbers.caller],
        "overlap": "no" if trunk.overlap == "none" else trunk.overlap,
        "layer1": "ignore" if span.sleeps else "required",
        "layer2": "leave_down" if span.sleeps else "keep_up",
        "channels": _numbered(span, span.b_channels),
    }
    return filled("chan_dahdi_span.conf", values, hidden=_hidden(trunk, settings) if trunk.clir else "")


def _hidden(trunk: Isdn, settings: Settings) -> str:
    """Our number, not to be shown: an Originate could name it only as one that may be."""
    hotline = settings.network.hotline
    try:
        country = dialstring.country(trunk.numbers, hotline)
        number = dialstring.written(hotline, trunk.numbers.caller, country)
    except dialstring.Unwritable as error:
        raise BadConfig(f"{settings.path}: trunks: {error}") from error
    return f"setvar = CONNECTEDLINE(num,i)={number}\nsetvar = CONNECTEDLINE(num-pres,i)=prohib_not_screened"


def _card(trunk: Isdn, span: Span, timing: int) -> str:
    values = {
        "name": trunk.name,
        "span": span.span,
        "timing": timing,
        "line": _LINE[span.type] + (",crc4" if span.type == "e1" and span.crc4 else ""),
        "bchan": _numbered(span, span.b_channels),
        # Cards for basic rate leave HDLC to their own hardware.
        "signals": "hardhdlc" if span.type.startswith("bri") else "dchan",
        "dchan": span.dahdi(span.d_channel),
        "law": "mulaw" if span.type == "t1" else "alaw",  # ITU-T G.711
    }
    return filled("system_span.conf", values)


def _numbered(span: Span, channels: Sequence[int]) -> str:
    """Channels of a span as DAHDI numbers them: 1-15,17-31."""
    runs: list[list[int]] = []
    for number in map(span.dahdi, sorted(channels)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if run[1:] else str(run[0]) for run in runs)
