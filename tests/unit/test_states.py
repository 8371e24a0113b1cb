"""The state diagrams in the documentation are those of the code."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_diagrams_are_drawn_from_the_tables_as_they_are_now() -> None:
    drawn = runpy.run_path(str(DOCS / "make_states.py"))["render"]()

    assert (DOCS / "states.md").read_text(encoding="utf-8") == drawn, "run: python docs/make_states.py"


def test_the_ways_that_matter_are_in_the_diagrams() -> None:
    drawn = (DOCS / "states.md").read_text(encoding="utf-8")

    assert "    draft --> released: AlertReleased\n" in drawn
    assert "    waiting --> calling: CallPlaced" in drawn
    assert "    exhausted --> acknowledged: Acknowledged\n" in drawn
    assert "    queued --> submitted: SmsSubmitted\n" in drawn
