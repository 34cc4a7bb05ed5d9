"""Files that are no lock: each is refused with what is wrong and where, in little time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.files import read_lock
from resolver.locks.formats.conda_lock import FORMAT
from resolver.model import Lock

_LOCK = """\
version: 1
metadata:
  content_hash: {linux-64: "00"}
  channels: []
  platforms: [linux-64]
package:
- name: a
  version: "1.0"
  manager: pip
  platform: linux-64
  url: https://files.example.org/a-1.0-py3-none-any.whl
  hash: {sha256: "%s"}
""" % ("0" * 64)


def _parse(text: str) -> Lock:
    return FORMAT.parse(text, "conda-lock.yml")


def _with(old: str, new: str) -> str:
    assert old in _LOCK
    return _LOCK.replace(old, new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "conda-lock.yml: Expected `object`, got `null`"),
        ("just words", "conda-lock.yml: Expected `object`, got `str`"),
        ("- a\n", "conda-lock.yml: Expected `object`, got `array`"),
        ("{", "conda-lock.yml:2: not YAML: did not find expected node content"),
        ("a: 1\nb: '\n", "conda-lock.yml:3: not YAML: found unexpected end of stream"),
        ("a:\t1\n\tb: 1\n", "conda-lock.yml:2: not YAML: found a tab character that violates indentation"),
        ("a: 1\n---\na: 1\n", "conda-lock.yml:2: not YAML: but found another document"),
        ("version: 1\n", "conda-lock.yml: Object missing required field `metadata`"),
        (_with("version: 1\n", "version: one\n"), "conda-lock.yml: version: Expected `int`, got `str`"),
        (_with("version: 1\n", "version: .nan\n"), "conda-lock.yml: version: Expected `int`, got `str`"),
        (
            _with("version: 1\n", "version: 2\n"),
            "conda-lock.yml: version: this lock has format version 2, and this release reads version 1",
        ),
        (
            "version: 2\nwholly: different\n",
            "conda-lock.yml: version: this lock has format version 2, and this release reads version 1",
        ),
        (_with("  channels: []\n", ""), "conda-lock.yml: metadata: Object missing required field `channels`"),
        (_with("channels: []", "channels: [1]"), None),
        (
            _with("channels: []", "channels: [[]]"),
            "conda-lock.yml: metadata.channels[0]: Expected `str | object`, got `array`",
        ),
        (_with("  manager: pip\n", ""), "conda-lock.yml: package[0]: Object missing required field `manager`"),
        (_with("manager: pip", "manager: npm"), "conda-lock.yml: package[0].manager: Invalid enum value 'npm'"),
        (
            _with("  platform: linux-64", "  platform: win-64"),
            "conda-lock.yml: package[0].platform: a is locked for win-64, which metadata.platforms does not list",
        ),
        (_with('"' + "0" * 64 + '"', "1e3"), "conda-lock.yml: package[0]: a: not a hash: '1e3'"),
        (_with('"' + "0" * 64 + '"', "x" * 64), f"conda-lock.yml: package[0]: a: not a hash: '{'x' * 64}'"),
        (_with("name: a", "name: ''"), "conda-lock.yml: package[0]: a locked package without a name"),
        (_with('version: "1.0"', "version: {}"), "conda-lock.yml: package[0].version: Expected `str`, got `object`"),
        (_with('version: "1.0"', "version:"), "conda-lock.yml: package[0].version: Expected `str`, got `null`"),
        (_LOCK + "  name: b\n", "conda-lock.yml:13: not YAML: the key 'name' occurs twice"),
        (_LOCK + "version: 1\n", "conda-lock.yml:13: not YAML: the key 'version' occurs twice"),
        (_with("name: a", "name: &a a"), "conda-lock.yml:7: YAML anchors and aliases are not allowed in a lock"),
        ('{"a":&x [1], "b": [*x, *x]}', "conda-lock.yml:1: YAML anchors and aliases are not allowed in a lock"),
        ("a: *x\n", "conda-lock.yml:1: YAML anchors and aliases are not allowed in a lock"),
        ("a: !!python/object/apply:os.abort []\n", "conda-lock.yml: Object contains unknown field `a`"),
    ],
)
def test_a_bad_lock_is_told_with_its_place(text: str, message: str | None) -> None:
    if message is None:
        assert _parse(text).channels == ("https://conda.anaconda.org/1",)
        return
    with pytest.raises(LockFormatError) as error:
        _parse(text)
    assert str(error.value) == message


def test_a_newer_version_says_what_to_do() -> None:
    with pytest.raises(LockFormatError) as newer:
        _parse(_with("version: 1\n", "version: 2\n"))
    with pytest.raises(LockFormatError) as older:
        _parse(_with("version: 1\n", "version: 0\n"))
    assert (newer.value.hint, older.value.hint) == ("update samebox, or lock again", "lock again")


@pytest.mark.parametrize(
    "written", ["1.10", "1e3", "0123", "yes", "0x1F", ".inf", "1_0", "2024-01-01", "12:30", "true", "+1"]
)
def test_a_version_without_quotes_is_the_text_that_is_there(written: str) -> None:
    (package,) = _parse(_with('"1.0"', written)).on("linux-64").packages
    assert package.version == written


def test_null_is_null_even_where_something_else_has_no_quotes() -> None:
    text = _with('"1.0"', "1.10").replace(
        "  hash: {", "  dependencies: {b: null, c: ~, d: 'null'}\n  hash: {md5: null, "
    )
    (package,) = _parse(text).on("linux-64").packages
    assert (package.md5, package.dependencies) == (None, (("b", ""), ("c", ""), ("d", "null")))


@pytest.mark.parametrize("change", ["\ufeff{}", "{}\n# &not an anchor\n", "# - - - -\n{}", "---\n{}"])
def test_what_does_not_matter(change: str) -> None:
    assert _parse(change.replace("{}", _LOCK)) == _parse(_LOCK)


def test_line_ends_do_not_matter() -> None:
    assert _parse(_LOCK.replace("\n", "\r\n")) == _parse(_LOCK)


def test_an_ampersand_in_a_url_is_no_anchor() -> None:
    (package,) = _parse(_with("any.whl", "any.whl?a=1&b=2")).on("linux-64").packages
    assert package.url.endswith("?a=1&b=2")
    quoted = _with("url: https://files", 'url: "https://x/?a=[&b]').replace("any.whl", 'any.whl"')
    assert _parse(quoted).on("linux-64").packages[0].url.startswith("https://x/?a=[&b]")


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    path.write_bytes(b"version: 1\nname: \xff\xfe\n")
    with pytest.raises(ResolverError, match=r"conda-lock.yml: not UTF-8") as error:
        read_lock(path)
    assert str(path) in str(error.value)


_BOMBS = {
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)),
    "quoted aliases": '"a": &a ["x"]\n' + "".join(f'"k{n}": &k{n} [*a,*a]\n' for n in range(50)),
    "nested sequences": "- " * 200_000,
    "nested keys": "? " * 200_000,
    "nested lines": "".join(" " * n + "a:\n" for n in range(2_000)),
    "nested lists": "[" * 1_000_000,
    "nested maps": "{a: " * 200_000,
    "mixed": "[{a: " * 100_000,
    "colons": ": " * 200_000,
    "a huge key": "k" * 5_000_000 + ": 1",
    "a huge name": _LOCK.replace("name: a", "name: " + "n" * 5_000_000) + "  colour: {",
}
_READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from resolver.errors import LockFormatError
from resolver.locks.formats.conda_lock import FORMAT
try:
    FORMAT.parse(sys.stdin.read(), "conda-lock.yml")
except LockFormatError as error:
    print(error.message[:200])
"""


