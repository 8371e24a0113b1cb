"""The words of IODEF for our own, one table for each.

Owns: what each version calls a purpose, a restriction, an action. Must not know elements.
"""

from collections.abc import Mapping

from ivr.domain.incident import Action, Confidence, Purpose
from ivr.domain.records import Severity, Tlp

PURPOSES: Mapping[str, Purpose] = {purpose.value: purpose for purpose in Purpose}
ACTIONS: Mapping[str, Action] = {action.value: action for action in Action}
SEVERITIES: Mapping[str, Severity] = {severity.value: severity for severity in Severity}
CONFIDENCES: Mapping[str, Confidence] = {confidence.value: confidence for confidence in Confidence}

TLPS: Mapping[str, Tlp] = {
    **{tlp.value.lower(): tlp for tlp in Tlp},
    **{f"tlp:{tlp.value.lower()}": tlp for tlp in Tlp},
    "white": Tlp.CLEAR,
}
"""Labels of TLP 2.0, and the one that was CLEAR in TLP 1.0."""

RESTRICTIONS: Mapping[str, Tlp] = {
    **TLPS,
    "public": Tlp.CLEAR,
    "partner": Tlp.GREEN,
    "need-to-know": Tlp.AMBER,
    "private": Tlp.RED,
}
"""RFC 7970, section 3.3.1, says which of its older words is the same as which label."""

ACTIONS_2003: Mapping[str, Action] = {"nothing": Action.NOTHING, "contact-me": Action.CONTACT_SENDER}
"""Its other two, contact-site and block, leave open which site, and what is to be blocked."""

LABELS_V2: Mapping[Tlp | None, str] = {
    Tlp.GREEN: "green",
    Tlp.AMBER: "amber",
    Tlp.RED: "red",
    None: "default",
}
"""What RFC 7970 has a word for. CLEAR and AMBER+STRICT are younger, and written as extensions."""

LABELS_V1: Mapping[Tlp | None, str] = {
    Tlp.CLEAR: "public",
    Tlp.GREEN: "need-to-know",
    Tlp.AMBER: "need-to-know",
    Tlp.AMBER_STRICT: "need-to-know",
    Tlp.RED: "private",
    None: "default",
}
"""RFC 5070 has no labels, and three words; none of these is laxer than its label."""
