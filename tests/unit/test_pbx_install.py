"""What the machine's apt says, and what is made of it; the tree's programs and an installed Asterisk's.

Nothing here touches a network or the private tree.
"""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from ivr.adapters.pbx import tree as pbx_tree
from ivr.adapters.pbx.apt import Package, PrivateApt, explain, machine_mirror, parse_status, parse_uris
from ivr.adapters.pbx.install import PACKAGES, InstallError, Progress, install, settle
from ivr.adapters.pbx.sources import Source, debian_mirror, parse_deb822, parse_one_line, read_sources
from ivr.adapters.pbx.tree import STAMP, PbxMissing, System, Tree, default_root, find_programs

DEB822 = """\
Types: deb deb-src
# URIs: http://old.example/debian
URIs: http://mirror.example/debian
Suites: trixie
  trixie-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://source.example/debian
Suites: trixie
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
"""


class TestSources:
    def test_deb822_yields_each_suite_of_enabled_binary_entries(self) -> None:
        found = list(parse_deb822(DEB822))

        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        assert found == [
            Source("http://mirror.example/debian", "trixie", ("main", "contrib"), keyring),
            Source("http://mirror.example/debian", "trixie-updates", ("main", "contrib"), keyring),
            Source("http://mirror.example/debian-security", "trixie-security", ("main",), keyring),
        ]

    def test_one_line_yields_options_and_ignores_comments_sources_and_nonsense(self) -> None:
        text = (
            "# deb http://off.example/debian bookworm main\n"
            "deb-src http://mirror.example/debian bookworm main\n"
            "deb [ arch=amd64 signed-by=/k/debian-archive-keyring.gpg ] http://a.example/debian/ sid main #\n"
            "deb\thttp://b.example/debian bookworm-updates main non-free\n"
            "deb cdrom:[Debian GNU/Linux 12]/ bookworm main\n"
            "deb\n"
        )

        first, second, disc = parse_one_line(text)

        assert first == Source("http://a.example/debian/", "sid", ("main",), "/k/debian-archive-keyring.gpg")
        assert second == Source("http://b.example/debian", "bookworm-updates", ("main", "non-free"))
        assert debian_mirror([disc]) is None

    def test_files_of_both_notations_are_read_and_others_are_not(self, tmp_path: Path) -> None:
        parts = tmp_path / "with space"
        parts.mkdir()
        (parts / "a.list").write_text("deb http://a.example/debian sid main\n")
        (parts / "b.sources").write_text(
            "Types: deb\nURIs: http://b.example/debian\nSuites: sid\nComponents: main\n"
        )
        (parts / "c.list.save").write_text("deb http://c.example/debian sid main\n")

        found = read_sources(tmp_path / "absent", parts)

        assert [source.uri for source in found] == ["http://a.example/debian", "http://b.example/debian"]


class TestDebianMirror:
    @pytest.mark.parametrize(
        "line",
        [
            "deb http://mirror.example/debian bookworm main",
            "deb https://mirror.example/some/where/debian/ stable main contrib",
            "deb mirror+file:/etc/apt/mirrors/debian.list trixie main",
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.pgp] http://p.example/proxied/ x main",
        ],
    )
    def test_debian_is_found(self, line: str) -> None:
        assert debian_mirror(parse_one_line(line)) == line.split(" ")[-3 - line.endswith("contrib")]

    @pytest.mark.parametrize(
        "line",
        [
            "deb http://mirror.example/debian-security bookworm-security main",
            "deb http://mirror.example/debian bookworm-security main",
            "deb http://mirror.example/debian-debug bookworm-debug main",
            "deb http://mirror.example/ubuntu noble main universe",
            "deb http://vendor.example/linux/debian bookworm stable",
            "deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/debian bookworm main",
            "deb http://vendor.example/debian vendor-7 main",
            "deb file:/srv/debian bookworm main",
        ],
    )
    def test_others_are_not(self, line: str) -> None:
        (source,) = parse_one_line(line)
        assert debian_mirror([source]) is None

    def test_an_entry_with_debians_key_goes_before_one_with_none(self) -> None:
        sources = [
            Source("http://vendor.example/debian", "bookworm", ("main",)),
            Source("http://mirror.example/debian", "bookworm", ("main",), "debian-archive-keyring.gpg"),
        ]
        assert debian_mirror(sources) == "http://mirror.example/debian"


