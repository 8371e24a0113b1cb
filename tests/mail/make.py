"""Writes the corpus anew: `python tests/mail/make.py`. Needs gpg and openssl.

Owns: the layout that tests/corpus.py reads. The keys stay as they are; whoever wants others removes them.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "contract"), str(HERE.parents[1])]

import mail_attacks  # noqa: E402 - found by the path above
import pgp_around  # noqa: E402
import pgp_signers  # noqa: E402
import pgp_within  # noqa: E402
import practice_keys  # noqa: E402
import programs_openpgp  # noqa: E402
import programs_smime  # noqa: E402
import smime_around  # noqa: E402
import smime_within  # noqa: E402
import yaml  # noqa: E402
from corpus import FOLDER, KEYS  # noqa: E402
from pairs import Attacks, Pair, words  # noqa: E402
from practice_keys import SIGNED, House  # noqa: E402
from programs import TEXT  # noqa: E402

from ivr.domain.mail import Standard  # noqa: E402

ON_THE_WAY = timedelta(minutes=5)
Maker = TypeVar("Maker")
Kept = tuple[str, dict[str, bytes], dict[str, Any]]
"""The folder of a pair or mail, its files, and its entry in the index."""


def main() -> None:
    if not KEYS.exists():
        practice_keys.make()
    with tempfile.TemporaryDirectory(prefix="mail-") as folder, practice_keys.house(Path(folder)) as house:
        _write("attacks", ((_place(name, pair), *_kept(pair)) for name, pair in _pairs(house)))
        _write("programs", _programs(house))


def _pairs(house: House) -> Iterator[tuple[str, Pair]]:
    for openpgp in (pgp_around.attack, pgp_within.attack, pgp_signers.attack):
        yield from _by(openpgp, house.pgp, Standard.OPENPGP, "xyz-cert", SIGNED)
    for smime in (smime_around.attack, smime_within.attack):
        yield from _by(smime, house.smime, Standard.SMIME, "def-cert", house.now)
    yield from mail_attacks.made(house)


def _by(
    attacks: Attacks[Maker], maker: Maker, standard: Standard, by: str, signed: datetime
) -> Iterator[tuple[str, Pair]]:
    for name, (group, reason, make) in attacks.made.items():
        bad, good = make(maker)
        yield name, Pair(group, words(name, make), reason, standard, by, bad, good, signed + ON_THE_WAY)


def _programs(house: House) -> Iterator[Kept]:
    for standard, by, at, made in (
        (Standard.OPENPGP, "xyz-cert", SIGNED, programs_openpgp.made(house.pgp)),
        (Standard.SMIME, "def-cert", house.now, programs_smime.made(house.smime, house.now)),
    ):
        for name, mail in made.items():
            entry = {
                "by": by, "at": _stamp(at + ON_THE_WAY), "title": mail.title, "text": TEXT,
                "warnings": list(mail.warnings),
            }  # fmt: skip
            yield f"{standard}/{name}", {"mail.eml": mail.raw}, entry


def _kept(pair: Pair) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of a pair, and its entry in the index."""
    entry = {
        "class": pair.group, "reason": str(pair.reason), "differs": pair.differs, "by": pair.by,
        "at": _stamp(pair.at),
    }  # fmt: skip
    if pair.attack_at is not None:
        entry["attack-at"] = _stamp(pair.attack_at)
    if pair.is_replay:
        entry["replay"] = "its twin was taken before"
    return {"attack.eml": pair.attack, "benign.eml": pair.benign}, entry


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _place(name: str, pair: Pair) -> str:
    return f"{pair.standard}/{name.replace('_', '-')}"


def _write(part: str, found: Iterable[Kept]) -> None:
    shutil.rmtree(FOLDER / part, ignore_errors=True)
    (FOLDER / part).mkdir()
    index = {}
    for name, files, index[name] in found:
        (FOLDER / part / name).mkdir(parents=True)
        for file, raw in files.items():
            (FOLDER / part / name / file).write_bytes(raw)
    text = yaml.safe_dump(dict(sorted(index.items())), sort_keys=False, allow_unicode=True, width=110)
    (FOLDER / part / "index.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
