"""`tocsin pstn isdn`: the same telephone network behind a primary rate line, in a guest machine."""

from ivr.cli.common import Args, Verbs, group, verb
from ivr.cli.output import Exit


def add(verbs: Verbs) -> None:
    """Declare the group."""
    isdn = group(verbs, "isdn", "the same behind an ISDN line, without hardware")
    install = verb(isdn, "install", _install, "make the guest machine it runs in; needs no root")
    install.add_argument(
        "--mirror", metavar="URL", help="a Debian mirror; default: the one of this machine's apt"
    )


def _install(args: Args) -> int:
    from ivr.cli.pbx import configured_mirror
    from ivr.cli.progress import bars
    from ivr.pstn.isdn.install import install

    with bars() as report:
        machine = install(args.mirror or configured_mirror(args), report)
    print(machine.root)
    return Exit.DONE
