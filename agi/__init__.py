"""Call scripts: what a caller or a called person hears and presses. One script a call, straight-line code."""

from agi.callout import callout
from agi.errand import errand
from agi.hotline import hotline
from ivr.adapters.fastagi import Script
from ivr.services.desk import Desk


def scripts(desk: Desk) -> dict[str, Script]:
    """The scripts by the names that the dialplan calls them by."""
    return {"hotline": hotline(desk), "callout": callout(desk), "errand": errand(desk)}
