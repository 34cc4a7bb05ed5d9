"""What is put in place of a name or a version in the formats that are only read comes through in no package and in no
message that could harm a terminal."""

from __future__ import annotations

import pytest

from resolver.errors import LockFormatError
from resolver.locks.formats import LockFormat
from resolver.locks.formats.pdm import FORMAT as PDM
from resolver.locks.formats.poetry import FORMAT as POETRY
from resolver.locks.formats.uv import FORMAT as UV
from tests.locks.foreign import parsed
from tests.locks.hostile import NAME, SMUGGLED, VERSION

_FILE = f"{NAME}-{VERSION}-py3-none-any.whl"
_HASH = f"sha256:{'0' * 64}"
_UV = f"""\
version = 1
requires-python = ">=3.11"
[[package]]
name = "a"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "{NAME}", version = "{VERSION}" }}]
[[package]]
name = "{NAME}"
version = "{VERSION}"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{{ url = "https://files.example.org/{_FILE}", hash = "{_HASH}" }}]
"""
_POETRY = f"""\
[[package]]
name = "{NAME}"
version = "{VERSION}"
optional = false
python-versions = "*"
groups = ["{NAME}", "main"]
files = [{{file = "{_FILE}", hash = "{_HASH}"}}]
[extras]
{NAME} = ["{NAME}"]
[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
"""
_PDM = f"""\
[metadata]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
[[metadata.targets]]
requires_python = ">=3.11"
[[package]]
name = "{NAME}"
version = "{VERSION}"
groups = ["{NAME}"]
files = [{{file = "{_FILE}", hash = "{_HASH}"}}]
"""
_TEXTS = ((UV, _UV), (POETRY, _POETRY), (POETRY, _POETRY.replace('"2.1"', '"2.0"')), (PDM, _PDM))


@pytest.mark.parametrize("case", SMUGGLED)
@pytest.mark.parametrize(("lock_format", "text"), _TEXTS, ids=["uv", "poetry-2.1", "poetry-2.0", "pdm"])
def test_nothing_is_smuggled_in_as_a_name(lock_format: LockFormat, text: str, case: str) -> None:
    old, new = SMUGGLED[case]
    with pytest.raises(LockFormatError) as error:
        parsed(lock_format, text.replace(old, new))
    assert len(str(error.value)) < 2_000
    assert str(error.value).isprintable()


@pytest.mark.parametrize(("lock_format", "text"), _TEXTS, ids=["uv", "poetry-2.1", "poetry-2.0", "pdm"])
def test_the_text_as_it_is_is_read(lock_format: LockFormat, text: str) -> None:
    (package,) = parsed(lock_format, text).on("linux-64").packages
    assert (package.name, package.version, package.file_name) == (NAME, VERSION, _FILE)


@pytest.mark.parametrize("subdirectory", ["../up", "/etc", "a\\u001b"])
@pytest.mark.parametrize(
    ("lock_format", "text"), [(UV, _UV), (POETRY, _POETRY), (PDM, _PDM)], ids=["uv", "poetry", "pdm"]
)
def test_a_subdirectory_leads_nowhere_else(lock_format: LockFormat, text: str, subdirectory: str) -> None:
    commit = "1" * 40
    if lock_format is UV:
        quoted = subdirectory.replace("\\u001b", "%1b")
        source = f'git = "https://git.example.org/x?subdirectory={quoted}#{commit}"'
        text = text.replace('registry = "https://index.example.org/simple"', source)
    elif lock_format is POETRY:
        fields = f'resolved_reference = "{commit}"\nsubdirectory = "{subdirectory}"\n'
        text = text.replace(
            "[extras]", f'[package.source]\ntype = "git"\nurl = "https://git.example.org/x"\n{fields}[extras]'
        )
    else:
        fields = f'revision = "{commit}"\nsubdirectory = "{subdirectory}"\n'
        text = text.replace("files =", f'git = "https://git.example.org/x"\n{fields}files =')
    with pytest.raises(LockFormatError, match="not a folder inside of it"):
        parsed(lock_format, text)
