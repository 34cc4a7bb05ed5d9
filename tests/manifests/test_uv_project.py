"""What [tool.uv] adds to the requirements of a pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker

from resolver.errors import ManifestError
from resolver.manifests import parse_pyproject, read_manifests
from resolver.manifests.marker_complement import complement
from resolver.model import EnvironmentSpec
from resolver.platforms import Platform, PythonTarget


def _spec(
    uv: str, *, dependencies: str = '"a>=1"', more: str = "", groups: tuple[str, ...] | None = None
) -> EnvironmentSpec:
    text = f'[project]\nname = "x"\nversion = "1"\ndependencies = [{dependencies}]\n{more}[tool.uv]\n{uv}\n'
    return parse_pyproject(text, source="pyproject.toml", root="/project", groups=groups)


def _told(spec: EnvironmentSpec) -> list[tuple[str, str | None, str]]:
    return [(str(requirement), requirement.marker, requirement.group) for requirement in spec.pip]


@pytest.mark.parametrize(
    ("source", "url", "editable"),
    [
        ('{ git = "https://git.example.org/a" }', "git+https://git.example.org/a", False),
        ('{ git = "https://git.example.org/a", tag = "v1" }', "git+https://git.example.org/a@v1", False),
        ('{ git = "ssh://git@git.example.org/a", branch = "b" }', "git+ssh://git@git.example.org/a@b", False),
        (
            '{ git = "https://git.example.org/a", rev = "abc", subdirectory = "in side" }',
            "git+https://git.example.org/a@abc#subdirectory=in side",
            False,
        ),
        ('{ url = "https://files.example.org/a-1.tar.gz" }', "https://files.example.org/a-1.tar.gz", False),
        ('{ path = "../a" }', "file:///a", False),
        ('{ path = "a b", editable = true }', "file:///project/a%20b", True),
        ('{ path = "a-1-py3-none-any.whl" }', "file:///project/a-1-py3-none-any.whl", False),
        ('[{ path = "a" }]', "file:///project/a", False),
    ],
)
def test_a_source_stands_in_for_the_version(source: str, url: str, editable: bool) -> None:
    (requirement,) = _spec(f"sources = {{ A = {source} }}").pip
    assert (requirement.name, requirement.specifier, requirement.url) == ("a", "", url)
    assert requirement.editable is editable
    assert requirement.origin.line == 4


def test_where_a_source_is_not_meant_the_index_is_asked() -> None:
    spec = _spec("sources = { a = { path = 'a', marker = \"sys_platform == 'linux'\" } }", dependencies='"a[b]>=1"')
    assert _told(spec) == [
        ("a[b] @ file:///project/a", 'sys_platform == "linux"', "main"),
        ("a[b]>=1", 'sys_platform != "linux"', "main"),
    ]


def test_several_sources_each_have_their_marker() -> None:
    uv = """\
