"""Files that are no ``pylock.toml``, no requirements file, no explicit file: what is wrong is said, and soon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from resolver.errors import LockFormatError
from resolver.locks.formats import FORMATS, Asked
from resolver.model import Lock
from resolver.platforms import Platform

_BY_NAME = {lock_format.name: lock_format for lock_format in FORMATS}
_ASKED = Asked(platforms=(Platform.of("linux-64"),))

_PYLOCK = """\
lock-version = "1.0"
created-by = "hand"

[[packages]]
name = "a"
version = "1.0"
wheels = [{ url = "https://files.example.org/a-1.0-py3-none-any.whl", hashes = { sha256 = "%s" } }]
""" % ("0" * 64)
_OWN = '\n[packages.tool.samebox]\n\n[tool.samebox]\nplatforms = ["linux-64"]\n'

_REQUIREMENTS = "a==1.0 \\\n    --hash=sha256:%s\n" % ("0" * 64)

_EXPLICIT = "# platform: linux-64\n@EXPLICIT\nhttps://conda.example.org/main/noarch/a-1.0-0.conda#%s\n" % ("0" * 64)


def _parse(name: str, text: str) -> Lock:
    return _BY_NAME[name].parse(text, "LOCK", _ASKED)


def _with(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("name", "text"), [("pylock", _PYLOCK), ("requirements", _REQUIREMENTS), ("explicit", _EXPLICIT)]
)
def test_the_base_of_these_is_read(name: str, text: str) -> None:
    assert [p.name for p in _parse(name, text).on("linux-64").packages] == ["a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "LOCK: lock-version: Missing required value"),
        ("- a\n", "LOCK:1: not TOML: Expected '=' after a key in a key/value pair (at line 1, column 3)"),
        ("a = 1\na = 2\n", "LOCK:2: not TOML: Cannot overwrite a value (at line 2, column 6)"),
        (_with(_PYLOCK, '"1.0"\ncreated', '"2.0"\ncreated'), "LOCK: lock-version: this lock has format version 2.0, "),
        (_with(_PYLOCK, '"1.0"\ncreated', '"1.1"\ncreated'), "LOCK: lock-version: this lock has format version 1.1, "),
        (_with(_PYLOCK, '"1.0"\ncreated', '"x"\ncreated'), "LOCK: lock-version: Invalid version: 'x'"),
        (_with(_PYLOCK, '"1.0"\ncreated', "1\ncreated"), "LOCK: lock-version: Unexpected type int (expected str)"),
        (_with(_PYLOCK, 'created-by = "hand"', ""), "LOCK: created-by: Missing required value"),
        (_with(_PYLOCK, "[[packages]]", "[packages]"), "LOCK: packages: Unexpected type dict (expected Sequence)"),
        (_with(_PYLOCK, 'name = "a"', ""), "LOCK: packages[0].name: Missing required value"),
        (_with(_PYLOCK, 'name = "a"', 'name = "A_b"'), "LOCK: packages[0].name: Name 'A_b' is not normalized"),
        (_with(_PYLOCK, 'name = "a"', 'name = "a\\u0007"'), "LOCK: packages[0].name: Name 'a\\x07' is not normalized"),
        (
            _with(_PYLOCK, 'name = "a"', 'name = "b"'),
            "LOCK: packages[0].wheels[0]: Name in 'a-1.0-py3-none-any.whl' is",
        ),
        (
            _with(_PYLOCK, '\nversion = "1.0"', '\nversion = "1.1"'),
            "LOCK: packages[0].wheels[0]: Version in 'a-1.0-py3-none",
        ),
        (_with(_PYLOCK, '\nversion = "1.0"', ""), "LOCK: packages[0].version: not a version: ''"),
        (
            _with(_PYLOCK, '\nversion = "1.0"', "\nversion = nan"),
            "LOCK: packages[0].version: Unexpected type float (expected str)",
        ),
        (
            _with(_PYLOCK, "/a-1.0", "/..%2Fa-1.0"),
            "LOCK: packages[0].wheels[0]: Invalid wheel filename '../a-1.0-py3-none-any",
        ),
        (
            _with(_PYLOCK, "https://files", "ftp://files"),
            "LOCK: packages[0]: not a URL: 'ftp://files.example.org/a-1.0",
        ),
        (_with(_PYLOCK, "example.org/", "example.org\\n/"), "LOCK: packages[0]: not a URL: "),
        (_with(_PYLOCK, '"%s"' % ("0" * 64), '"00"'), "LOCK: packages[0]: not a hash: 'sha256:00'"),
        (
            _with(_PYLOCK, "{ sha256", "{ x = 1, sha256"),
            "LOCK: packages[0].wheels[0].hashes: Hash values must be strings",
        ),
        (
            _with(_PYLOCK, '"a"\n', '"a"\nmarker = "python"\n'),
            "LOCK: packages[0].marker: Expected a marker variable or quoted string",
        ),
        (
            _with(_PYLOCK, '"a"\n', '"a"\nmarker = "platform_version < \'1\' and sys_platform > 2"\n'),
            "LOCK: packages[0].marker: Expected a marker variable or quoted string",
        ),
        (_with(_PYLOCK, '"hand"', '"hand"\nrequires-python = "x"'), "LOCK: requires-python: Invalid specifier: 'x'"),
        (_PYLOCK + "[tool]\nsamebox = 1\n", "LOCK: tool.samebox: Expected `object`, got `int`"),
        (_PYLOCK + "[tool.samebox]\n", "LOCK: tool.samebox: Object missing required field `platforms`"),
        (_PYLOCK + '[tool.samebox]\nplatforms = ["x"]\n', "LOCK: unknown platform 'x'"),
        (
            _PYLOCK + '[tool.samebox]\nplatforms = ["win-64", "win-64"]\n',
            "LOCK: a platform is locked twice",
        ),
        (
            _PYLOCK + _with(_OWN, "samebox]\n\n", "samebox]\nname = 'b'\n\n"),
            "LOCK: packages[0]: a is called 'b' in tool.samebox",
        ),
        (_PYLOCK + _OWN + "[tool.samebox.evidence]\nroots = '{'\n", "LOCK: tool.samebox.evidence: the evidence is "),
        (
            _with(_PYLOCK, _PYLOCK.splitlines()[-1], 'vcs = { type = "hg", url = "x", commit-id = "1" }'),
            "LOCK: packages[0].vcs: a repository of 'hg', and only git is known here",
        ),
        (
            _with(_PYLOCK, _PYLOCK.splitlines()[-1], 'vcs = { type = "git", url = "https://x/y", commit-id = "v1" }'),
            "LOCK: packages[0].vcs: not a commit of git in full: 'v1'",
        ),
        (
            _with(_PYLOCK, _PYLOCK.splitlines()[-1], 'directory = { path = "x", subdirectory = "../y" }'),
            "LOCK: packages[0].directory: not a folder inside the source tree: '../y'",
        ),
    ],
)
def test_a_bad_pylock_is_refused_with_its_fault(text: str, message: str) -> None:
    with pytest.raises(LockFormatError) as caught:
        _parse("pylock", text)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a>=1\n", "LOCK:1: a is not pinned to a version: these are requests, and no lock"),
        ("a\n", "LOCK:1: a is not pinned to a version"),
        ("a==1.*\n", "LOCK:1: a is not pinned to a version"),
        ("a==1,<2\n", "LOCK:1: a is not pinned to a version"),
        ("a===x\n", "LOCK:1: not a version: 'x'"),
        ("\n\n-r other.txt\n", "LOCK:3: a lock stands in one file, and this one names others"),
        ("-e ./folder\n", "LOCK:1: an editable does not say which project it is"),
        ("./folder\n", "LOCK:1: not a requirement: './folder': "),
        ("--hash=sha256:00\n", "LOCK:1: an option that no lock has: '--hash'"),
        ("--frobnicate\n", "LOCK:1: an option that no lock has: '--frobnicate'"),
        ("a==1 --hash=sha256:00\n", "LOCK:1: not a hash: 'sha256:00'"),
        ("a==1 --hash=\n", "LOCK:1: not a hash: ''"),
        ("a==1 ; python\n", "LOCK:1: not a requirement: 'a==1 ; python': "),
        ("a==1\na==2\n", "LOCK:2: a is pinned for linux-64 on line 1 already"),
        ("a==1\nA==1 ; os_name == 'posix'\n", "LOCK:2: a is pinned for linux-64 on line 1 already"),
        ("a\x07==1\n", "LOCK:1: not a requirement: 'a\\x07==1': "),
        ("a @ https://x.example.org/..\n", "LOCK:1: not the URL of a file: 'https://x.example.org/..'"),
        ("a @ https://x.example.org/%2E%2E%2Fa.whl\n", "LOCK:1: not the URL of a file: "),
        ("a @ ftp://x.example.org/a-1-py3-none-any.whl\n", "LOCK:1: a: not a URL: 'ftp://x.example.org/a-1-py3"),
        ("a @ hg+https://x.example.org/a\n", "LOCK:1: not a git repository: 'hg+https://x.example.org/a'"),
        ("# platform: x\na==1\n", "LOCK: unknown platform 'x'"),
        ("version: 1\n", "LOCK:1: not a requirement: 'version: 1': "),
    ],
)
def test_a_bad_requirements_file_is_refused_with_its_fault(text: str, message: str) -> None:
    with pytest.raises(LockFormatError) as caught:
        _parse("requirements", text)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "LOCK: no explicit file: the line @EXPLICIT is missing"),
        ("numpy=1\n@EXPLICIT\n", "LOCK:1: URL: not a URL: 'numpy=1'"),
        (_EXPLICIT + "https://c.example.org/noarch/a-1.0-0.tar.bz2\n", "LOCK:4: a stands on line 3 already"),
        (_with(_EXPLICIT, "#" + "0" * 64, "#00"), "LOCK:3: not the URL of a conda package: 'https://conda.example.org"),
        (_with(_EXPLICIT, "a-1.0-0.conda", "a.conda"), "LOCK:3: not the URL of a conda package: "),
        (_with(_EXPLICIT, "a-1.0-0.conda", "..%2Fa-1.0-0.conda"), "LOCK:3: not the URL of a conda package: "),
        (_with(_EXPLICIT, "noarch/", "a%20b/"), "LOCK:3: not the URL of a conda package: "),
        (_with(_EXPLICIT, "https:", "ftp:"), "LOCK:3: URL: not a URL: 'ftp://conda.example.org/main/noarch"),
        (_with(_EXPLICIT, "conda.example", "conda\x07.example"), "LOCK:3: URL: not a URL: "),
        (
            _EXPLICIT + "# pip b @ https://f.example.org/b.whl\n",
            "LOCK:4: b is neither a wheel nor an sdist by its name",
        ),
        (_EXPLICIT + "# pip b @ https://f.example.org/b-1.tar.gz --hash=x\n", "LOCK:4: not a hash: 'x'"),
        (
            "@EXPLICIT\nhttps://c.example.org/linux-64/a-1-0.conda\nhttps://c.example.org/win-64/b-1-0.conda\n",
            "LOCK: packages of several platforms: linux-64, win-64",
        ),
    ],
)
def test_a_bad_explicit_file_is_refused_with_its_fault(text: str, message: str) -> None:
    with pytest.raises(LockFormatError) as caught:
        _parse("explicit", text)
    assert caught.value.message.startswith(message)


_LONG = 10_000_000
_HOSTILE = {
    "pylock": {
        "nested": "a = " + "[" * 1_000_000,
        "nested tables": "a = " + "{a=" * 100_000,
        "long key": ".".join("a" * 100_000) + " = 1",
        "long name": _PYLOCK.replace('name = "a"', f'name = "{"a" * _LONG}"'),
        "long version": _PYLOCK.replace('\nversion = "1.0"', f'\nversion = "{"1." * 1_000_000}1"'),
        "long marker": _PYLOCK.replace('"a"\n', f'"a"\nmarker = "{"os_name == 1 or " * 1_000_000}"\n'),
        "nested marker": _PYLOCK.replace('"a"\n', f'"a"\nmarker = "{"(" * 60_000}"\n'),
        "many tags": _PYLOCK.replace("py3-none-any", "-".join([".".join(f"t{n}" for n in range(2000))] * 3)),
        "digits": _PYLOCK.replace("{ url", f"{{ size = {'9' * 1_000_000}, url"),
        "another": "\x00" * 1_000_000,
    },
    "requirements": {
        "long name": "a" * _LONG + "==1",
        "long version": "a==" + "1." * 1_000_000,
        "nested marker": "a==1 ; " + "(" * 60_000,
        "joined": "a \\\n" * 1_000_000,
        "spaces": "a==1" + " " * _LONG + "--hash=",
        "brackets": "a[" + "b," * 1_000_000,
        "dashes": "-" * _LONG,
    },
    "explicit": {
        "long name": f"@EXPLICIT\nhttps://c.example.org/noarch/{'a' * _LONG}-1-0.conda",
        "dashes": f"@EXPLICIT\nhttps://c.example.org/noarch/{'-' * _LONG}",
        "hashes": "@EXPLICIT\n" + "#" * _LONG + "\nx",
        "pip": "@EXPLICIT\n# pip a @ " + "a" * _LONG,
    },
}

_READ = """
import pathlib, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3))
from resolver.errors import LockFormatError
from resolver.locks.formats import Asked, FORMATS
from resolver.platforms import Platform
(lock_format,) = [f for f in FORMATS if f.name == sys.argv[1]]
for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    text = path.read_text(encoding="utf-8")
    began = time.process_time()
    try:
        lock_format.parse(text, "LOCK", Asked(platforms=(Platform.of("linux-64"),)))
    except LockFormatError as error:
        seconds = time.process_time() - began
        if seconds > 10 or len(str(error)) > 1000:
            print(f"{path.name}: {seconds:.0f} s, a message of {len(str(error))} characters")
    else:
        print(f"{path.name}: it was read")
"""


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_files_are_refused_in_little_time_and_memory(name: str, tmp_path: Path) -> None:
    for which, text in _HOSTILE[name].items():
        (tmp_path / which).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _READ, name, tmp_path], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout, done.stderr[-2000:]) == (0, "", "")