@pytest.mark.parametrize("name", _BOMBS)
def test_a_bomb_is_refused_in_a_second_and_a_gigabyte(name: str) -> None:
    """In a process of its own, since the thing to be feared is one that ends the process."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _READ],
        input=_BOMBS[name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("conda-lock.yml")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ("samebox.roots: '[[\"linux-64\", 7]]'", "metadata.custom_metadata"),
        ("samebox.cut-off: 'not JSON'", "metadata.custom_metadata"),
        ("samebox.archives: '{}'", "metadata.custom_metadata[samebox.archives]"),
        ('samebox.roots: \'[["linux-64",[{"kind":"npm","requirement":"a"}]]]\'', "metadata.custom_metadata"),
        ('samebox.virtual-packages: \'[["linux-64",[{"name":"cuda","version":"12"}]]]\'', "metadata.custom_metadata"),
    ],
)
def test_damaged_evidence(entry: str, field: str) -> None:
    with pytest.raises(LockFormatError) as error:
        _parse(_with("  channels: []\n", f"  channels: []\n  custom_metadata:\n    {entry}\n"))
    assert (error.value.field, str(error.value.origin)) == (field, "conda-lock.yml")


def test_evidence_of_a_newer_release_is_left_alone() -> None:
    text = _with("  channels: []\n", "  channels: []\n  custom_metadata: {samebox.mood: happy, someone.else: x}\n")
    assert _parse(text).evidence is None
