"""pyproject.toml: exact outcomes, and errors with file and line."""

from __future__ import annotations

import re
import textwrap

import pytest

from resolver.errors import ManifestError
from resolver.manifests import parse_pyproject
from resolver.model import CondaSpec, EnvironmentSpec, IndexOptions, Origin, PypiRequirement


def parse(
    text: str, *, extras: tuple[str, ...] | None = None, groups: tuple[str, ...] | None = None
) -> EnvironmentSpec:
    return parse_pyproject(
        textwrap.dedent(text), source="pyproject.toml", root="/project", extras=extras, groups=groups
    )


def at(line: int) -> Origin:
    return Origin(source="pyproject.toml", line=line)


def told(spec: EnvironmentSpec) -> list[tuple[str, str, int | None]]:
    return [(str(r), r.group, r.origin.line) for r in spec.pip]


PROJECT = """\
    [project]
    name = "demo"
    requires-python = ">=3.11, <4"
    dependencies = [
        "httpx[http2] >=0.27",  # for the client
        "tzdata; sys_platform == 'win32'",
    ]

    [project.optional-dependencies]
    plot = ["matplotlib"]
    all = ["demo[plot]", "rich"]

    [dependency-groups]
    test = ["pytest >=8", "hypothesis"]
    Dev_Tools = [
        {include-group = "test"},
        "ruff",
    ]
    """


def test_a_project_with_its_groups() -> None:
    assert parse(PROJECT) == EnvironmentSpec(
        name="demo",
        pip=(
            PypiRequirement(name="httpx", extras=("http2",), specifier=">=0.27", origin=at(5)),
            PypiRequirement(name="tzdata", marker='sys_platform == "win32"', origin=at(6)),
            PypiRequirement(name="pytest", specifier=">=8", group="test", origin=at(14)),
            PypiRequirement(name="hypothesis", group="test", origin=at(14)),
            PypiRequirement(name="pytest", specifier=">=8", group="Dev_Tools", origin=at(14)),
            PypiRequirement(name="hypothesis", group="Dev_Tools", origin=at(14)),
            PypiRequirement(name="ruff", group="Dev_Tools", origin=at(17)),
        ),
        requires_python="<4,>=3.11",
        sources=("pyproject.toml",),
    )


@pytest.mark.parametrize(
    ("extras", "groups", "expected"),
    [
        ((), (), []),
        (("plot",), (), [("matplotlib", "plot", 10)]),
        (("all",), (), [("matplotlib", "all", 10), ("rich", "all", 11)]),
        (("PLOT",), (), [("matplotlib", "plot", 10)]),
        (
            None,
            ("dev-tools",),
            [("pytest>=8", "Dev_Tools", 14), ("hypothesis", "Dev_Tools", 14), ("ruff", "Dev_Tools", 17)],
        ),
    ],
)
def test_extras_and_groups_are_chosen_by_name(
    extras: tuple[str, ...] | None, groups: tuple[str, ...], expected: list[tuple[str, str, int]]
) -> None:
    assert told(parse(PROJECT, extras=extras, groups=groups))[2:] == expected


def test_the_settings_choose_where_no_argument_does() -> None:
    text = textwrap.dedent(PROJECT) + '\n[tool.samebox]\nextras = ["plot"]\ngroups = []\n'
    assert told(parse(text))[2:] == [("matplotlib", "plot", 10)]
    assert told(parse(text, extras=(), groups=("test",)))[2:] == [("pytest>=8", "test", 14), ("hypothesis", "test", 14)]


def test_equal_requirements_have_each_their_own_line() -> None:
    spec = parse("""\
        dependency-groups.a = ["x", "x",
          'x']
        dependency-groups.b = ["x"]
        [project]
        dependencies = [
          # "x" in a comment
          "x",
        ]
        """)
    assert told(spec) == [("x", "main", 7), ("x", "a", 1), ("x", "a", 1), ("x", "a", 2), ("x", "b", 3)]


def test_conda_packages_of_samebox() -> None:
    spec = parse("""\
        [tool.samebox]
        platforms = ["linux-64"]
        [tool.samebox.conda]
        channels = ["conda-forge"]
        dependencies = [
          "gdal >=3.8",
          "python=3.12",
        ]
        """)
    assert spec == EnvironmentSpec(
        channels=("conda-forge",),
        conda=(
            CondaSpec(name="gdal", version=">=3.8", origin=at(6)),
            CondaSpec(name="python", version="3.12.*", origin=at(7)),
        ),
        sources=("pyproject.toml",),
    )


