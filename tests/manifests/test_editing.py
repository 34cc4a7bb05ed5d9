"""Edits of manifests: what is asked for, and not a byte more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.errors import ManifestError
from resolver.manifests import READERS, parse_environment_yml, parse_pyproject, parse_requirements_txt
from resolver.manifests.editing import EDITORS, Addition, Removal

_YML = EDITORS[0]


def _add(text: str, spec: str, *, pip: bool = False, group: str | None = None, file: str = "environment.yml") -> str:
    editor = next(editor for editor in EDITORS if editor.matches(file))
    return editor.add(text, file, Addition(text=spec, is_pip=pip, group=group))


def _remove(text: str, name: str, *, group: str | None = None, file: str = "environment.yml") -> str:
    editor = next(editor for editor in EDITORS if editor.matches(file))
    return editor.remove(text, file, Removal(name=name, group=group))


def _refused(text: str, spec: str, *, pip: bool = False, group: str | None = None, file: str) -> str:
    with pytest.raises(ManifestError) as error:
        _add(text, spec, pip=pip, group=group, file=file)
    return f"{error.value.message} | {error.value.hint}"


def test_every_format_that_is_read_can_be_edited() -> None:
    assert [editor.name for editor in EDITORS] == [reader.name for reader in READERS]


# ------------------------------------------------------------------------------------------ environment.yml

_KEPT = """\
# the environment of the analysis
name: analysis
channels: [conda-forge]   # nothing else
dependencies:
  # the interpreter
  - python=3.12
  - "zlib"  # quoted
  - numpy >=1.26   # [linux]

  - pip:
      # from PyPI
      - polars
      - httpx[http2]>=0.27  # for the client
variables:
  MODE: fast
