"""Texts into short messages (3GPP TS 23.038 and 23.040)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain import gsm
from ivr.domain.gsm import Alphabet, Place, Segments

ALERT = "ALERT 17 from ABC-CERT, 2026-11-22 14:03 UTC. Call +4940808077555 to listen."


def joined(segments: Segments) -> str:
    """What the telephone shows."""
    if len(segments.parts) == 1:
        return gsm.decode(segments.parts[0], segments.alphabet)
    pairs = [gsm.unheaded(part) for part in segments.parts]
    total = len(pairs)
    assert [(p.total, p.number) for p, _ in pairs if p] == [(total, n + 1) for n in range(total)]
    # Each part is decoded alone: a character split between two would not survive this.
    return "".join(gsm.decode(body, segments.alphabet) for _, body in pairs)


def test_the_alert_text_is_one_gsm_message() -> None:
    assert gsm.split(ALERT, 0) == Segments(Alphabet.GSM7, (ALERT.encode("ascii"),))


@pytest.mark.parametrize(
    ("character", "octets"),
    [
        ("@", "00"), ("$", "02"), ("_", "11"), ("Δ", "10"), ("É", "1f"), ("¡", "40"), ("Ä", "5b"),
        ("§", "5f"), ("¿", "60"), ("à", "7f"), ("\n", "0a"), ("\f", "1b0a"), ("^", "1b14"), ("{", "1b28"),
        ("}", "1b29"), ("\\", "1b2f"), ("[", "1b3c"), ("~", "1b3d"), ("]", "1b3e"), ("|", "1b40"),
        ("€", "1b65"),
    ],
)  # fmt: skip
def test_codes_of_the_standard(character: str, octets: str) -> None:
    assert gsm.split(character, 0) == Segments(Alphabet.GSM7, (bytes.fromhex(octets),))


@pytest.mark.parametrize("character", ["`", "ç", "ł", "’", "Ж", "\x1b", "\t", "🔔"])
def test_what_the_alphabet_lacks_needs_ucs2(character: str) -> None:
    segments = gsm.split(character, 0)
    assert segments == Segments(Alphabet.UCS2, (character.encode("utf-16-be"),))


def test_a_decomposed_umlaut_stays_in_the_small_alphabet() -> None:
    assert gsm.split("Zu\u0308rich", 0) == gsm.split("Zürich", 0)
    assert gsm.split("Zu\u0308rich", 0).alphabet is Alphabet.GSM7


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2), ("€" * 152, 2), ("€" * 153, 3),
        ("Ж" * 70, 1), ("Ж" * 71, 2), ("Ж" * 134, 2), ("Ж" * 135, 3),
        ("🔔" * 35, 1), ("🔔" * 36, 2), ("🔔" * 66, 2), ("🔔" * 67, 3),
    ],
)  # fmt: skip
def test_number_of_parts(text: str, parts: int) -> None:
    segments = gsm.split(text, 7)
    assert len(segments.parts) == parts
    assert joined(segments) == text


def test_the_header_of_a_part() -> None:
    first, second = gsm.split("a" * 200, 0xAB).parts
    assert first == bytes.fromhex("050003ab0201") + b"a" * 153
    assert second == bytes.fromhex("050003ab0202") + b"a" * 47
    assert gsm.unheaded(second) == (Place(0xAB, 2, 2), b"a" * 47)


def test_an_escape_pair_moves_whole_to_the_next_part() -> None:
    first, second = gsm.split("a" * 152 + "€" + "b" * 10, 0).parts
    assert first[6:] == b"a" * 152
    assert second[6:] == b"\x1be" + b"b" * 10


def test_a_surrogate_pair_moves_whole_to_the_next_part() -> None:
    first, second = gsm.split("Ж" * 66 + "🔔" + "Ж" * 10, 0).parts
    assert first[6:] == ("Ж" * 66).encode("utf-16-be")
    assert second[6:] == ("🔔" + "Ж" * 10).encode("utf-16-be")


def test_255_parts_and_no_more() -> None:
    assert len(gsm.split("a" * 153 * 255, 0).parts) == 255
    with pytest.raises(gsm.TooLong, match="256 short messages"):
        gsm.split("a" * (153 * 255 + 1), 0)


def test_a_lone_surrogate_is_replaced() -> None:
    assert joined(gsm.split("a\ud83db", 0)) == "a\ufffdb"


@given(st.text(max_size=600), st.integers(0, 255))
def test_every_text_arrives_and_every_part_fits(text: str, reference: int) -> None:
    segments = gsm.split(text, reference)
    assert joined(segments) == unicodedata.normalize("NFC", text)
    several = len(segments.parts) > 1
    most = {Alphabet.GSM7: 159 if several else 160, Alphabet.UCS2: 140}[segments.alphabet]
    assert all(len(part) <= most for part in segments.parts)


def test_codes_without_meaning() -> None:
    assert gsm.decode(b"a\x1b\x41\x1b\x1b\xff", Alphabet.GSM7) == "aA\ufffd\ufffd"
    assert gsm.decode(b"\x04", Alphabet.UCS2) == "\ufffd"


def test_headers_that_say_nothing_of_parts() -> None:
    assert gsm.unheaded(bytes.fromhex("06050415811581") + b"abc") == (None, b"abc")  # ports
    assert gsm.unheaded(bytes.fromhex("060804aabb0201") + b"abc") == (Place(0xAABB, 2, 1), b"abc")
    assert gsm.unheaded(bytes.fromhex("050803aa0201") + b"abc") == (None, b"abc")  # 16 bits in 8
    assert gsm.unheaded(bytes.fromhex("050003070203") + b"abc") == (None, b"abc")  # part 3 of 2
    two_elements = bytes.fromhex("0b05041581158100032a0202") + b"abc"
    assert gsm.unheaded(two_elements) == (Place(0x2A, 2, 2), b"abc")


@pytest.mark.parametrize("data", [b"", b"\x05\x00\x03", b"\xff" * 10])
def test_a_header_longer_than_the_data(data: bytes) -> None:
    with pytest.raises(ValueError, match="longer than"):
        gsm.unheaded(data)


@given(st.binary(max_size=140))
def test_no_octets_hurt(data: bytes) -> None:
    gsm.decode(data, Alphabet.GSM7)
    gsm.decode(data, Alphabet.UCS2)
    if data and len(data) > data[0]:
        gsm.unheaded(data)
