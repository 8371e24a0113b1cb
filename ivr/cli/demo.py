"""`tocsin demo`: a whole alert on the practice network, played and proven."""

import sys
from pathlib import Path

from ivr.cli.common import Args, Verbs, verb
from ivr.cli.output import Exit


def add(verbs: Verbs) -> None:
    demo = verb(verbs, "demo", _run, "play a whole alert on the practice network and prove it")
    demo.add_argument(
        "--phones", type=Path, required=True, metavar="FILE", help="the phones (docs/practice.md)"
    )
    demo.add_argument("--alert", type=Path, metavar="FILE", help="the alert's recording, 2 to 120 s of sound")
    demo.add_argument(
        "--out", type=Path, default=Path("build/demo"), metavar="DIR", help="where results are left"
    )


def _run(args: Args) -> int:
    from ivr.adapters.pbx.tree import find_programs
    from ivr.pstn.rehearsal import rehearse

    def tell(line: str) -> None:
        print(f"• {line}", file=sys.stderr, flush=True)

    judged = rehearse(find_programs(), args.phones, args.alert, args.out, tell)
    print()
    for check in judged:
        print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    failed = sum(not check.ok for check in judged)
    print(f"\n{len(judged) - failed} of {len(judged)} checks hold; see {args.out}/summary.json")
    return Exit.FAILED if failed else Exit.DONE