"""


def test_a_spec_goes_before_the_pip_section_and_nothing_else_changes() -> None:
    assert _add(_KEPT, "scipy >=1.11,<2") == _KEPT.replace(
        "  - numpy >=1.26   # [linux]\n", "  - numpy >=1.26   # [linux]\n  - scipy >=1.11,<2\n"
    )


def test_a_requirement_goes_to_the_pip_section() -> None:
    assert _add(_KEPT, "rich; python_version < '3.13'", pip=True) == _KEPT.replace(
        "  # for the client\n", "  # for the client\n      - rich; python_version < '3.13'\n"
    )


def test_an_item_of_the_same_name_is_replaced_as_it_was_quoted() -> None:
    assert _add(_KEPT, "zlib =1.3") == _KEPT.replace('"zlib"', '"zlib =1.3"')
    assert _add(_KEPT, "Polars>=1", pip=True) == _KEPT.replace("- polars", "- Polars>=1")


def test_a_spec_that_is_there_changes_nothing() -> None:
    assert _add(_KEPT, "python=3.12") == _KEPT


def test_removing_takes_the_line_and_leaves_comments_of_their_own() -> None:
    assert _remove(_KEPT, "python") == _KEPT.replace("  - python=3.12\n", "")
    assert _remove(_KEPT, "HTTPX") == _KEPT.replace("      - httpx[http2]>=0.27  # for the client\n", "")
    assert _remove(_KEPT, "nothing") == _KEPT


def test_a_pip_section_goes_with_its_last_requirement() -> None:
    assert _remove("dependencies:\n- a\n- pip:\n  - b\n", "b") == "dependencies:\n- a\n"


def test_all_lines_of_one_name_are_removed() -> None:
    text = "dependencies:\n- numpy 1.*  # [linux]\n- scipy\n- numpy 2.*  # [osx]\n- pip:\n  - numpy\n  - x\n"
    assert _remove(text, "numpy") == "dependencies:\n- scipy\n- pip:\n  - x\n"


@pytest.mark.parametrize(
    ("before", "spec", "pip", "after"),
    [
        ("dependencies:\n- a\n- c\n", "b", False, "dependencies:\n- a\n- b\n- c\n"),
        ("dependencies:\n- b\n- c\n", "a", False, "dependencies:\n- a\n- b\n- c\n"),
        ("dependencies:\n- c\n- a\n", "b", False, "dependencies:\n- c\n- a\n- b\n"),
        ("dependencies:\n    - a\n", "b", True, "dependencies:\n    - a\n    - pip:\n          - b\n"),
        ("dependencies:\n- a\n", "b", True, "dependencies:\n- a\n- pip:\n  - b\n"),
        ("dependencies:\n- pip:\n  - a\n", "b", False, "dependencies:\n- b\n- pip:\n  - a\n"),
        ("dependencies:\n-   a\n", "b", False, "dependencies:\n-   a\n-   b\n"),
        ("dependencies: [a, c]\n", "b", False, "dependencies: [a, b, c]\n"),
        ("dependencies: [a, c]\n", "b >=1,<2", False, 'dependencies: [a, "b >=1,<2", c]\n'),
        ("dependencies: []\n", "b", False, "dependencies: [b]\n"),
        ("dependencies: [a]\n", "b", True, "dependencies: [a, {pip: [b]}]\n"),
        ("dependencies: [a, {pip: [b]}]\n", "c", False, "dependencies: [a, c, {pip: [b]}]\n"),
        ("dependencies: [\n  a,\n  c\n]\n", "d", False, "dependencies: [\n  a,\n  c,\n  d\n]\n"),
        ("dependencies:\n", "a", False, "dependencies:\n  - a\n"),
        ("dependencies:\n", "a", True, "dependencies:\n  - pip:\n      - a\n"),
        ("name: x\n", "a", False, "name: x\ndependencies:\n  - a\n"),
        ("", "a", True, "dependencies:\n  - pip:\n      - a\n"),
        ("dependencies:\n- a\n- pip:\n", "b", True, "dependencies:\n- a\n- pip:\n  - b\n"),
        ("dependencies:\r\n- a\r\nname: x\r\n", "b", False, "dependencies:\r\n- a\r\n- b\r\nname: x\r\n"),
        ("dependencies:\n- a", "b", False, "dependencies:\n- a\n- b"),
        ("dependencies:\n- 'a'\n- 'c'\n", "d", False, "dependencies:\n- 'a'\n- 'c'\n- 'd'\n"),
        ("dependencies:\n- a\n- pip:\n  - |\n    x\n    y\n\nname: n\n", "z", True,
         "dependencies:\n- a\n- pip:\n  - |\n    x\n    y\n  - z\n\nname: n\n"),
    ],
)  # fmt: skip
def test_where_and_how_an_item_is_written(before: str, spec: str, pip: bool, after: str) -> None:
    assert _add(before, spec, pip=pip) == after
    parse_environment_yml(after, source="environment.yml")


@pytest.mark.parametrize(
    ("text", "spec", "told"),
    [
        ("dependencies:\n- a 1.*  # [linux]\n- a 2.*  # [osx]\n", "a", "environment.yml:3: a stands there 2 times"),
        ("dependencies:\n-\n  a\n", "b", "environment.yml:3: this item cannot be edited without guessing"),
        ("{name: x}\n", "b", "environment.yml: it is written in a way that cannot be edited"),
        ("dependencies: [a\n", "b", "environment.yml:2: bad YAML"),
        ("dependencies: [a]\n", "b ==", "<option>: not a conda spec: 'b =='"),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_place(text: str, spec: str, told: str) -> None:
    assert _refused(text, spec, file="environment.yml").startswith(told)


def test_a_group_is_a_file_of_its_own() -> None:
    assert _add("category: dev\ndependencies:\n- a\n", "b", group="dev") == "category: dev\ndependencies:\n- a\n- b\n"
    assert _refused("dependencies:\n- a\n", "b", group="dev", file="environment.yml") == (
        "environment.yml: everything in it is in the group main"
        " | put the group dev into a file of its own, with `category: dev`"
    )


# ------------------------------------------------------------------------------------------- pyproject.toml

_PROJECT = """\
[project]
name = "x"
dependencies = [
    "httpx>=0.27",  # the client
    # the frames
    "polars",
]

[dependency-groups]
dev = ["pytest"]

