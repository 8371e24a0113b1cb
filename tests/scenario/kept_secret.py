"""What phones have keyed in secret, and where it could have been written down.

Owns: how single digits are put together again, channel by channel, from logs, traces and events.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from ivr.pstn.stage import Stage

_CHANNEL = re.compile(r"PJSIP/[\w@-]+|call \S+")
_KEY = re.compile(r"(\w+)\W{1,3}([0-9*#])(?![\w.:*#-])")
_SECRET = re.compile(r"(?<!\d)\d{6,10}(?=#)")
"""A PIN or a one-time code, as it is keyed: a UID is shorter, a number for questions longer."""


def keyed(stage: Stage) -> frozenset[str]:
    """The PINs and codes that the phones of this stage have keyed, by the exchange's record of every press:
    each put together of presses, and of what was keyed at once."""
    presses: dict[str, list[str]] = defaultdict(list)
    record = stage.home / "pstn/events.csv"
    if not record.exists():
        return frozenset()  # no phone was in a call: a caller of the test's own was
    with record.open(newline="", encoding="utf-8", errors="replace") as events:
        for event in csv.reader(events):
            if len(event) == 8 and event[6] == "pressed":
                presses[event[2]].append(json.loads(event[7])["extra"])
    calls = [between.join(keys) for keys in presses.values() for between in ("", " ")]
    return frozenset(secret for keys in calls for secret in _SECRET.findall(keys))


def found(secrets: Collection[str], text: str, records: Iterable[str]) -> set[str]:
    """Those that stand in `text` as a number of their own (the decimals of a time are none), or can be put
    together from its `records`."""
    alone = re.compile(rf"(?<![\d.])(?:{'|'.join(secrets)})(?!\d)")
    together = _keys_of_channels(records)
    return {*alone.findall(text), *(one for one in secrets if any(one in keys for keys in together))}


def written_down(secrets: Collection[str], stage: Stage) -> dict[str, set[str]]:
    """The files of the service and of its Asterisk that tell a secret, and which."""
    network = stage.home / "pstn"  # is not ours, and writes keys down on purpose
    files = [
        path
        for path in stage.home.rglob("*")
        if path.is_file() and path.suffix != ".wav" and network not in path.parents
    ]
    assert {"serve.log", "messages", "console", "tocsin.db"} <= {path.name for path in files}
    texts = {str(path): path.read_bytes().decode("latin-1") for path in files}
    told = {path: found(secrets, text, text.splitlines()) for path, text in texts.items()} if secrets else {}
    return {path: which for path, which in told.items() if which}


def keeps_secrets(stage: Stage) -> None:
    """To be asked of a stage whose story is over."""
    assert not written_down(keyed(stage), stage)


def _keys_of_channels(records: Iterable[str]) -> list[str]:
    """Single keys that stand behind the same word in the records of one channel, put together."""
    keys = defaultdict(str)
    for record in records:
        channel = _CHANNEL.search(record)
        first = record.strip().partition("\n")[0] if "\n" in record.strip() else ""
        for word, key in _KEY.findall(record):
            keys[channel and channel[0], first, word] += key
    return list(keys.values())
