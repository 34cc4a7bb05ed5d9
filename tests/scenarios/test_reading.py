"""A scenario that is not written as it should be is an error, and never a test that tests something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.scenario import Record, parse_record, parse_release, read_scenario
from tests.scenarios.world import World

_GOOD = """
about = "One sentence."
conda = ["lib 1.0"]
request.conda = ["lib"]
expect.lock = ["conda lib 1.0 0"]
"""


def _read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    return read_scenario(path)


def test_a_good_one(tmp_path: Path) -> None:
    assert _read(tmp_path, _GOOD) == _read(tmp_path, _GOOD)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("about", "abuot", "unknown field `abuot`"),
        ("request.conda", "request.cnda", "unknown field `cnda`"),
        ("expect.lock", "expect.refused = ['x']\nexpect.lock", "expect either a lock or a refusal"),
        ('expect.lock = ["conda lib 1.0 0"]', "expect.hint = 'x'", "expect either a lock or a refusal"),
        ("sentence.", "sentence", "about is not a sentence"),
        ('["lib 1.0"]', '[{record = "lib 1.0", buildnumber = 1}]', "unknown field `buildnumber`"),
        ('["lib 1.0"]', "3", "Expected `array`"),
    ],
)
def test_a_bad_one(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in _GOOD
    with pytest.raises(ValueError, match=message):
        _read(tmp_path, _GOOD.replace(old, new))


def test_a_record_in_a_line() -> None:
    subdir, row = parse_record("noarch/app 2.0 pyh_0: python >=3.10,<4 & lib >=1")
    assert subdir == "noarch"
    assert row["depends"] == ["python >=3.10,<4", "lib >=1"]
    assert (row["name"], row["version"], row["build"], row["noarch"]) == ("app", "2.0", "pyh_0", "python")
    assert parse_record("noarch/data 1.0")[1]["noarch"] == "generic"
    assert parse_record(Record(record="lib 1!2.0", constrains=("x <2",)))[1]["constrains"] == ["x <2"]


def test_a_release_in_a_line() -> None:
    name, version, requires, _ = parse_release("app 1.0: lib[x]>=1; python_version < '3.9' & tool")
    assert (name, version, requires) == ("app", "1.0", ["lib[x]>=1; python_version < '3.9'", "tool"])


@pytest.mark.parametrize("text", ["lib", "lib 1.0 build more"])
def test_a_bad_record(text: str) -> None:
    with pytest.raises(ValueError, match=r"not one build|not enough values"):
        parse_record(text)


def test_a_record_that_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(_GOOD.replace('["lib 1.0"]', '["lib 1.0", "lib 1.0"]'))
    with pytest.raises(ValueError, match=r"lib-1.0-0.conda is there twice"):
        World(read_scenario(path)).channels
