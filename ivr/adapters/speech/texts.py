"""The catalogue of spoken texts, by language, as this network speaks them.

Owns: where a language's texts are, and what fills their placeholders. English is complete, ships with the
program, and stands in for whatever another language lacks.
"""

from collections.abc import Mapping
from importlib import resources

from ivr import yamlfile
from ivr.config import Settings

ENGLISH = "en"
_DIGITS = "zero one two three four five six seven eight nine".split()


class SpeechError(Exception):
    """A text or a recording cannot be made into sound; the message is one line that says what to do."""


def catalogue(language: str) -> Mapping[str, str]:
    """The texts of a `language` that ships with the program, id -> text with placeholders. Raises BadFile."""
    file = resources.files("prompts").joinpath(f"{language}.yaml")
    return yamlfile.parse(file.read_text(encoding="utf-8"), Mapping[str, str], f"prompts/{language}.yaml")  # type: ignore[type-abstract]


def texts(settings: Settings) -> dict[str, str]:
    """The English texts as this network speaks them. One that needs a number the network has not is left out.

    Raises SpeechError, BadFile.
    """
    return _filled(catalogue(ENGLISH), settings, "en.yaml")


def translated(settings: Settings) -> dict[str, str]:
    """What there is of them in the language of this network: of a language that does not ship, the file
    `prompts/LANGUAGE.yaml` beside the configuration. Raises SpeechError, BadFile."""
    language = settings.language
    if resources.files("prompts").joinpath(f"{language}.yaml").is_file():
        return _filled(catalogue(language), settings, f"{language}.yaml")
    path = settings.path.parent / "prompts" / f"{language}.yaml"
    found = yamlfile.read(path, Mapping[str, str])  # type: ignore[type-abstract]
    if unknown := found.keys() - catalogue(ENGLISH).keys():
        raise SpeechError(
            f"{path}: {min(unknown)} is no text of ours; `tocsin prompt list` shows those there are"
        )
    return _filled(found, settings, str(path))


def _filled(found: Mapping[str, str], settings: Settings, file: str) -> dict[str, str]:
    network = settings.network
    words = {
        "network": network.spoken or network.name,
        "hotline": spoken_number(network.hotline),
        "longest": _duration(settings.audio.longest_s),
    }
    if network.fallback:
        words["fallback"] = spoken_number(network.fallback)
    filled = {}
    for name, text in found.items():
        if "{fallback}" in text and not network.fallback:
            continue
        try:
            filled[name] = text.format_map(words)
        except (KeyError, ValueError, IndexError) as error:
            raise SpeechError(f"{file}: {name}: bad placeholder ({error})") from error
    return filled


def spoken_number(number: str) -> str:
    """`+4940808077555` digit by digit in groups of three, as one reads it to somebody who writes it down."""
    digits = [_DIGITS[int(c)] for c in number if c.isascii() and c.isdigit()]
    starts = list(range(0, len(digits), 3))
    if len(digits) % 3 == 1 and len(starts) > 1:
        starts.pop()  # no digit stands alone: the last group has four
    groups = [" ".join(digits[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True)]
    return ("plus, " if number.startswith("+") else "") + ", ".join(groups)


def _duration(seconds: int) -> str:
    if seconds % 60:
        return f"{seconds} seconds"
    return "1 minute" if seconds == 60 else f"{seconds // 60} minutes"