def test_conda_packages_of_conda_lock() -> None:
    spec = parse("""\
        [tool.conda-lock]
        channels = ["conda-forge", "nodefaults"]
        platforms = ["linux-64", "osx-arm64"]
        pip-repositories = ["https://simple.example.org/"]
        [tool.conda-lock.dependencies]
        gdal = ">=3.8"
        sqlite = "3.45"
        zlib = ""
        pytorch = {version = "*", build = "cpu*", channel = "lab"}
        ampel = {version = ">=0.6", source = "pypi", extras = ["x"]}
        """)
    assert spec == EnvironmentSpec(
        channels=("conda-forge",),
        platforms=("linux-64", "osx-arm64"),
        conda=(
            CondaSpec(name="gdal", version=">=3.8", origin=at(6)),
            CondaSpec(name="sqlite", version="==3.45", origin=at(7)),
            CondaSpec(name="zlib", origin=at(8)),
            CondaSpec(name="pytorch", build="cpu*", channel="lab", origin=at(9)),
        ),
        pip=(PypiRequirement(name="ampel", extras=("x",), specifier=">=0.6", origin=at(10)),),
        index=IndexOptions(extra_index_urls=("https://simple.example.org/",)),
        sources=("pyproject.toml",),
    )


REFUSED = {
    "not TOML": ("[project]\nname = \n", 2, "not TOML"),
    "not TOML, to its end": ("[project]\ndependencies = [\n'a'\n", 4, "not TOML"),
    "a bad requirement": ('[project]\ndependencies = [\n "a",\n "b=1",\n]\n', 4, "not a requirement: 'b=1'"),
    "a bad marker": ('[dependency-groups]\na = ["x; y == 1"]\n', 2, "not a requirement"),
    "dynamic dependencies": ('[project]\nname = "x"\ndynamic = ["dependencies"]\n', 3, "dependencies are dynamic"),
    "a string for a list": ('[project]\ndependencies = "a"\n', 2, "project.dependencies: expected a list of strings"),
    "a number in the list": ("[project]\ndependencies = [1]\n", 2, "expected a list of strings"),
    "a string for a table": ("project = 1\n", 1, "project: expected a table"),
    "requires-python": ('[project]\nrequires-python = "3.x"\n', 2, "not a version specifier: '3.x'"),
    "a group that is no list": ('[dependency-groups]\na = "x"\n', 2, "expected a list of requirements"),
    "an item that is no include": (
        "[dependency-groups]\na = [{x = 1}]\n",
        2,
        "expected a requirement or {include-group",
    ),
    "an unknown include": (
        '[dependency-groups]\ntest = []\na = [\n {include-group = "tset"}]\n',
        4,
        "dependency-groups.a: includes 'tset', which is not in [dependency-groups]",
    ),
    "a circle of groups": (
        '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n',
        2,
        "includes itself: a → b → a",
    ),
    "names that are one": ("[dependency-groups]\na-b = []\nA_b = []\n", 1, "the same but for case"),
    "itself": ('[project]\nname = "x"\ndependencies = ["X"]\n', 3, "the project requires itself"),
    "an unknown setting of ours": ('[tool.samebox.conda]\ndepends = ["a"]\n', 2, "unknown key 'depends'"),
    "a bad conda spec": ('[tool.samebox.conda]\ndependencies = ["a >="]\n', 2, "not a conda spec: 'a >='"),
    "an unknown key of conda-lock": ("[tool.conda-lock]\nchanels = []\n", 2, "unknown key 'chanels'"),
    "a platform": ('[tool.conda-lock]\nplatforms = [\n "linux-46"]\n', 3, "unknown platform 'linux-46'"),
    "a source": ('[tool.conda-lock.dependencies]\na = {source = "npm"}\n', 2, "expected 'conda' or 'pypi', got 'npm'"),
    "two lists of channels": (
        '[tool.samebox.conda]\nchannels = ["a"]\n[tool.conda-lock]\nchannels = ["b"]\n',
        4,
        "differs from the channels at pyproject.toml:2",
    ),
    "an extra chosen but not there": (
        '[project]\nname = "x"\n[project.optional-dependencies]\nplot = []\n[tool.samebox]\nextras = ["polt"]\n',
        6,
        "there is no 'polt' in [project.optional-dependencies]",
    ),
    "a group chosen but not there": (
        '[tool.samebox]\ngroups = ["test"]\n',
        2,
        "there is no 'test' in [dependency-groups]",
    ),
    "a secret": ('[project]\ndependencies = ["a @ https://u:hunter2@example.org/a"]\n', 2, "a URL holds a credential"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_with_file_and_line(case: str) -> None:
    text, line, message = REFUSED[case]
    with pytest.raises(ManifestError, match=re.escape(message)) as caught:
        parse(text)
    assert caught.value.origin == at(line)
    assert "hunter2" not in str(caught.value)


def test_extras_in_a_circle_are_an_error() -> None:
    text = """\
        [project]
        name = "demo"
        [project.optional-dependencies]
        a = ["demo[b]"]
        b = ["demo[a]"]
        """
    with pytest.raises(ManifestError, match="includes itself: a → b → a"):
        parse(text, extras=("a",))


def test_dynamic_extras_matter_only_where_one_is_chosen() -> None:
    text = '[project]\nname = "x"\ndynamic = ["optional-dependencies"]\n'
    assert parse(text).pip == ()
    with pytest.raises(ManifestError, match="optional-dependencies are dynamic"):
        parse(text, extras=("a",))


def test_an_unknown_extra_names_the_nearest() -> None:
    with pytest.raises(ManifestError) as caught:
        parse(PROJECT, extras=("polt",))
    assert caught.value.hint == "did you mean plot?"
