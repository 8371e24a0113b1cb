"""What the configuration says of the network of teams, of the Asterisk it stands behind, of what callers are
asked and what is kept."""

from dataclasses import dataclass, field

from ivr.config import values
from ivr.domain.enrol import address
from ivr.domain.number import subscriber
from ivr.domain.policy import between
from ivr.domain.wording import ALERT_SMS, template


@dataclass(frozen=True, slots=True)
class Network:
    """The network of teams that this bell serves."""

    name: str = values.checked(values.name)
    """Spoken at the start of every call."""
    hotline: str = values.checked(subscriber)
    """The hotline's number: caller ID of every call we make, and what the SMS says to call."""
    fallback: str | None = values.checked(subscriber, default=None)
    """The number spoken when the service does not answer."""
    mail: str | None = values.checked(address, default=None)
    """The address that letters to the teams come from."""
    spoken: str | None = None
    """How the name is to be spoken, where its written form would be read wrongly."""
    operators: tuple[str, ...] = values.checked(values.subscribers, default=())
    """Mobiles of those who run the network: an SMS tells them who was not reached, and how an alert ended."""
    duty_operator: str | None = values.checked(subscriber, default=None)
    """Whom a caller who has logged in reaches with 0 in the help: called as any team is, within the lines."""
    sms_text: str = values.checked(template, default=ALERT_SMS)
    """The SMS that there is an alert, with fields: see ivr.domain.wording."""
    report_after_s: float = values.checked(between(60, 86_400), default=900.0)
    """After release: operators and originator are told how an alert goes that is still open, and the teams
    that have not acknowledged are reminded by SMS."""


@dataclass(frozen=True, slots=True)
class Pbx:
    """The Asterisk we stand behind, and how we and it find each other."""

    sip_bind: str = values.checked(values.host, default="127.0.0.1")
    sip_port: int = values.port(5060)
    rtp_first: int = values.port(10000)
    rtp_last: int = values.port(10999)
    ami_port: int = values.port(5038)
    agi_port: int = values.port(4573)
    ami_user: str = values.checked(values.slug, default="tocsin")
    mirror: str | None = None
    """Address of a Debian mirror for `tocsin pbx install`; default: the one of this machine's apt."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What is kept of alerts."""

    keep_days: int | None = field(
        default=None, metadata={"key": "keep-days", "check": values.within(1, 36_500)}
    )
    """After the end of an alert: then its recording, the texts of its SMS and whole numbers are erased.
    None: they stay."""


@dataclass(frozen=True, slots=True)
class Raising:
    """What a caller is asked before an alert is sent, beyond whether the information is confirmed."""

    ask_tlp: bool = field(default=False, metadata={"key": "ask-tlp"})
    """With whom it may be shared, Traffic Light Protocol."""
    ask_severity: bool = field(default=False, metadata={"key": "ask-severity"})
    """How bad it is; else medium."""
