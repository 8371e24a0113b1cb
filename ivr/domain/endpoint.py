"""What a SIP trunk is called in Asterisk, and how a call by it is dialled.

Owns: the name of a trunk's endpoint. It is not the trunk's own, so that nobody whom we call can send our call
elsewhere. Asterisk follows a redirection (3xx, RFC 3261, 8.1.3.4) whatever it is told: by default to an
extension, or, where the user part holds a slash, to any channel driver and number; so a callee could have us
dial what they like. With `redirect_method=uri_core` it always dials PJSIP/ENDPOINT/ADDRESS, and with
`disable_multi_domain=yes` it takes what is before the first @ of ENDPOINT for a number: as the name holds an
@, the rest of it names no endpoint, and the call ends. Our own calls name the whole endpoint behind their @.
"""

_TO = "to@"


def endpoint(trunk: str) -> str:
    """The name of the endpoint of `trunk` (letters, digits, - and _)."""
    return f"{_TO}{trunk}"


def channel(trunk: str, number: str) -> str:
    """The dial string of a call to `number`, as the carrier wants it written, by `trunk`."""
    return f"PJSIP/{number}@{endpoint(trunk)}"


def trunk(channel_name: str) -> str:
    """By which trunk a channel goes: PJSIP/to@carrier-00000017 by carrier."""
    return channel_name.partition("/")[2].rpartition("-")[0].removeprefix(_TO)
