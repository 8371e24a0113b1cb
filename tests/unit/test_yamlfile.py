"""What operators write is read strictly, and every error names the file, the line and the key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import yamlfile
from ivr.yamlfile import BadFile, parse


def _even(value: int) -> int:
    if value % 2:
        raise ValueError(f"must be even, not {value}")
    return value * 10


@dataclass(frozen=True)
class Inner:
    n: int = field(default=0, metadata={"check": _even})
    dashed_name: str = field(default="", metadata={"key": "dashed-name"})

    def __post_init__(self) -> None:
        if self.dashed_name == "forbidden":
            raise ValueError("this pair cannot be")


@dataclass(frozen=True)
class Shape:
    text: str
    count: int = 1
    part: float = 0.5
    on: bool = False
    folder: Path = Path()
    maybe: str | None = None
    choice: Literal["red", "green"] = "red"
    items: tuple[Inner, ...] = ()
    table: Mapping[str, int] = field(default_factory=dict)
    inner: Inner = Inner()
    word_or_list: str | tuple[str, ...] = ""


@dataclass(frozen=True)
class Network:
    name: str
    host: str = ""


@dataclass(frozen=True)
class Local:
    name: str
    spool: str
    room: int = 1


@dataclass(frozen=True)
class Links:
    links: tuple[Network | Local, ...]


def bad(text: str, shape: type[Any] = Shape) -> str:
    with pytest.raises(BadFile) as refused:
        parse(text, shape, "some.yaml")
    message = str(refused.value)
    assert "\n" not in message
    return message


class TestReads:
    def test_every_kind_of_value(self) -> None:
        text = """
            text: "0815"
            count: -3
            part: 2
            on: yes
            folder: a/b c
            maybe: null
            choice: green
            items: [{n: 2}, {dashed-name: x}]
            table: {a: 1, 2: 3}
            inner:
              n: 4
            word_or_list: [one, two]
        """
        assert parse(text, Shape, "f") == Shape(
            "0815",
            -3,
            2.0,
            True,
            Path("a/b c"),
            None,
            "green",
            (Inner(20), Inner(0, "x")),
            {"a": 1, "2": 3},
            Inner(40),
            ("one", "two"),
        )

    def test_what_is_not_given_has_its_default(self) -> None:
        assert parse("text: x", Shape, "f") == Shape("x")

    def test_each_shape_of_a_union_by_what_is_written(self) -> None:
        assert parse("{text: x, word_or_list: one}", Shape, "f").word_or_list == "one"

    def test_of_two_dataclasses_the_one_that_has_the_keys(self) -> None:
        text = "[{host: h, name: a}, {name: b, spool: s}, {name: c}]"
        found = parse(f"{{links: {text}}}", Links, "f").links
        assert found == (Network("a", "h"), Local("b", "s"), Network("c"))
        assert "spol: unknown key; did you mean spool" in bad("links: [{name: b, spol: s, room: 4}]", Links)

    @pytest.mark.parametrize("written", ["true", "True", "on", "yes"])
    def test_the_words_for_true(self, written: str) -> None:
        assert parse(f"{{text: x, on: {written}}}", Shape, "f").on is True

    def test_umlauts_and_a_path_with_spaces(self, tmp_path: Path) -> None:
        file = tmp_path / "mit Umlaut ä.yaml"
        file.write_text("text: Größe", encoding="utf-8")

        assert yamlfile.read(file, Shape).text == "Größe"


class TestRefuses:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("text: x\ncuont: 2", "some.yaml:2: cuont: unknown key; did you mean count?"),
            ("text: x\nzzz: 2", "some.yaml:2: zzz: unknown key; known keys: text, count, part, "),
            ("count: 2", "some.yaml:1: text: is missing in the file"),
            ("text: x\ncount: 1\ncount: 2", "some.yaml:3: count: is given twice; keep one"),
            ("text: 49.5", 'some.yaml:1: text: must be text; put it in "quotation marks"'),
            ("text: 2026-11-22", "some.yaml:1: text: must be text"),
            ("text: yes", "some.yaml:1: text: must be text"),
            ("text:", "some.yaml:1: text: must be text"),
            ("text: [a]", "some.yaml:1: text: must be a single value"),
            ("text: x\ncount: two", "some.yaml:2: count: must be a whole number"),
            ("text: x\ncount: 1.5", "some.yaml:2: count: must be a whole number"),
            ("text: x\ncount: 0x10", "some.yaml:2: count: must be a whole number"),
            ("text: x\ncount: 1:30", "some.yaml:2: count: must be a whole number"),
            (f"text: x\ncount: {'9' * 5000}", "some.yaml:2: count: must be a whole number"),
            ("text: x\npart: .nan", "some.yaml:2: part: must be a number"),
            ("text: x\npart: .inf", "some.yaml:2: part: must be a number"),
            ("text: x\non: maybe", "some.yaml:2: on: must be true or false"),
            ("text: x\non: 1", "some.yaml:2: on: must be true or false"),
            ("text: x\nchoice: blue", "some.yaml:2: choice: must be one of red, green"),
            ("text: x\nchoice: [red]", "some.yaml:2: choice: must be one of red, green"),
            ("text: x\nitems: {n: 2}", "some.yaml:2: items: must be a list (lines that begin with `- `)"),
            ("text: x\nitems:\n  - n: 2\n  - 3", "some.yaml:4: items[2]: must be a mapping"),
            ("text: x\nitems:\n- n: 2\n- n: 3", "some.yaml:4: n: must be even, not 3"),
            ("text: x\ninner:\n  m: 2", "some.yaml:3: m: unknown key"),
            ("text: x\ninner:\n  dashed-name: forbidden", "some.yaml:3: inner: this pair cannot be"),
            (
                "text: x\ninner:\n  dashed_name: y",
                "some.yaml:3: dashed_name: unknown key; did you mean dashed-name",
            ),
            ("text: x\ntable:\n  a: b", "some.yaml:3: table.a: must be a whole number"),
            ("text: x\ntable:\n  ? [a, b]\n  : 1", "some.yaml:3: table: a key must be a single word"),
            ("- text", "some.yaml:1: the file: must be a mapping"),
            ("text", "some.yaml:1: the file: must be a mapping"),
        ],
    )
    def test_wrong_content_with_file_line_and_key(self, text: str, message: str) -> None:
        assert bad(text).startswith(message)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("text: x\n  y: z", "some.yaml:2: not valid YAML: "),
            ("text: {x: 1]", "some.yaml:1: not valid YAML: "),
            ("text: x\n\tcount: 1", "some.yaml:2: not valid YAML: "),
            ('text: "x\n\n', "some.yaml:3: not valid YAML: "),
            ("text: x\n---\ntext: y", "some.yaml:2: not valid YAML: "),
            ("text: ö\ncount: \x00", "some.yaml:2: not valid YAML: "),
            ("text: x\npart: \x07", "some.yaml:2: not valid YAML: "),
            ("", "some.yaml: the file is empty"),
            ("# nothing but a comment", "some.yaml: the file is empty"),
        ],
    )
    def test_what_is_no_yaml_with_file_and_line(self, text: str, message: str) -> None:
        assert bad(text).startswith(message)

    def test_a_tag_that_would_make_an_object(self) -> None:
        assert bad("text: !!python/object/apply:os.system [id]").startswith("some.yaml:1: text: ")

    def test_aliases_which_can_blow_a_small_file_up(self) -> None:
        assert bad("text: &a x\nmaybe: *a") == "some.yaml:2: *a: aliases are not allowed"

    @pytest.mark.parametrize("pair", ["[]", "{}"])
    def test_nesting_that_overruns_the_parser(self, pair: str) -> None:
        opening = "[" if pair == "[]" else "{a: "

        assert bad("text: " + opening * 200_000) == "some.yaml:1: is nested too deeply"


class TestFiles:
    def test_that_are_absent(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile, match=r"none\.yaml: cannot be read: "):
            yamlfile.read(tmp_path / "none.yaml", Shape)

    def test_that_are_folders(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile, match="cannot be read: "):
            yamlfile.read(tmp_path, Shape)

    def test_in_another_encoding(self, tmp_path: Path) -> None:
        file = tmp_path / "latin.yaml"
        file.write_bytes("text: Größe".encode("latin-1"))

        with pytest.raises(BadFile, match=r"latin\.yaml: is not UTF-8 text \(byte 8\)"):
            yamlfile.read(file, Shape)

    def test_that_are_far_too_large(self, tmp_path: Path) -> None:
        file = tmp_path / "large.yaml"
        with file.open("wb") as out:
            out.truncate(yamlfile.SIZE_LIMIT + 1)

        with pytest.raises(BadFile, match="larger than 4000000 bytes; is this the right file"):
            yamlfile.read(file, Shape)


@given(st.text(alphabet=st.sampled_from("textcounti:ms- \n[]{},#&*!|>'\"%@`0x1.~?\t\\é")))
def test_whatever_is_written_is_either_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse(text, Shape, "some.yaml")
    except BadFile as refused:
        assert re.fullmatch(r"some\.yaml(:\d+)?: .+", str(refused))