[tool.samebox.conda]
channels = ["conda-forge"]  # only
dependencies = ["gdal >=3.8"]
"""


def _toml(text: str, spec: str, *, pip: bool = False, group: str | None = None) -> str:
    return _add(text, spec, pip=pip, group=group, file="pyproject.toml")


def test_a_requirement_goes_to_the_project() -> None:
    assert _toml(_PROJECT, "rich", pip=True) == _PROJECT.replace('    "polars",\n', '    "polars",\n    "rich",\n')
    assert _toml(_PROJECT, "polars>=1", pip=True) == _PROJECT.replace('"polars"', '"polars>=1"')


def test_a_requirement_goes_to_a_group_which_is_made_where_it_is_missing() -> None:
    assert _toml(_PROJECT, "ruff", pip=True, group="dev") == _PROJECT.replace('["pytest"]', '["pytest", "ruff"]')
    assert _toml(_PROJECT, "ruff", pip=True, group="Dev") == _PROJECT.replace('["pytest"]', '["pytest", "ruff"]')
    assert _toml(_PROJECT, "ruff", pip=True, group="lint") == _PROJECT.replace(
        'dev = ["pytest"]\n', 'dev = ["pytest"]\nlint = ["ruff"]\n'
    )


def test_a_conda_spec_goes_to_samebox_own_table() -> None:
    assert _toml(_PROJECT, "libcurl") == _PROJECT.replace('["gdal >=3.8"]', '["gdal >=3.8", "libcurl"]')
    made = _toml('[project]\nname = "x"\n', "libcurl")
    assert made == '[project]\nname = "x"\n\n[tool.samebox.conda]\ndependencies = ["libcurl"]\n'


def test_a_marker_is_not_escaped() -> None:
    made = _toml("[project]\ndependencies = []\n", 'rich; python_version < "3.13"', pip=True)
    assert made == "[project]\ndependencies = ['rich; python_version < \"3.13\"']\n"


def test_a_name_is_removed_from_every_list_or_from_one_group() -> None:
    text = '[project]\ndependencies = ["a", "b"]\n[dependency-groups]\ndev = ["b>=1", {include-group = "x"}]\nx = []\n'
    assert _remove(text, "B", file="pyproject.toml") == text.replace('"a", "b"', '"a"').replace('"b>=1", ', "")
    assert _remove(text, "b", group="dev", file="pyproject.toml") == text.replace('"b>=1", ', "")
    locked = '[tool.conda-lock.dependencies]\ngdal = "3.8"  # maps\nnumpy = "*"\n'
    assert _remove(locked, "gdal", file="pyproject.toml") == '[tool.conda-lock.dependencies]\nnumpy = "*"\n'


@pytest.mark.parametrize(
    ("text", "pip", "group", "told"),
    [
        ('[tool.x]\na = 1\n', True, None, "pyproject.toml: there is no [project] table to add a to | name a group"),
        ('[project]\ndynamic = ["dependencies"]\n', True, None, "pyproject.toml: the dependencies are dynamic to add"),
        ("[project]\n", False, "dev", "pyproject.toml: conda packages in a pyproject.toml have no groups | --pip"),
        ("[project]\ndependencies = 7\n", True, None, "pyproject.toml: project.dependencies: expected a list"),
        ("[project\n", True, None, "pyproject.toml:1: not TOML"),
        ('[project]\ndependencies = ["a; x", "a; y"]\n'.replace("x", "os_name=='x'").replace("y", "os_name=='y'"),
         True, None, "pyproject.toml: a stands there 2 times | edit the one"),
    ],
)  # fmt: skip
def test_what_pyproject_refuses(text: str, pip: bool, group: str | None, told: str) -> None:
    assert _refused(text, "a", pip=pip, group=group, file="pyproject.toml").startswith(told)


# ------------------------------------------------------------------------------------------ requirements.in

_LINES = """\
# what the service needs
-c constraints.txt
flask>=3  # the web
requests \\
    --hash=sha256:{hash}