class TestAptWords:
    @pytest.mark.parametrize(
        ("line", "per_cent"),
        [
            ("dlstatus:3:93.3333:Retrieving file 3 of 3\n", 93.3333),
            ("dlstatus:1:0:Retrieving file 1 of 187 (2min 3s remaining)", 0.0),
            ("dlstatus:1:250.0:x", 100.0),
            ("pmstatus:dpkg-exec:50.0:Running dpkg", None),
            ("dlstatus:1:nan:x", None),
            ("", None),
        ],
    )
    def test_status_lines(self, line: str, per_cent: float | None) -> None:
        assert parse_status(line) == per_cent

    def test_uris(self) -> None:
        text = (
            "Reading package lists...\n"
            "'http://m.example/debian/pool/sox_14%2bds1-1_amd64.deb' sox_14+ds1-1_amd64.deb 146624 MD5Sum:0\n"
            "'http://m.example/x.deb' x_1%3a2_all.deb 7 SHA256:0\n"
        )
        assert parse_uris(text) == [Package("sox_14+ds1-1_amd64.deb", 146624), Package("x_1%3a2_all.deb", 7)]

    @pytest.mark.parametrize(
        ("said", "advice"),
        [
            (
                "Err:1 http://m.example/debian forky InRelease\n  Could not connect to m.example:9\n"
                "E: Failed to fetch http://m.example/debian/dists/forky/InRelease  Could not connect\n",
                "check the network",
            ),
            (
                "Err:1 http://m.example/debian forky InRelease\n  The following signatures couldn't be "
                "verified because the public key is not available: NO_PUBKEY 6ED0\n"
                "E: The repository 'http://m.example/debian forky InRelease' is not signed.\n",
                "debian-archive-keyring",
            ),
            (
                "E: The repository 'http://m.example/debian forky Release' does not have a Release file.\n",
                "has no suite",
            ),
            (
                "E: Release file for http://m.example/x is not valid yet (invalid for another 3d).\n",
                "clock",
            ),
            ("E: You don't have enough free space in /x/archives/.\n", "disk"),
            ("E: A riddle\nE: second line\n", "apt-get failed: A riddle"),
            ("", "does not say why"),
        ],
    )
    def test_trouble_becomes_one_line_of_advice(self, said: str, advice: str) -> None:
        told = explain(said, "http://m.example/debian")
        assert advice in told
        assert "\n" not in told

    def test_a_password_is_not_repeated(self) -> None:
        mirror = "http://me:secret@m.example/debian"
        for said in (f"E: Failed to fetch {mirror}/x", f"E: strange {mirror}/x"):
            assert "secret" not in explain(said, mirror)
            assert "m.example" in explain(said, mirror)


