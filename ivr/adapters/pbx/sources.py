"""Which Debian mirror the machine's own apt uses.

Reads both notations of sources.list(5). Knows nothing of what is fetched from the mirror, and names no host.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# An address apt fetches from, without blanks or control characters: it is written into files that apt reads.
# Not among them: cdrom: (asks for discs) and file: (apt then leaves the packages where they are).
ADDRESS = re.compile(r"(?!cdrom:|file:)[a-z][a-z+]*:/[!-~]+")

_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>.*)")
_SUITES = re.compile(
    r"((old){0,2}stable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)(-updates|-backports)?"
)
_NO = ("no", "false", "without", "off", "disable", "0")


@dataclass(frozen=True)
class Source:
    """One enabled entry for binary packages: one address, one suite."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""


def read_sources(list_file: Path, parts: Path) -> list[Source]:
    """Read sources.list and the `.list` and `.sources` files of the folder `parts`, in apt's order."""
    files = [list_file, *sorted([*parts.glob("*.list"), *parts.glob("*.sources")])]
    found: list[Source] = []
    for file in filter(Path.is_file, files):
        parse = parse_deb822 if file.suffix == ".sources" else parse_one_line
        found += parse(file.read_text(encoding="utf-8", errors="replace"))
    return found


def parse_deb822(text: str) -> Iterator[Source]:
    """Read a `.sources` file (sources.list(5), deb822-style format)."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        }
        enabled = " ".join(fields.get("enabled", [])).lower() not in _NO
        if not enabled or "deb" not in fields.get("types", []):
            continue
        components, signed_by = tuple(fields.get("components", [])), " ".join(fields.get("signed-by", []))
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield Source(uri, suite, components, signed_by)


def parse_one_line(text: str) -> Iterator[Source]:
    """Read a `.list` file (sources.list(5), one-line-style format)."""
    for line in text.splitlines():
        if found := _ONE_LINE.fullmatch(line.partition("#")[0].strip()):
            signed_by = re.search(r"signed-by=(\S+)", found["options"] or "", re.IGNORECASE)
            components = tuple(found["components"].split())
            yield Source(found["uri"], found["suite"], components, signed_by[1] if signed_by else "")


def debian_mirror(sources: Iterable[Source]) -> str | None:
    """Return the address of the Debian archive among `sources`, or None.

    Other vendors publish under paths that end in /debian too: where an entry names its key, the key decides,
    and an entry that names Debian's goes before one that names none.
    """
    found = sorted(filter(_is_debian, sources), key=lambda source: not source.signed_by)
    return found[0].uri if found else None


def _is_debian(source: Source) -> bool:
    if not ADDRESS.fullmatch(source.uri) or "main" not in source.components:
        return False
    path = urlsplit(source.uri).path.rstrip("/")
    if re.search(r"-(security|debug)\b", f"{path} {source.suite}"):
        return False
    if source.signed_by:
        return "debian-archive-" in source.signed_by
    # Cloud images name their mirrors in a file: mirror+file:/etc/apt/mirrors/debian.list
    return path.endswith(("/debian", "/debian.list")) and _SUITES.fullmatch(source.suite) is not None