""".format(hash="0" * 64)


def test_a_line_is_added_after_the_last_requirement() -> None:
    assert _add(_LINES, "attrs", pip=True, file="requirements.in") == _LINES.replace("flask>=3", "attrs\nflask>=3")
    text = "b\na\n\n# the end\n"
    assert _add(text, "aa", pip=True, file="requirements.in") == "b\na\naa\n\n# the end\n"


def test_a_line_is_replaced_with_its_comment_kept() -> None:
    assert _add(_LINES, "flask>=3.1", pip=True, file="requirements.in") == _LINES.replace("flask>=3", "flask>=3.1")


def test_a_requirement_is_removed_with_its_continuations() -> None:
    assert _remove(_LINES, "requests", file="requirements.in") == "".join(_LINES.splitlines(keepends=True)[:3])


def test_a_requirements_file_has_no_conda_packages_and_no_groups() -> None:
    assert _refused("", "gdal", file="requirements.in") == (
        "requirements.in: a requirements file has no place for a conda package (gdal)"
        " | --pip adds a Python requirement; conda packages go into an environment.yml"
    )
    assert _refused("", "a", pip=True, group="dev", file="requirements.in").startswith(
        "requirements.in: a requirements file has no groups"
    )


@pytest.mark.parametrize("text", ["-r other.txt", "a b", "", "# nothing", "--pre"])
def test_what_is_no_request_is_refused_before_anything_is_read(text: str) -> None:
    with pytest.raises(ManifestError, match=r"^<option>: not one requirement"):
        Addition(text=text, is_pip=True)


# ---------------------------------------------------------------------------------------------- properties

_NAMES = ("aiohttp", "boto3", "cython", "dask", "flask", "gdal", "httpx")
_OF_CONDA = st.sampled_from(["", " >=1", " >=1,<2", "=1.2", "==1.2=py_0", "[version='>=1']"])
_OF_PYPI = st.sampled_from(["", ">=1", ">=1,<2", "==1.2", "[extra]>=1", "; python_version < '3.12'"])
_COMMENTS = st.sampled_from(["", "", "  # why", "  # [linux]"])
_ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def _environments(draw: st.DrawFn) -> str:
    """environment.yml with one item or more, in the styles that people use."""
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4, unique=True))
    pip_names = draw(st.lists(st.sampled_from(_NAMES), max_size=3, unique=True))
    indent = draw(st.sampled_from(["", "  ", "    "]))
    quote = draw(st.sampled_from(["", '"']))
    lines = draw(st.sampled_from([[], ["# first", "name: x", ""], ["channels:", "- main"]]))
    lines = [*lines, "dependencies:"]
    for name in names:
        lines += draw(st.sampled_from([[], [], [f"{indent}# about it"], [""]]))
        lines.append(f"{indent}- {quote}{name}{draw(_OF_CONDA)}{quote}{draw(_COMMENTS)}")
    if pip_names:
        lines.append(f"{indent}- pip:")
        lines += [f"{indent}  {indent}- {quote}{name}{draw(_OF_PYPI)}{quote}{draw(_COMMENTS)}" for name in pip_names]
    lines += draw(st.sampled_from([[], ["# the end"], ["", "variables:", "  A: b"]]))
    end = draw(_ENDS)
    return end.join(lines) + draw(st.sampled_from([end, ""]))


@settings(max_examples=300, deadline=None)
@given(text=_environments(), version=_OF_CONDA)
def test_add_then_remove_gives_the_same_bytes(text: str, version: str) -> None:
    added = _add(text, f"newcomer{version}")
    assert [s.name for s in parse_environment_yml(added, source="e.yml").conda].count("newcomer") == 1
    assert _remove(added, "newcomer") == text


@settings(max_examples=300, deadline=None)
@given(text=_environments(), version=_OF_PYPI)
def test_add_then_remove_of_a_requirement_gives_the_same_bytes(text: str, version: str) -> None:
    added = _add(text, f"newcomer{version}", pip=True)
    assert [r.name for r in parse_environment_yml(added, source="e.yml").pip].count("newcomer") == 1
    assert _remove(added, "newcomer") == text


@settings(max_examples=200, deadline=None)
@given(text=_environments(), name=st.sampled_from(_NAMES))
def test_removing_keeps_every_other_line(text: str, name: str) -> None:
    edited = _remove(text, name)
    gone = [line for line in text.splitlines() if line not in edited.splitlines()]
    # an empty last line without a break is none that is left
    assert all(name in line or line.strip() in ("- pip:", "") for line in gone)
    assert name not in _YML.names(edited, "environment.yml")


@settings(max_examples=200, deadline=None)
@given(
    names=st.lists(st.sampled_from(_NAMES), min_size=1, max_size=5, unique=True),
    version=_OF_PYPI,
    comments=st.lists(_COMMENTS, min_size=5, max_size=5),
    end=_ENDS,
    last=st.booleans(),
)
def test_add_then_remove_in_requirements(
    names: list[str], version: str, comments: list[str], end: str, last: bool
) -> None:
    text = end.join(f"{n}{c}" for n, c in zip(names, comments, strict=False)) + (end if last else "")
    added = _add(text, f"newcomer{version}", pip=True, file="requirements.in")
    assert len(parse_requirements_txt(added, source="r.in").pip) == len(names) + 1
    assert _remove(added, "newcomer", file="requirements.in") == text


@settings(max_examples=200, deadline=None)
@given(
    names=st.lists(st.sampled_from(_NAMES), max_size=5, unique=True),
    version=_OF_PYPI,
    comments=st.lists(st.sampled_from(["", "  # why"]), min_size=5, max_size=5),
    style=st.sampled_from(["lines", "one line"]),
)
def test_add_then_remove_in_pyproject(names: list[str], version: str, comments: list[str], style: str) -> None:
    if style == "one line":
        value = "[" + ", ".join(f'"{name}"' for name in names) + "]"
    else:
        value = "[\n" + "".join(f'    "{n}",{c}\n' for n, c in zip(names, comments, strict=False)) + "]"
    text = f'# head\n[project]\nname = "x" # it\ndependencies = {value}\n\n[tool.other]\na = 1  # kept\n'
    added = _toml(text, f"newcomer{version}", pip=True)
    assert len(parse_pyproject(added, source="pyproject.toml").pip) == len(names) + 1
    assert _remove(added, "newcomer", file="pyproject.toml") == text


# ------------------------------------------------------------------------------------------------ pixi.toml

_PIXI = """\
[workspace]  # of the analysis
channels = ["conda-forge"]

