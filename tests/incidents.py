"""An incident that says everything that the alerting profile can say."""

from ivr.domain.incident import (
    Action,
    Assessment,
    Confidence,
    Contact,
    Event,
    Expectation,
    Incident,
    IncidentId,
    Purpose,
)
from ivr.domain.records import Severity, Tlp

NOON = 1_795_356_180.0
"""2026-11-22T14:03:00Z"""

ALERT = Incident(
    id=IncidentId("csirt.example.net", "2026-17"),
    reported_at=NOON,
    purpose=Purpose.WARNING,
    tlp=Tlp.AMBER_STRICT,
    description="Routers are taken over.\n\nClose port 7547.",
    assessment=Assessment(Severity.HIGH, "Remote code", Confidence.LOW),
    method="One request",
    contact=Contact("Größe-CERT", "+49 40 808077 555", "+49 40 808077 556", "csirt@example.net", "+01:00"),
    expectation=Expectation(Action.HARDEN_ASSET, "Close it today"),
    event=Event(NOON - 7200, NOON - 60, NOON - 3600),
)