[tool.uv.sources]
a = [
    { git = "https://git.example.org/a", marker = "sys_platform == 'linux' and python_version >= '3.12'" },
    { url = "https://files.example.org/a-1-py3-none-any.whl", marker = "sys_platform == 'win32'" },
]
"""
    spec = _spec(uv, dependencies="\"a>=1; python_version < '4'\"")
    nowhere_else = '(python_version < "4" and (sys_platform != "linux" or python_version < "3.12"))'
    assert _told(spec) == [
        (
            "a @ git+https://git.example.org/a",
            'python_version < "4" and (sys_platform == "linux" and python_version >= "3.12")',
            "main",
        ),
        (
            "a @ https://files.example.org/a-1-py3-none-any.whl",
            'python_version < "4" and sys_platform == "win32"',
            "main",
        ),
        (
            "a>=1",
            f'{nowhere_else} and sys_platform != "win32"',
            "main",
        ),
    ]


def test_a_source_for_an_extra_or_a_group_is_for_no_other() -> None:
    uv = 'sources = { a = [{ path = "one", extra = "e" }, { path = "two", group = "g" }] }'
    more = '[project.optional-dependencies]\ne = ["a"]\n[dependency-groups]\ng = ["a"]\nh = ["a"]\n'
    more += '[tool.samebox]\nextras = ["e"]\n'
    assert _told(_spec(uv, more=more)) == [
        ("a>=1", None, "main"),
        ("a @ file:///project/one", None, "e"),
        ("a @ file:///project/two", None, "g"),
        ("a", None, "h"),
    ]


@pytest.mark.parametrize("off", ["no-sources = true", 'no-sources-package = ["A"]'])
def test_sources_can_be_switched_off(off: str) -> None:
    assert _told(_spec(f'{off}\nsources = {{ a = {{ path = "a" }} }}')) == [("a>=1", None, "main")]


def test_an_index_is_no_place() -> None:
    assert _told(_spec('sources = { a = { index = "company" } }')) == [("a>=1", None, "main")]


def test_constraints_and_pre_releases() -> None:
    spec = _spec('constraint-dependencies = ["b<2", "c==1 ; os_name == \'nt\'"]\nprerelease = "allow"')
    assert [(str(c), c.marker, c.origin.line) for c in spec.constraints] == [
        ("b<2", None, 6),
        ("c==1", 'os_name == "nt"', 6),
    ]
    assert spec.index.pre
    assert not _spec('prerelease = "if-necessary-or-explicit"').index.pre


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", [("d", None, "dev")]),
        ('[dependency-groups]\ndev = ["c"]\n', [("d", None, "dev"), ("c", None, "dev")]),
        (
            '[dependency-groups]\nall = ["c", {include-group = "dev"}]\n',
            [("c", None, "all"), ("d", None, "all"), ("d", None, "dev")],
        ),
    ],
)
def test_dev_dependencies_are_the_group_dev(more: str, told: list[tuple[str, str | None, str]]) -> None:
    spec = _spec('dev-dependencies = ["d"]', more=more)
    assert _told(spec) == [("a>=1", None, "main"), *told]
    assert _told(_spec('dev-dependencies = ["d"]', groups=())) == [("a>=1", None, "main")]
    assert _told(_spec('dev-dependencies = ["d"]', groups=("dev",)))[1:] == [("d", None, "dev")]


def test_a_member_of_the_workspace_is_its_folder(tmp_path: Path) -> None:
    for folder, name in (("packages/member", "Member"), ("odd", "other")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
    (tmp_path / "pyproject.toml").write_text(
        """\
