"""Which file of a version is taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from packaging.version import Version

from resolver.indexes import MemoryIndex
from resolver.solver.projects import ProjectFiles, Projects
from resolver.solver.targets import Target
from tests.solver.worlds import target

_OLD, _NEW = "2024-01-01T00:00:00Z", "2024-06-01T00:00:00.123456Z"
_BETWEEN = datetime(2024, 3, 1, tzinfo=UTC)

_LINUX = target()
_MAC = target("osx-arm64")
_WINDOWS = target("win-64")
_MUSL_FREE_ARM = target("linux-aarch64")
_NO_GIL = target(python="3.13.1", free_threaded=True)


def _best(files: list[object], where: Target, *, yanked: bool = False) -> str | None:
    project = Projects([MemoryIndex({"a": {"1": {"files": files}}})]).get("a")
    if not project.ranked.versions:
        return None
    file = ProjectFiles(project, where).best(0, yanked=yanked)
    return None if file is None else file.filename


@pytest.mark.parametrize(
    ("files", "where", "expected"),
    [
        (["a-1-py3-none-any.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"], _LINUX, 1),
        (["a-1-cp312-cp312-manylinux_2_28_x86_64.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"], _LINUX, 0),
        (["a-1-cp312-cp312-manylinux_2_31_x86_64.whl"], _LINUX, None),
        (["a-1-cp312-cp312-manylinux_2_31_x86_64.manylinux2014_x86_64.whl"], _LINUX, 0),
        (["a-1-cp312-cp312-linux_x86_64.whl"], _LINUX, 0),
        (["a-1-cp312-cp312-musllinux_1_2_x86_64.whl"], _LINUX, None),
        (["a-1-cp39-abi3-manylinux2014_x86_64.whl", "a-1-py3-none-manylinux2014_x86_64.whl"], _LINUX, 0),
        (["a-1-cp313-cp313-manylinux2014_x86_64.whl", "a-1-cp311-cp311-manylinux2014_x86_64.whl"], _LINUX, None),
        (["a-1-CP312-CP312-Manylinux2014_x86_64.whl"], _LINUX, 0),
        (["a-1-py2.py3-none-any.whl"], _LINUX, 0),
        (["a-1-py2-none-any.whl"], _LINUX, None),
        (["a-1-cp312-cp312-manylinux_2_17_aarch64.whl", "a-1-py3-none-any.whl"], _MUSL_FREE_ARM, 0),
        (["a-1-cp312-cp312-macosx_11_0_arm64.whl", "a-1-cp312-cp312-macosx_10_9_universal2.whl"], _MAC, 0),
        (["a-1-cp312-cp312-macosx_12_0_arm64.whl", "a-1-cp312-cp312-macosx_11_0_universal2.whl"], _MAC, 1),
        (["a-1-cp312-cp312-macosx_10_9_x86_64.whl"], _MAC, None),
        (["a-1-cp312-cp312-win32.whl", "a-1-cp312-cp312-win_amd64.whl"], _WINDOWS, 1),
        (["a-1-cp313-cp313-manylinux2014_x86_64.whl", "a-1-cp313-cp313t-manylinux2014_x86_64.whl"], _NO_GIL, 1),
        (["a-1-cp313-cp313-manylinux2014_x86_64.whl"], _NO_GIL, None),
        (["a-1.tar.gz"], _LINUX, 0),
        (["a-1.tar.gz", "a-1-py3-none-any.whl"], _LINUX, 1),
        (["a-1.zip", "a-1.tar.gz"], _LINUX, 1),
        (["a-1.tar.gz", "a-1-cp312-cp312-win_amd64.whl"], _LINUX, 0),
        (["a-1-broken.whl", "a-1-py3-none-any.exe"], _LINUX, None),
    ],
)
def test_the_tags_decide(files: list[object], where: Target, expected: int | None) -> None:
    answer = None if expected is None else files[expected]
    assert _best(files, where) == answer
    assert _best(files[::-1], where) == answer


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a-1-1-py3-none-any.whl", "a-1-2-py3-none-any.whl"], 1),
        (["a-1-9-py3-none-any.whl", "a-1-10-py3-none-any.whl"], 1),
        (["a-1-py3-none-any.whl", "a-1-1-py3-none-any.whl"], 1),
        (["a-1-1b-py3-none-any.whl", "a-1-1a-py3-none-any.whl"], 0),
        (["a-1-2-py3-none-any.whl", "a-1-1-cp312-none-any.whl"], 1),
    ],
)
def test_after_the_tag_the_build_number_decides(files: list[object], expected: int) -> None:
    assert _best(files, _LINUX) == files[expected]
    assert _best(files[::-1], _LINUX) == files[expected]


_WHEEL = "a-1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("fields", "where", "usable"),
    [
        ({}, _LINUX, True),
        ({"yanked": ""}, _LINUX, False),
        ({"yanked": "broken"}, _LINUX, False),
        ({"sha256": None}, _LINUX, False),
        ({"requires_python": ">=3.8"}, _LINUX, True),
        ({"requires_python": ">=3.13"}, _LINUX, False),
        ({"requires_python": "<3.12.4"}, _LINUX, False),
        ({"requires_python": ">=3.13"}, target(python="3.13.0rc1"), False),
        ({"requires_python": ">=3.13.0rc1"}, target(python="3.13.0rc1"), True),
        ({"requires_python": "three or later"}, _LINUX, False),
        ({"requires_python": ""}, _LINUX, True),
        ({"upload_time": _OLD}, target(cut_off=_BETWEEN), True),
        ({"upload_time": _NEW}, target(cut_off=_BETWEEN), False),
        ({"upload_time": "2024-03-01T00:00:00Z"}, target(cut_off=_BETWEEN), True),
        ({"upload_time": "2024-03-01T00:30:00+01:00"}, target(cut_off=_BETWEEN), True),
        ({"upload_time": "2024-02-29T23:30:00-01:00"}, target(cut_off=_BETWEEN), False),
        ({"upload_time": None}, target(cut_off=_BETWEEN), False),
        ({"upload_time": "yesterday"}, target(cut_off=_BETWEEN), False),
        ({"upload_time": _NEW}, _LINUX, True),
    ],
)
def test_what_a_file_must_be(fields: dict[str, object], where: Target, usable: bool) -> None:
    assert _best([{"filename": _WHEEL, **fields}], where) == (_WHEEL if usable else None)


def test_a_yanked_file_is_taken_where_it_may_be_and_only_if_there_is_no_other() -> None:
    yanked: dict[str, object] = {"filename": "a-1-cp312-none-any.whl", "yanked": "rebuilt"}
    assert _best([yanked], _LINUX, yanked=True) == "a-1-cp312-none-any.whl"
    assert _best([yanked, _WHEEL], _LINUX, yanked=True) == _WHEEL


def test_versions_of_files_are_read_as_pep_440_has_them() -> None:
    files = ["a-1!2.0-py3-none-any.whl", "a-1.0.0+cu121-py3-none-any.whl", "a-1.0_1-py3-none-any.whl", "a-2rc1.tar.gz"]
    project = Projects([MemoryIndex({"a": {"1": {"files": files}}})]).get("a")
    assert tuple(project.ranked.versions) == tuple(map(Version, ["1.0+cu121", "1.0.post1", "2rc1", "1!2"]))
    assert [len(files) for files in project.sdists] == [0, 0, 1, 0]


def test_the_first_index_that_has_a_project_owns_it() -> None:
    private = MemoryIndex({"a": {"1.0": {}}}, url="https://private.example.org/simple/")
    public = MemoryIndex({"a": {"9.0": {}}, "b": {"1.0": {}}})
    projects = Projects([private, public])
    assert tuple(projects.get("a").ranked.versions) == (Version("1.0"),)
    assert (projects.get("a").index, projects.get("b").index) == (private, public)
    assert public.pages_asked == ["b"]
    assert projects.get("nothing").index is None
