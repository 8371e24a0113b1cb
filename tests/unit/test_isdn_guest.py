"""The guest as it is found, and how it is started. That it works is shown by tests/scenario/test_isdn.py."""

import json
from pathlib import Path

import pytest

from ivr.pstn.isdn import install
from ivr.pstn.isdn.exchange import channels
from ivr.pstn.isdn.guest import Guest, GuestFailed, Machine


def stamped(root: Path, **other: object) -> Path:
    root.mkdir()
    recipe = {**install.recipe(), **other}
    (root / install.STAMP).write_text(json.dumps(recipe), encoding="utf-8")
    return root


def test_a_guest_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(install.IsdnMissing, match="run `make isdn`"):
        install.find(tmp_path)


def test_a_guest_of_another_recipe_is_none(tmp_path: Path) -> None:
    assert install.find(stamped(tmp_path / "whole")).root == tmp_path / "whole"
    with pytest.raises(install.IsdnMissing):
        install.find(stamped(tmp_path / "old", packages=["asterisk"]))


def test_a_guest_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    root = stamped(tmp_path / "isdn")
    assert install.install("no mirror at all", lambda progress: None, root).root == root


def test_channels_as_dahdi_lists_them() -> None:
    assert [channels(lines) for lines in (1, 15, 16, 30)] == ["1-1", "1-15", "1-15,17-17", "1-15,17-31"]


def machine(root: Path, qemu: str) -> Machine:
    """A guest whose qemu is a script."""
    for folder in ("usr/bin", "usr/lib/x86_64-linux-gnu", "modules"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin/busybox").write_bytes(b"")
    (root / "modules/order").write_text("")
    (root / "usr/bin/qemu-system-x86_64").write_text(qemu)
    loader = root / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"  # is called with the program behind it
    loader.write_text('#!/bin/sh\nshift 2\nexec sh "$@"\n')
    loader.chmod(0o755)
    return Machine(root)


def test_a_guest_that_does_not_start(tmp_path: Path) -> None:
    log = tmp_path / "guest.log"
    with pytest.raises(GuestFailed, match=r"does not start; see .*guest\.log"):
        Guest(machine(tmp_path / "isdn", "echo no memory >&2; exit 1"), log).__enter__()
    assert log.read_text() == "no memory\n"


def test_what_is_shared_may_have_a_comma_in_its_path(tmp_path: Path) -> None:
    log, share = tmp_path / "guest.log", tmp_path / "a stage, with a comma"
    guest = Guest(machine(tmp_path / "isdn", 'printf "%s\\n" "$@"'), log, {share: "/there"}, [5038])
    with pytest.raises(GuestFailed):
        guest.__enter__()
    argv = log.read_text().splitlines()
    assert f"local,path={tmp_path}/a stage,, with a comma,mount_tag=share0" in "\n".join(argv)
    assert "user,model=virtio-net-pci,ipv6=off,hostfwd=tcp:127.0.0.1:5038-10.0.2.15:5038" in argv
    assert argv[argv.index("-run-with") + 1] == "exit-with-parent=on"
