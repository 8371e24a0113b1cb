"""Finds known audio in what a phone has heard: whether, where, how much of it and how loud. And silence.

Owns: normalised cross-correlation of recordings with the prompts and alerts they should hold, its thresholds
and its control. Knows nothing of where either comes from. WAV, 16 bit, mono, both at the same rate.

A sample is cut into pieces that are looked for one after the other, because a long recording does not keep
its time: a packet that is late shifts all that follows, and one correlation over two minutes would sink. A
piece with such a shift within it is looked for in two parts.

Measured with 552 prompts (a synthesised and a human voice, 0.1 to 40 s), 30 of them at a time in a recording,
levels 0 to -12 dB, through mu-law, half of the recordings with noise 15 dB below the voice:

    true matches (300)          at least 0.9998 without noise, 0.957 with it
    false, samples over 2 s     at most 0.38
    false, samples of 1 to 2 s  at most 0.63
    false, shorter samples      at most 0.77 (a single letter played backwards)

With a shift of 20 to 200 ms somewhere in the sample, 190 of 193 were heard; 130 without looking in two parts.
The worst false matches are the same with it and without.
"""

import itertools
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float64]

PIECE_S = 2.0
"""Seconds. Long enough that no two pieces of speech look alike, short enough to follow a shift."""

DRIFT_S = 0.25
"""Seconds by which the next piece may be early or late."""

_HEARD = ((1.0, 0.75), (0.0, 0.85))
"""Length of the sample in seconds, and the least score with which one so long was heard.

Each lies well above the worst false match of its length (0.63 and 0.77, see above) and leaves room for what a
busy machine does to true ones. A piece of which half was heard scores 0.71.
"""

_SHIFTED = 0.3
"""The least score of a piece with a shift within it: each of its halves fits where the other does not."""

QUIET_DBFS = -60.0
"""Below this level is silence: it says nothing, and counts as heard if what is before it was."""

_FRAME_S = 0.02
"""Of so much the level is taken where silence is looked for: no tick is shorter."""

CANDIDATES = 5
"""How many places are tried for the first piece."""


class BadAudio(Exception):
    """A file that is no WAV the witness can read. The message names it."""


@dataclass(frozen=True)
class Match:
    """The place where a sample fits best."""

    offset_s: float
    """Seconds from the start of the recording to the start of the sample."""
    score: float
    """0 to 1: mean correlation of the sample's pieces, weighted by their energy."""
    level_db: float
    """RMS level in the recording there, in dB relative to full scale."""
    end_s: float
    """Seconds from the start of the recording to the end of what was looked for."""
    heard_s: float
    """How much of the sample was heard without a break from its start, in steps of PIECE_S."""

    @property
    def heard(self) -> bool:
        """Whether this is more than chance."""
        return self.score >= _least(self.end_s - self.offset_s)


NOWHERE = Match(0.0, 0.0, -120.0, 0.0, 0.0)


def _least(length_s: float) -> float:
    return next(score for least_s, score in _HEARD if length_s >= least_s)


def find(recording: Path, sample: Path, *, first_s: float | None = None, after_s: float = 0.0) -> Match:
    """Look for `sample`, or its first `first_s` seconds, in the recording from `after_s` on.

    Returns the first place where it was heard, or else the best place. Raises BadAudio.
    """
    heard, rate = load(recording)
    known, known_rate = load(sample)
    if rate != known_rate:
        raise BadAudio(f"{sample}: has {known_rate} samples a second, the recording has {rate}")
    if first_s is not None:
        known = known[: round(first_s * rate)]
    return _find(heard, known, rate, round(after_s * rate))


def sequence(recording: Path, samples: Sequence[Path]) -> tuple[Match, ...]:
    """Look for the samples one after the other, each behind the end of the one before.

    They were heard in that order if every match is `heard`. A sample that is not found does not move the
    place where the next is looked for.
    """
    matches: list[Match] = []
    after_s = 0.0
    for sample in samples:
        match = find(recording, sample, after_s=after_s)
        matches.append(match)
        if match.heard:
            after_s = match.end_s - DRIFT_S
    return tuple(matches)


