"""`tocsin prompt`: the spoken texts and the names of teams, and human voices for them."""

import argparse
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.common import Args, House, Verbs, answers, group, house, verb
from ivr.cli.output import Exit, cell, document, say, table

if TYPE_CHECKING:
    from ivr.adapters.speech.voice import Voice

_LOOK_S = 0.3
_NAMES = "names/"


def add(verbs: Verbs) -> None:
    """Declare the group."""
    prompt = group(verbs, "prompt", "the spoken texts, and human voices for them")
    verb(prompt, "list", _list, "every text, and the name of every team", reads=True)

    importing = verb(prompt, "import", _import, "have a text spoken by a recording", reads=True)
    _id(importing)
    importing.add_argument("file", metavar="FILE", type=Path, help="the recording, WAV")

    _id(verb(prompt, "record", _record, "record a text by telephone", reads=True))
    _id(verb(prompt, "remove", _remove, "go back from a recording to the generated voice", reads=True))


def _id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the text's id, or names/TEAM")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing that is spoken."""

    id: str
    text: str
    """As it is to be spoken by a person."""
    english: str
    """As the synthetic voice speaks it."""
    language: str
    """Of `text`: English where the language of the network has no words for it."""
    recorded_in: str
    """The language of its recording, if it has one."""
    sound: Path

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "text": self.text,
            "language": self.language,
            "spoken_in": self.spoken_in,
            "source": "file" if self.is_recorded else "generated",
            "duration_s": self.duration_s,
        }

    @property
    def is_recorded(self) -> bool:
        from ivr.adapters.speech.voice import recording

        return recording(self.sound).is_file()

    @property
    def spoken_in(self) -> str:
        """The language in which callers hear it: the generated voice speaks English alone."""
        from ivr.adapters.speech.texts import ENGLISH

        return self.recorded_in if self.is_recorded else ENGLISH

    @property
    def duration_s(self) -> float | None:
        """None where there is no sound: not made yet, or a name that is spelled."""
        try:
            with wave.open(str(self.sound)) as file:
                return int(file.getnframes() * 100 / file.getframerate()) / 100
        except FileNotFoundError:
            return None


def prompts(here: House) -> dict[str, Prompt]:
    """All there are, by id: the texts in the order of the calls, then the names of the teams."""
    from ivr.adapters.speech.texts import ENGLISH, texts, translated
    from ivr.domain.records import Team

    chosen = here.settings
    own = translated(chosen)
    found = {}
    for name, english in texts(chosen).items():
        language = chosen.language if name in own else ENGLISH
        sound = chosen.sounds / chosen.language / f"{name}.wav"
        found[name] = Prompt(name, own.get(name, english), english, language, chosen.language, sound)
    with here.store.read() as tx:
        teams = tx.find(Team)
    for team in teams:
        spoken = team.spoken or team.name
        sound = chosen.sounds / "names" / f"{team.id}.wav"
        found[f"{_NAMES}{team.id}"] = Prompt(f"{_NAMES}{team.id}", spoken, spoken, ENGLISH, ENGLISH, sound)
    return found


def _chosen(args: Args, here: House) -> Prompt:
    from ivr.services.report import NotThere

    found = prompts(here).get(args.id)
    if found is None:
        raise NotThere(f"there is no text {args.id}; `tocsin prompt list` shows those there are")
    return found


def _list(args: Args) -> int:
    with house(args) as here:
        found = list(prompts(here).values())
    if args.json:
        document([one.as_json() for one in found])
    else:
        rows = [
            tuple(cell(one.as_json()[k]) for k in ("id", "source", "spoken_in", "duration_s", "text"))
            for one in found
        ]
        table(("ID", "SOURCE", "SPOKEN IN", "SECONDS", "TEXT"), rows)
    return Exit.DONE


def _voice(here: House) -> "Voice":
    from ivr.adapters.pbx.tree import find_programs
    from ivr.adapters.speech.voice import Voice

    return Voice(find_programs(), here.settings)


def _import(args: Args) -> int:
    with house(args) as here:
        chosen = _chosen(args, here)
        _voice(here).replace(chosen.sound, args.file)
    return _done(args, chosen)


def _remove(args: Args) -> int:
    with house(args) as here:
        chosen = _chosen(args, here)
        if not chosen.is_recorded:
            say(f"{chosen.id} has no recording; it is spoken by the generated voice")
            return Exit.FAILED
        _voice(here).restore(chosen.sound, chosen.english)
    return _done(args, chosen)


def _done(args: Args, chosen: Prompt) -> int:
    how = "by a recording" if chosen.is_recorded else "by the generated voice"
    say(f"{chosen.id} is spoken {how} from the next call on")
    if args.json:
        document(chosen.as_json())
    return Exit.DONE


def _record(args: Args) -> int:
    """Show a code, wait for what comes back for it, and take it over as `import` does."""
    from ivr.services.studio import Studio

    with house(args) as here:
        chosen, voice = _chosen(args, here), _voice(here)
        if not answers(here.settings.pbx.agi_port):
            say("the service does not run, and nobody can call it: run `tocsin serve`")
            return Exit.AWAY
        studio = Studio(here.settings.state / "studio")
        order = studio.order(str(chosen.sound.with_suffix("")))
        try:
            say(f"the text: {chosen.text}")
            say(f"call {here.settings.network.hotline}, log in, press 6, and key in {order.code} and hash")
            while (recording := studio.delivered(order)) is None:
                if not studio.is_open(order):
                    say("nobody has recorded it in a quarter of an hour; to try again, run this once more")
                    return Exit.FAILED
                time.sleep(_LOOK_S)
            voice.replace(chosen.sound, recording)
        finally:
            studio.close(order)
    return _done(args, chosen)
