"""`tocsin pbx`: the Asterisk behind the service, a private one to practise with or one of your own."""

from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.common import Args, House, Verbs, group, house, settings, verb
from ivr.cli.output import Exit, document, say

if TYPE_CHECKING:
    from ivr.adapters.pbx.process import PbxProcess
    from ivr.config import Settings
    from ivr.ports import Programs


def add(verbs: Verbs) -> None:
    """Declare the group."""
    pbx = group(verbs, "pbx", "the Asterisk behind the service")
    install = verb(pbx, "install", _install, "unpack a private Asterisk, flite and sox; needs no root")
    install.add_argument(
        "--mirror", metavar="URL", help="a Debian mirror; default: the one of this machine's apt"
    )
    render = verb(
        pbx, "render", _render, "write Asterisk's configuration, and make the spoken texts and names"
    )
    render.add_argument("--into", metavar="DIR", type=Path, help="default: the folder of `tocsin pbx start`")
    verb(pbx, "start", _start, "render, and start the private Asterisk, on 127.0.0.1")
    verb(pbx, "stop", _stop, "end the private Asterisk, and every call with it")
    verb(pbx, "status", _status, "whether it runs; exits 1 if not", reads=True)


def _install(args: Args) -> int:
    from ivr.adapters.pbx.install import install
    from ivr.adapters.pbx.tree import default_root
    from ivr.cli.progress import bars

    with bars() as report:
        done = install(default_root(), args.mirror or configured_mirror(args), report)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(done.versions.items()))
    print(f"{'installed in' if done.fresh else 'is there already:'} {done.tree.root}: {versions}")
    return Exit.DONE


def configured_mirror(args: Args) -> str | None:
    """The configuration may name a mirror, but installing comes before there needs to be one."""
    from ivr.config import BadConfig, load, locate

    try:
        path = locate(args.config)
    except BadConfig:
        return None
    return load(path).pbx.mirror


def _render(args: Args) -> int:
    from ivr.adapters.pbx.tree import find_programs

    with house(args) as here:
        into = args.into or home(here.settings)
        _make(here, find_programs(), into)
    print(into)
    return Exit.DONE


def home(chosen: "Settings") -> Path:
    """Where the private Asterisk's configuration is."""
    return (chosen.state / "asterisk").resolve()


def _make(here: House, programs: "Programs", into: Path) -> None:
    from ivr.adapters.pbx.render import render
    from ivr.adapters.speech.voice import Voice
    from ivr.cli.progress import prompts
    from ivr.cli.team import speak_names
    from ivr.domain.records import Team

    with prompts() as report:
        Voice(programs, here.settings).render_all(report)
    with here.store.read() as tx:
        teams = tx.find(Team)
    speak_names(here.settings, teams)
    render(here.settings, programs, into)


def process(chosen: "Settings") -> "PbxProcess":
    """The private Asterisk of this configuration. Raises PbxMissing."""
    from ivr.adapters.pbx.process import PbxProcess, run_folder
    from ivr.adapters.pbx.tree import find_programs

    return PbxProcess(find_programs(), home(chosen), run_folder(home(chosen)))


def _start(args: Args) -> int:
    from ivr.adapters.pbx.tree import find_programs

    with house(args) as here:
        _make(here, find_programs(), home(here.settings))
    asterisk = process(here.settings)
    asterisk.start()
    print(asterisk.status())
    return Exit.DONE


def _stop(args: Args) -> int:
    process(settings(args)).stop()
    say("Asterisk is not running any more")
    return Exit.DONE


def _status(args: Args) -> int:
    asterisk = process(settings(args))
    if args.json:
        document({"running": asterisk.pid is not None, "pid": asterisk.pid, "status": asterisk.status()})
    else:
        print(asterisk.status())
    return Exit.DONE if asterisk.pid is not None else Exit.FAILED