def parts(recording: Path, sample: Path, part_s: float) -> tuple[Match, ...]:
    """Look for the sample's parts of `part_s` seconds one after the other, however long the breaks between.

    For sound that broke off and went on, as when an Asterisk hangs: the part in which that happened is not
    `heard`, and those behind it are. What is left over at the sample's end is not looked for.
    """
    heard, rate = load(recording)
    known, _ = load(sample)
    size, start = round(part_s * rate), 0
    matches = []
    for at in range(0, known.size - size + 1, size):
        match = _find(heard, known[at : at + size], rate, start)
        matches.append(match)
        if match.heard:
            start = round((match.end_s - DRIFT_S) * rate)
    return tuple(matches)


def any_part(recording: Path, sample: Path, *, until_s: float | None = None) -> Match:
    """The best match of any single piece of the sample, up to `until_s`: not `heard` means nothing was."""
    heard, rate = load(recording)
    if until_s is not None:
        heard = heard[: round(until_s * rate)]
    known, _ = load(sample)
    matches = [_find(heard, piece, rate, 0) for _, piece in _pieces(known, rate)]
    return max(matches, key=lambda match: match.score, default=NOWHERE)


def control(recording: Path, sample: Path) -> Match:
    """Look for the sample played backwards: same length, level and spectrum, and never heard.

    A witness that finds this would find anything; it must not be `heard`.
    """
    heard, rate = load(recording)
    known, _ = load(sample)
    return _find(heard, known[::-1], rate, 0)


