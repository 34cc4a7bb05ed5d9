"""Scalars of YAML: the same string for every reader, and plain where that is safe."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from resolver.locks.formats.yaml_writer import mapping, quoted, scalar, sequence, single_quoted
from tests.strategies import TEXTS

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_+./-]*(?::[A-Za-z0-9_+.%/-]+)?\Z")
_LINES = st.one_of(TEXTS, st.text(st.sampled_from("aZ09_+./-:%é \n'\"\\"), max_size=8))


@given(value=_LINES)
@example(value="")
@example(value="No")
@example(value="https://example.test/a%20b-1.0.whl")
@example(value="a:b:c")
@example(value="a:")
def test_a_scalar_is_read_as_the_string_that_it_is(value: str) -> None:
    for written in (scalar(value), quoted(value), single_quoted(value)):
        assert yaml.safe_load(f"- {written}\n") == [value]
    assert _PLAIN.match(value) or scalar(value) == quoted(value)


@pytest.mark.parametrize("value", ["a", "_a", "linux-64", "x86_64", "a.b/c+d", "https://example.test/a%20b-1.0.whl"])
def test_what_is_safe_is_plain(value: str) -> None:
    assert scalar(value) == value


@pytest.mark.parametrize("value", ["", "1.10", "yes", "No", "NULL", "nan", "a b", "-a", "~", "a:", "a:b:c", "a%", "é"])
def test_what_another_reader_could_take_for_something_else_is_quoted(value: str) -> None:
    assert scalar(value) == f'"{value}"'


def test_blocks() -> None:
    assert mapping("hash", [("md5", "0"), ("1", 'a"')], indent=2) == '  hash:\n    md5: "0"\n    "1": "a\\""\n'
    assert mapping("hash", [], indent=2) == "  hash: {}\n"
    assert sequence("names", ["a", "1"], indent=0) == 'names:\n- a\n- "1"\n'
    assert sequence("names", [], indent=0) == "names: []\n"
