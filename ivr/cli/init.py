"""`tocsin init`: configuration, secrets, folders and database. Changes nothing that exists."""

import argparse
import json
import os
import secrets
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.common import Args, Verbs, not_for_root, verb
from ivr.cli.output import Exit, say

if TYPE_CHECKING:
    from ivr.config import Settings

_NETWORK = "Practice Network"
_HOTLINE = "+494066969100"


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    init = verb(
        verbs, "init", _init, "make configuration, secrets and database; bring an old database up to date"
    )
    init.add_argument("folder", metavar="DIR", nargs="?", type=Path, help="where, default: here")
    init.add_argument("--network", metavar="NAME", type=_network, help=f"name of the network ({_NETWORK})")
    init.add_argument("--hotline", metavar="NUMBER", type=_number, help=f"the hotline's number ({_HOTLINE})")


def _network(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 60:
        raise argparse.ArgumentTypeError("must be 1 to 60 printable characters")
    return text


def _number(text: str) -> str:
    from ivr.domain.number import subscriber

    try:
        return subscriber(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _init(args: Args) -> int:
    from ivr import bootstrap, config
    from ivr.adapters.store import migrate

    if args.folder is not None and args.config is not None:
        say("give either DIR or --config FILE: both say where the configuration is to be")
        return Exit.USAGE
    path = _configuration(args)
    _write_configuration(path, args.network or _NETWORK, args.hotline or _HOTLINE)
    settings = config.load(path)
    not_for_root(settings.state)
    _make_folders(settings)
    _make_secret(settings.secrets / "ami")
    store = bootstrap.open_store(settings)
    try:
        migrate.upgrade(store)
    finally:
        store.close()
    say(f"ready: {path}; next: `tocsin team import FILE`, `tocsin doctor`")
    return Exit.DONE


def _configuration(args: Args) -> Path:
    """The configuration that every other verb would take, or where it is to be."""
    from ivr import config

    if args.folder is not None:
        return Path(args.folder, "config", "tocsin.yaml")
    try:
        return config.locate(args.config)
    except config.BadConfig:
        return Path("config", "tocsin.yaml")


def _write_configuration(path: Path, network: str, hotline: str) -> None:
    if path.exists():
        say(f"{path} is there and stays as it is")
        return
    text = resources.files("ivr.cli").joinpath("tocsin.example.yaml").read_text(encoding="utf-8")
    # A JSON string is a YAML string.
    for key, default, chosen in (("name", _NETWORK, network), ("hotline", _HOTLINE, hotline)):
        text = text.replace(f'  {key}: "{default}"', f"  {key}: {json.dumps(chosen, ensure_ascii=False)}", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(f"wrote {path}: look through it")


def _make_folders(settings: "Settings") -> None:
    for folder in (settings.state, settings.recordings, settings.secrets):
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
    if settings.secrets.stat().st_mode & 0o077:
        say(f"{settings.secrets}: others may look into it; run: chmod 700 '{settings.secrets}'")


def _make_secret(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(24) + "\n")