def load(path: Path) -> tuple[Audio, int]:
    """The samples of a WAV file, -1 to 1, and how many there are a second. Raises BadAudio."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise BadAudio(f"{path}: must be mono with 16 bits a sample")
            frames = file.readframes(file.getnframes())
            rate = file.getframerate()
    except (wave.Error, EOFError) as error:
        raise BadAudio(f"{path}: is not a WAV file: {error}") from error
    except OSError as error:
        raise BadAudio(f"{path}: cannot be read: {error.strerror}") from error
    return np.frombuffer(frames[: len(frames) // 2 * 2], dtype="<i2").astype(np.float64) / 32768.0, rate


def silences(recording: Path, least_s: float) -> list[tuple[float, float]]:
    """From when to when nothing was heard, seconds from the start of the recording, wherever that lasted for
    `least_s` or longer. Raises BadAudio."""
    heard, rate = load(recording)
    frames = np.array_split(heard, max(1, round(heard.size / (_FRAME_S * rate))))
    loud = [n for n, frame in enumerate(frames) if level_dbfs(frame) > QUIET_DBFS]
    ends = [-1, *loud, len(frames)]
    pauses = [((a + 1) * _FRAME_S, b * _FRAME_S) for a, b in itertools.pairwise(ends)]
    return [(start_s, end_s) for start_s, end_s in pauses if end_s - start_s >= least_s]


def level_dbfs(audio: Audio) -> float:
    """RMS level in dB relative to full scale; -120 for nothing at all."""
    power = float(np.mean(audio**2)) if audio.size else 0.0
    return float(10 * np.log10(max(power, 1e-12)))


def _find(heard: Audio, known: Audio, rate: int, start: int) -> Match:
    pieces = _pieces(known, rate)
    anchor = next((n for n, (_, piece) in enumerate(pieces) if level_dbfs(piece) > QUIET_DBFS), None)
    if anchor is None:
        return NOWHERE
    offset, piece = pieces[anchor]
    first = max(start + offset, 0)
    places = _peaks(heard[first:], piece, round(DRIFT_S * rate))
    matches = [_follow(heard, pieces[anchor:], first + place, offset, rate) for place in places]
    # What is said twice is found where it was said first, whichever of the two came through better.
    first_heard = min((m for m in matches if m.heard), key=lambda m: m.offset_s, default=None)
    return first_heard or max(matches, key=lambda m: m.score, default=NOWHERE)


def _follow(heard: Audio, pieces: Sequence[tuple[int, Audio]], place: int, offset: int, rate: int) -> Match:
    """The match whose first piece, `offset` into the sample, is at `place`."""
    drift = round(DRIFT_S * rate)
    begin, shift = place - offset, place - offset
    total = weight = 0.0
    unbroken, heard_to = True, begin
    for at, piece in pieces:
        energy = float(np.sum(piece**2))
        if level_dbfs(piece) > QUIET_DBFS:
            where, score = _followed(heard, piece, shift + at, drift)
            total, weight = total + score * energy, weight + energy
            if score >= _least(PIECE_S):
                shift = where - at
            else:
                unbroken = False
        if unbroken:
            heard_to = shift + at + piece.size
    at, piece = pieces[-1]
    end = min(shift + at + piece.size, heard.size)
    level = level_dbfs(heard[max(begin, 0) : end])
    return Match(begin / rate, total / weight, level, end / rate, (heard_to - begin) / rate)


def _followed(heard: Audio, piece: Audio, place: int, drift: int) -> tuple[int, float]:
    """Where `piece` fits best near `place`, and how well; or its two parts, on both sides of a shift."""
    where, score = _best(heard, piece, place - drift, place + piece.size + drift)
    if not _SHIFTED <= score < _least(PIECE_S):
        return where, score
    energy = max(float(np.sum(piece**2)), 1e-12)
    for cut in (piece.size // 4, piece.size // 2, piece.size * 3 // 4):
        total, at = 0.0, where
        for start, part in ((0, piece[:cut]), (cut, piece[cut:])):
            at, fit = _best(heard, part, where + start - drift, where + start + part.size + drift)
            total, at = total + fit * float(np.sum(part**2)), at - start
        if total / energy > score:
            where, score = at, total / energy
    return where, score


def _pieces(known: Audio, rate: int) -> list[tuple[int, Audio]]:
    """The sample in pieces of about PIECE_S, each with its place; without the silence at its end."""
    loud = np.flatnonzero(np.abs(known) > 10 ** (QUIET_DBFS / 20))
    if not loud.size:
        return []
    known = known[: loud[-1] + 1]
    pieces = np.array_split(known, max(1, round(known.size / (PIECE_S * rate))))
    places = np.cumsum([0, *(piece.size for piece in pieces)])
    return [(int(place), piece) for place, piece in zip(places, pieces, strict=False)]


def _peaks(heard: Audio, piece: Audio, apart: int) -> list[int]:
    """The places where `piece` fits best. Several, for two prompts may begin with the same words."""
    if heard.size < piece.size:
        return []
    scores = _correlation(heard, piece)
    places = []
    for _ in range(CANDIDATES):
        best = int(np.argmax(scores))
        places.append(best)
        scores[max(best - apart, 0) : best + apart] = 0.0
    return places


def _best(heard: Audio, piece: Audio, start: int, end: int) -> tuple[int, float]:
    """Where `piece` fits best within heard[start:end], and its correlation there, 0 to 1."""
    start = max(start, 0)
    window = heard[start:end]
    if window.size < piece.size:
        return start, 0.0
    scores = _correlation(window, piece)
    best = int(np.argmax(scores))
    return start + best, float(scores[best])


def _correlation(window: Audio, piece: Audio) -> Audio:
    """Normalised cross-correlation of `piece` with each place of `window`, by FFT."""
    size = 1 << (window.size + piece.size - 1).bit_length()
    spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(piece, size))
    dots = np.fft.irfft(spectrum, size)[: window.size - piece.size + 1]
    energy = np.concatenate(([0.0], np.cumsum(window**2)))
    here = energy[piece.size :] - energy[: -piece.size]
    # Below QUIET_DBFS there is nothing to be heard, and rounding errors would look like a match.
    floor = piece.size * 10 ** (QUIET_DBFS / 10)
    norm = np.sqrt(np.maximum(here, floor) * max(float(np.sum(piece**2)), floor))
    scores: Audio = np.clip(dots / norm, 0.0, 1.0)
    return scores