[dependencies]
python = "3.12.*"  # the interpreter

[environments]
test = ["test"]
"""


@pytest.mark.parametrize(
    ("spec", "pip", "group", "line"),
    [
        ("numpy >=1.26,<2", False, None, '[dependencies]\npython = "3.12.*"  # the interpreter\nnumpy = ">=1.26,<2"\n'),
        ("python=3.13", False, None, '[dependencies]\npython = "3.13.*"  # the interpreter\n'),
        ("extra::gdal=3.8=py*", False, None, 'gdal = {version = "==3.8", build = "py*", channel = "extra"}\n'),
        ("httpx[http2]>=0.27", True, None, '[pypi-dependencies]\nhttpx = {version = ">=0.27", extras = ["http2"]}\n'),
        ("pytest", True, "test", '[feature.test.pypi-dependencies]\npytest = "*"\n'),
    ],
)
def test_a_request_goes_into_the_tables_of_a_pixi_toml(spec: str, pip: bool, group: str | None, line: str) -> None:
    edited = _add(_PIXI, spec, pip=pip, group=group, file="pixi.toml")
    assert line in edited
    assert edited.startswith('[workspace]  # of the analysis\nchannels = ["conda-forge"]\n')
    name = Addition(text=spec, is_pip=pip).name
    assert name is not None
    without = _remove(edited, name, file="pixi.toml")
    assert name not in parse_names(without)
    assert name in parse_names(edited)


def parse_names(text: str) -> tuple[str, ...]:
    editor = next(editor for editor in EDITORS if editor.matches("pixi.toml"))
    return editor.names(text, "pixi.toml")


def test_a_group_without_a_feature_of_its_name_is_refused() -> None:
    assert _refused(_PIXI, "pytest", group="docs", file="pixi.toml") == (
        "pixi.toml: no environment 'docs' with a feature of its name | write docs = [\"docs\"] under [environments]"
    )
