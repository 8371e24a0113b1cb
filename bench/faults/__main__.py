"""Plays the fault matrix, or a part of it, and prints the table.

python -m bench.faults [--teams 60] [--lines 30] [--moments 3] [--seed 1] [--stages 2] [FAULT ...]
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.faults.breakage import FAULTS
from bench.faults.case import Case
from bench.faults.matrix import Matrix, Scale
from ivr.adapters.pbx.tree import PbxMissing, find_programs

HEAD = (
    f"{'fault':27}{'at s':>6}{'teams':>7}{'calls':>7}{'took s':>8}"
    f"{'in flight':>11}{'lost':>6}{'repeated':>10}{'over limit':>12}"
)


def row(case: Case) -> str:
    notes = "   ".join(filter(None, (case.means, "" if case.ok else "FAILED")))
    return (
        f"{case.fault:27}{case.moment_s:6.1f}{case.teams:7}{case.calls:7}{case.took_s:8.1f}{case.in_flight:11}"
        f"{case.lost:6}{case.repeated:10}{case.over_limit:12}   {notes}"
    ).rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.faults", description="the fault matrix on real Asterisk")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of: {', '.join(FAULTS)}; default: all")
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--moments", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stages", type=int, default=2, help="how many cases are played at a time")
    parser.add_argument("--out", type=Path, default=Path("build/faults"))
    args = parser.parse_args()
    if unknown := [fault for fault in args.faults if fault not in FAULTS]:
        parser.error(f"no such fault: {', '.join(unknown)}")
    try:
        programs = find_programs()
    except PbxMissing as missing:
        print(f"the fault matrix needs an Asterisk: {missing}", file=sys.stderr)
        return 69
    print(HEAD, flush=True)
    results = args.out / "results.json"
    scale = Scale(args.teams, args.lines, args.moments, args.seed, args.stages)
    matrix = Matrix(programs, (args.out / "work").absolute(), args.faults or list(FAULTS), scale)
    cases = []
    for case in matrix.run():
        cases.append(case)
        print(row(case), flush=True)
        document = {"cases": [asdict(case) for case in cases]}
        results.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    failed = sum(not case.ok for case in cases)
    met = sum(case.in_flight > 0 for case in cases)
    print(f"{len(cases)} cases, {met} of them while calls were up, {failed} failed: {results}")
    return 1 if failed or met <= len(cases) / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
