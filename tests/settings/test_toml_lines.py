"""Lines of keys and strings in TOML texts of every shape."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.settings.toml_lines import TomlLines

TEXT = '''\
top = "x"  # "x" in a comment
multi = """
[not.a.header]
key = "no"
"""
literal = \'\'\'
"x"\'\'\'

[a.b]  # a header
list = [
  "x",
  'x', # "y"
  ["x]", "[y"],
]
"quoted key".c = "escaped \\" \\u00e9"
inline = { one = "x", two = ["x", "z"] }

[[tables]]
name = "first"
[[tables]]
name = "second"
[ "d" . e ]
end = "x"'''


@pytest.mark.parametrize(
    ("path", "value", "nth", "line"),
    [
        (("top",), "x", 0, 1),
        (("top",), None, 0, 1),
        (("multi",), None, 0, 2),
        (("literal",), '"x"', 0, 6),
        (("a",), None, 0, 9),
        (("a", "b"), None, 0, 9),
        (("a", "b", "list"), None, 0, 10),
        (("a", "b", "list"), "x", 0, 11),
        (("a", "b", "list"), "x", 1, 12),
        (("a", "b", "list"), "x", 2, 10),
        (("a", "b", "list"), "y", 0, 10),
        (("a", "b", "list"), "x]", 0, 13),
        (("a", "b", "list"), "[y", 0, 13),
        (("a", "b", "quoted key", "c"), 'escaped " é', 0, 15),
        (("a", "b", "inline", "one"), "x", 0, 16),
        (("a", "b", "inline", "two"), "z", 0, 16),
        (("a", "b", "nothing"), None, 0, 9),
        (("tables",), None, 0, 18),
        (("tables", "name"), "second", 0, 21),
        (("d", "e", "end"), "x", 0, 23),
        (("nowhere",), None, 0, None),
    ],
)
def test_a_line(path: tuple[str, ...], value: str | None, nth: int, line: int | None) -> None:
    assert TomlLines(TEXT).line(path, value, nth=nth) == line


@pytest.mark.parametrize("text", ["", "\n", "# only\n", "a=1", "[a]", "a = '''\n'''\r\nb = 2\r\n", "a = ''''x'''''"])
def test_any_shape_of_text_can_be_read(text: str) -> None:
    tomllib.loads(text)
    assert TomlLines(text).line(("nowhere",)) is None


_strings = st.text(st.sampled_from("ab[]{}=,#\"\\'\n é"), max_size=8)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@settings(deadline=None)
@given(st.lists(st.lists(_strings, min_size=1, max_size=4), min_size=1, max_size=4))
def test_each_string_of_a_list_is_found_on_its_line(lists: list[list[str]]) -> None:
    text, expected = "", []
    for n, values in enumerate(lists):
        text += f"[table{n}]\n# a comment\nkey = [\n"
        for index, value in enumerate(values):
            expected.append(((f"table{n}", "key"), value, values[:index].count(value), text.count("\n") + 1))
            text += f"  {_quoted(value)},\n"
        text += "]\n"
    tomllib.loads(text)
    lines = TomlLines(text)
    assert [lines.line(path, value, nth=nth) for path, value, nth, _ in expected] == [line for *_, line in expected]
