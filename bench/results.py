"""The results file of all benchmarks: build/bench/results.json.

Owns: its form, `{metric: {"value": ..., "unit": ..., "peer": ..., "n": ...}}`, and that each benchmark adds
its metrics to those of the others.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Metric:
    value: float
    unit: str
    peer: float | None
    """The same of what it is compared with; None: of nothing."""
    n: int
    """How many runs, or events, the value rests on."""


def record(metrics: dict[str, Metric], folder: Path = FOLDER) -> Path:
    """Put the metrics into the results file, beside those of other benchmarks."""
    file = folder / "results.json"
    folder.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known.update({name: asdict(metric) for name, metric in metrics.items()})
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(file)
    return file


def percentile(ascending: Sequence[float], share: int) -> float:
    """The least value that `share` % of all do not exceed."""
    return ascending[max(0, -(-len(ascending) * share // 100) - 1)]