@pytest.mark.skipif(not shutil.which("apt-config"), reason="needs apt, as on Debian and Ubuntu")
class TestTheMachinesApt:
    @pytest.fixture
    def configure(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        parts = tmp_path / "sources"
        parts.mkdir()
        (tmp_path / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{tmp_path}/none";\nDir::Etc::sourceparts "{parts}";\n'
            'Acquire::http::Proxy "http://proxy.example:3128";\n'
            'APT::Update::Post-Invoke {"touch /tmp/never";};\n'
        )
        monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
        return parts

    def test_its_mirror_is_taken(self, configure: Path) -> None:
        (configure / "debian.sources").write_text(DEB822)
        assert machine_mirror() == "http://mirror.example/debian"

    def test_without_a_debian_mirror_the_setting_is_named(self, configure: Path) -> None:
        (configure / "ubuntu.list").write_text("deb http://mirror.example/ubuntu noble main\n")
        with pytest.raises(InstallError, match=r"--mirror \S+, or set pbx\.mirror"):
            machine_mirror()

    @pytest.mark.skipif(
        not Path("/usr/share/keyrings/debian-archive-keyring.gpg").is_file(),
        reason="needs the package debian-archive-keyring",
    )
    def test_its_proxy_is_kept_and_its_hooks_are_not(self, configure: Path, tmp_path: Path) -> None:
        home = tmp_path / "a $home"
        PrivateApt(home, "http://mirror.example/debian").prepare()

        env = os.environ | {"APT_CONFIG": str(home / "apt.conf"), "LC_ALL": "C"}
        done = subprocess.run(["apt-config", "dump"], env=env, capture_output=True, text=True, check=True)

        assert 'Acquire::http::Proxy "http://proxy.example:3128";' in done.stdout
        assert f'Dir::State::lists "{home}/lists";' in done.stdout
        assert "Invoke" not in done.stdout
        assert done.stderr == ""


class TestRefusals:
    @pytest.mark.parametrize(
        "mirror",
        [
            "mirror.example/debian",
            "http://m.example/debian\nSigned-By: x",
            "file:/srv/debian",
            "cdrom:/x",
            "http://a b",
        ],
    )
    def test_a_mirror_that_apt_could_misread(self, tmp_path: Path, mirror: str) -> None:
        with pytest.raises(InstallError, match=r"pbx\.mirror"):
            PrivateApt(tmp_path / "apt", mirror).prepare()
        assert not (tmp_path / "apt").exists()

    @pytest.mark.parametrize("name", ['quo"te', "co:lon", "semi;colon", "new\nline"])
    def test_a_folder_that_apt_or_asterisk_could_misread(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(InstallError, match="plainer path"):
            PrivateApt(tmp_path / name, "http://m.example/debian").prepare()

    def test_a_folder_that_holds_something_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("unfinished")
        with pytest.raises(InstallError, match="holds something else"):
            install(tmp_path, "http://m.example/debian", print)
        assert (tmp_path / "thesis.txt").read_text() == "unfinished"


def make_tree(root: Path, triplet: str, loader: str) -> Tree:
    libraries = root / "usr/lib" / triplet
    libraries.mkdir(parents=True)
    (libraries / loader).touch()
    (root / "usr/lib/ssl").mkdir()
    for program in ("usr/sbin/asterisk", "usr/bin/flite"):
        (root / program).parent.mkdir(exist_ok=True)
        (root / program).touch()
    sounds = root / "usr/share/asterisk/sounds/en_US_f_Allison"
    sounds.mkdir(parents=True)
    (sounds / "beep.wav").touch()
    recipe = {"suite": "forky", "packages": list(PACKAGES), "versions": {"asterisk": "22.10.1"}}
    (root / STAMP).write_text(json.dumps(recipe))
    return Tree(root)


class TestTree:
    @pytest.mark.parametrize(
        ("triplet", "loader"),
        [("x86_64-linux-gnu", "ld-linux-x86-64.so.2"), ("aarch64-linux-gnu", "ld-linux-aarch64.so.1")],
    )
    def test_programs_run_through_the_trees_own_loader(
        self, tmp_path: Path, triplet: str, loader: str
    ) -> None:
        root = tmp_path / "a folder"
        tree = make_tree(root, triplet, loader)

        argv = tree.argv("asterisk", "-C", "conf")

        libraries = root / "usr/lib" / triplet
        assert argv[:2] == [str(libraries / loader), "--library-path"]
        assert argv[2].split(":")[0] == str(libraries)
        assert argv[3:] == [str(root / "usr/sbin/asterisk"), "-C", "conf"]
        assert tree.argv("flite")[3] == str(root / "usr/bin/flite")
        assert tree.modules == libraries / "asterisk/modules"
        assert tree.version == "22.10.1"

    def test_sounds_are_the_real_folder(self, tmp_path: Path) -> None:
        tree = make_tree(tmp_path, "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
        (tree.data / "sounds/en").symlink_to("en_US_f_Allison")
        assert tree.sounds == (tree.data / "sounds/en_US_f_Allison").resolve()

    def test_a_dead_link_to_the_sounds_does_no_harm(self, tmp_path: Path) -> None:
        tree = make_tree(tmp_path, "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
        (tree.data / "sounds/en").symlink_to("/nowhere/en_US_f_Allison")
        assert tree.sounds == (tree.data / "sounds/en_US_f_Allison").resolve()

    def test_settling_keeps_links_inside_and_takes_privileges_away(self, tmp_path: Path) -> None:
        tree = make_tree(tmp_path / "before", "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
        (tree.root / "usr/bin/flite").chmod(0o4755)
        (tree.root / "usr/share/flite").symlink_to("/usr/bin/flite")

        settle(tree.root)
        moved = Tree(tree.root.rename(tmp_path / "after"))

        assert (moved.root / "usr/share/flite").resolve() == (moved.root / "usr/bin/flite").resolve()
        assert stat.S_IMODE((moved.root / "usr/bin/flite").stat().st_mode) == 0o755
        assert (moved.data / "sounds/en/beep.wav").is_file()

    def test_what_is_missing_is_named_with_the_cure(self, tmp_path: Path) -> None:
        tree = make_tree(tmp_path, "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
        with pytest.raises(PbxMissing, match=r"sox.*: run `tocsin pbx install`"):
            tree.argv("sox")
        with pytest.raises(PbxMissing, match="run `tocsin pbx install`"):
            _ = Tree(tmp_path / "none").version

    def test_a_whole_tree_is_not_installed_again(self, tmp_path: Path) -> None:
        make_tree(tmp_path, "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
        reports: list[Progress] = []

        installed = install(tmp_path, "no address at all", reports.append)

        assert not installed.fresh
        assert installed.versions["asterisk"] == "22.10.1"
        assert reports == []


class TestWhereItIs:
    def test_cache_folders_in_their_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        monkeypatch.setenv("TOCSIN_CACHE", str(tmp_path / "own"))
        assert default_root() == tmp_path / "own/pbx"
        monkeypatch.delenv("TOCSIN_CACHE")
        assert default_root() == tmp_path / "xdg/tocsin/pbx"
        for unusable in ("", "relative/path"):
            monkeypatch.setenv("XDG_CACHE_HOME", unusable)
            assert default_root() == tmp_path / ".cache/tocsin/pbx"

    def test_the_private_tree_goes_first(self, tmp_path: Path) -> None:
        tree = make_tree(tmp_path, "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
        assert find_programs(tmp_path) == tree


class TestInstalledAsterisk:
    @pytest.fixture
    def prefix(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        prefix = tmp_path / "usr"
        for folder in ("sbin", "lib/x86_64-linux-gnu/asterisk/modules", "share/asterisk/sounds/en"):
            (prefix / folder).mkdir(parents=True)
        (prefix / "lib/x86_64-linux-gnu/asterisk/modules/app_dial.so").touch()
        (prefix / "share/asterisk/sounds/en/beep.gsm").touch()
        for program in ("asterisk", "flite", "sox"):
            self.program(prefix, program, "echo 'Asterisk 20.5.2~dfsg+~cs6.13-1'")
        monkeypatch.setattr(
            pbx_tree, "_ADMIN_PATHS", ()
        )  # what this machine has installed is not the question
        monkeypatch.setenv("PATH", str(prefix / "sbin"))
        return prefix

    @staticmethod
    def program(prefix: Path, name: str, does: str) -> None:
        (prefix / "sbin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (prefix / "sbin" / name).chmod(0o755)

    def test_it_serves_where_there_is_no_tree(self, prefix: Path, tmp_path: Path) -> None:
        programs = find_programs(tmp_path / "no tree")

        assert isinstance(programs, System)
        assert programs.version == "20.5.2"
        assert programs.modules == prefix / "lib/x86_64-linux-gnu/asterisk/modules"
        assert programs.data == prefix / "share/asterisk"
        assert programs.sounds == prefix / "share/asterisk/sounds/en"
        assert programs.argv("sox", "--version") == [str(prefix / "sbin/sox"), "--version"]

    @pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
    def test_it_serves_where_the_cache_is_closed_to_us(self, prefix: Path, tmp_path: Path) -> None:
        home = tmp_path / "home of another"
        home.mkdir(mode=0)
        assert isinstance(find_programs(home / "pbx"), System)

    @pytest.mark.parametrize("said", ["Asterisk 18.10.0", "Asterisk certified/18.9-cert4"])
    def test_an_old_one_is_refused(self, prefix: Path, said: str) -> None:
        self.program(prefix, "asterisk", f"echo '{said}'")
        with pytest.raises(PbxMissing, match="older than 20"):
            System.find()

    @pytest.mark.parametrize("does", ["exit 1", "echo strange", "echo broken >&2; exit 127"])
    def test_one_that_does_not_run_is_refused(self, prefix: Path, does: str) -> None:
        self.program(prefix, "asterisk", does)
        with pytest.raises(PbxMissing, match="does not run"):
            System.find()

    @pytest.mark.parametrize("program", ["asterisk", "flite", "sox"])
    def test_a_missing_program_is_named(self, prefix: Path, tmp_path: Path, program: str) -> None:
        (prefix / "sbin" / program).unlink()
        with pytest.raises(PbxMissing, match=f"{program} is not installed: run `tocsin pbx install`"):
            find_programs(tmp_path / "no tree")