[project]
name = "x"
version = "1"
dependencies = ["member", "other"]
[tool.uv.sources]
member = { workspace = true }
other = { workspace = true }
unused = { workspace = true }
[tool.uv.workspace]
members = ["packages/*", "odd"]
"""
    )
    spec = read_manifests(["pyproject.toml"], root=tmp_path)
    root = tmp_path.as_posix()
    assert [(r.name, r.url, r.editable) for r in spec.pip] == [
        ("member", f"file://{root}/packages/member", True),
        ("other", f"file://{root}/odd", True),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('"a"', "pyproject.toml:6: tool.uv.sources.a: expected a table, or a list of tables"),
        ("{ }", "pyproject.toml:6: tool.uv.sources.a: expected one of git, index, path, url, workspace, got none"),
        ('{ path = "a", git = "b" }', "pyproject.toml:6: tool.uv.sources.a: expected one of git, index, path, url, "),
        ('{ path = "a", colour = "b" }', "pyproject.toml:6: tool.uv.sources.a: unknown key 'colour'"),
        ('{ path = "a", package = false }', "pyproject.toml:6: tool.uv.sources.a: package = false and lfs cannot "),
        ("{ path = 1 }", "pyproject.toml:6: tool.uv.sources.a: expected a string for path"),
        (
            '{ git = "https://git.example.org/a", tag = "1", rev = "2" }',
            "pyproject.toml:6: tool.uv.sources.a: rev and tag",
        ),
        ('{ git = "git@git.example.org:a" }', "pyproject.toml:6: tool.uv.sources.a: git is not a URL: 'git@"),
        ('{ git = "https://me:secret@git.example.org/a" }', "pyproject.toml:6: tool.uv.sources.a: a URL holds a cred"),
        ('{ path = "~/a" }', "pyproject.toml:6: tool.uv.sources.a: path is not a path that means"),
        ("{ workspace = false }", "pyproject.toml:6: tool.uv.sources.a: expected workspace = true"),
        ("{ workspace = true }", "pyproject.toml:6: tool.uv.sources.a: no member of the workspace that can be found"),
        ('{ path = "a", marker = "os" }', "pyproject.toml:6: tool.uv.sources.a: not a marker: 'os'"),
        (
            '{ path = "a", marker = "python_version ~= \'3.11\'" }',
            "pyproject.toml:6: tool.uv.sources.a: where the marker 'python_version ~= \"3.11\"' does not hold cannot",
        ),
    ],
)
def test_a_source_that_is_none_is_told_with_its_line(source: str, message: str) -> None:
    with pytest.raises(ManifestError) as error:
        _spec(f"sources = {{ a = {source} }}")
    assert str(error.value).startswith(message)
    assert "secret" not in str(error.value)


def test_a_requirement_that_has_a_url_has_no_second_place() -> None:
    with pytest.raises(ManifestError, match=r"a has a URL already, at pyproject.toml:4"):
        _spec('sources = { a = { path = "a" } }', dependencies='"a @ https://files.example.org/a-1.tar.gz"')


@pytest.mark.parametrize(
    ("uv", "message"),
    [
        ('constraint-dependencies = "a"', "tool.uv.constraint-dependencies: expected a list of strings"),
        ('constraint-dependencies = ["a[b]"]', "a constraint cannot have extras: a[b]"),
        ("dev-dependencies = [1]", "tool.uv.dev-dependencies: expected a list of strings"),
        ("default-groups = 1", "tool.uv.default-groups: expected a list of strings"),
        ("conflicts = [1]", "tool.uv.conflicts: expected a list of lists of tables"),
        ("sources = []", "tool.uv.sources: expected a table"),
    ],
)
def test_what_is_no_list_is_told_with_its_line(uv: str, message: str) -> None:
    with pytest.raises(ManifestError) as error:
        _spec(uv)
    assert str(error.value) == f"pyproject.toml:6: {message}"


def test_groups_that_exclude_each_other_are_not_locked_together() -> None:
    uv = 'conflicts = [[{ group = "g" }, { group = "h" }]]'
    more = '[dependency-groups]\ng = ["b<1"]\nh = ["b>1"]\n'
    with pytest.raises(
        ManifestError, match=r"pyproject.toml:9: tool.uv.conflicts: g and h exclude each other"
    ) as error:
        _spec(uv, more=more)
    assert error.value.hint is not None
    assert _told(_spec(uv, more=more, groups=("h",)))[1:] == [("b>1", None, "h")]


# ------------------------------------------------------------------------------------ complements of markers

_ATOMS = st.sampled_from(
    [
        "sys_platform == 'linux'",
        "sys_platform != 'win32'",
        "python_version < '3.12'",
        "python_full_version >= '3.11.4'",
        "platform_machine in 'arm64 aarch64'",
        "'x' not in platform_machine",
        "'64' in platform_machine",
        'os_name == "nt"',
    ]
)
_MARKERS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join), inner.map(lambda text: f"({text})")
    ),
    max_leaves=8,
)


@given(
    marker=_MARKERS,
    subdir=st.sampled_from(["linux-64", "osx-arm64", "win-64"]),
    python=st.sampled_from(["3.11.2", "3.13.1"]),
)
def test_a_complement_holds_where_the_marker_does_not(marker: str, subdir: str, python: str) -> None:
    environment = {**Platform.of(subdir).markers(PythonTarget(version=python)), "extra": ""}
    assert Marker(complement(marker)).evaluate(environment) is not Marker(marker).evaluate(environment)


@pytest.mark.parametrize("marker", ["python_version ~= '3.11'", "python_version === '3.11'", "os_name", ""])
def test_what_has_no_complement_is_told(marker: str) -> None:
    with pytest.raises(InvalidMarker):
        complement(marker)
