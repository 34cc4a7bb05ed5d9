"""environment.yml: exact outcomes, and errors with file and line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

import pytest

from resolver.errors import ManifestError
from resolver.manifests import parse_environment_yml
from resolver.model import CondaSpec, EnvironmentSpec, IndexOptions, Origin, PypiRequirement

LINUX = ("linux-64", "linux-aarch64", "linux-ppc64le")
HASH = "sha256:" + "0a" * 32


def parse(text: str, files: Mapping[str, str] | None = None, source: str = "environment.yml") -> EnvironmentSpec:
    there = files or {}

    def open_text(path: str) -> str:
        if path not in there:
            raise ManifestError(f"{path}: cannot be read: No such file or directory")
        return textwrap.dedent(there[path])

    return parse_environment_yml(textwrap.dedent(text), source=source, open_text=open_text, root="/project")


def at(line: int, source: str = "environment.yml") -> Origin:
    return Origin(source=source, line=line)


def test_a_whole_environment() -> None:
    spec = parse("""\
        name: demo
        channels:
          - conda-forge/label/x
          - https://conda.example.org/lab/
          - conda-forge
          - nodefaults
        platforms: [linux-64, osx-arm64]
        category: dev
        dependencies:
          - python=3.11
          - numpy >=1.26,<2  # a remark
          - cuda-version  # [linux and not aarch64]
          - pip
          - pip:
              - Flask[async] >=3 ; python_version < "4"
              - uvloop  # [not win]
        variables:
          B: "yes"
          A: 1
          C: 0.5
        prefix: /home/somebody/envs/demo
        """)
    assert spec == EnvironmentSpec(
        name="demo",
        channels=("conda-forge/label/x", "https://conda.example.org/lab", "conda-forge"),
        platforms=("linux-64", "osx-arm64"),
        conda=(
            CondaSpec(name="python", version="3.11.*", group="dev", origin=at(10)),
            CondaSpec(name="numpy", version=">=1.26,<2", group="dev", origin=at(11)),
            CondaSpec(name="cuda-version", group="dev", platforms=("linux-64", "linux-ppc64le"), origin=at(12)),
            CondaSpec(name="pip", group="dev", origin=at(13)),
        ),
        pip=(
            PypiRequirement(
                name="flask",
                extras=("async",),
                specifier=">=3",
                marker='python_version < "4"',
                group="dev",
                origin=at(15),
            ),
            PypiRequirement(
                name="uvloop",
                group="dev",
                platforms=(*LINUX, "osx-64", "osx-arm64"),
                origin=at(16),
            ),
        ),
        variables=(("A", "1"), ("B", "yes"), ("C", "0.5")),
        sources=("environment.yml",),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "dependencies:\n", "dependencies: []\n", "---\nname: \n"])
def test_an_empty_environment_is_one(text: str) -> None:
    assert parse(text) == EnvironmentSpec(sources=("environment.yml",))


def test_quoted_and_folded_dependencies_keep_their_line_and_selector() -> None:
    spec = parse("""\
        dependencies:
          - "numpy=1.26"   # [linux]
          - 'pkg[version=">=1"]'
          - scipy
              >=1.11
        """)
    assert [(str(s), s.platforms, s.origin.line) for s in spec.conda] == [
        ("numpy[version='1.26.*']", LINUX, 2),
        ("pkg[version='>=1']", None, 3),
        ("scipy[version='>=1.11']", None, 4),
    ]


def test_a_selector_on_the_pip_section_holds_for_all_of_it() -> None:
    spec = parse("""\
        dependencies:
          - pip:  # [linux or osx]
              - a
              - b  # [linux or win]
        """)
    assert [r.platforms for r in spec.pip] == [(*LINUX, "osx-64", "osx-arm64"), LINUX]


def test_the_pip_section_takes_the_options_of_a_requirements_file() -> None:
    spec = parse(
        """\
        dependencies:
          - pip:
              - --index-url https://pypi.example.org/simple
              - --extra-index-url=https://user:${PASSWORD}@extra.example.org/simple
              - --find-links ./wheels
              - "--only-binary :all:"
              - --no-binary lxml
              - --pre
              - -r requirements/base.txt
              - -c constraints.txt
              - |
                a==1 \\
                  --hash=sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
        """,
        {
            "requirements/base.txt": "# base\nb\n-r more.txt\n",
            "requirements/more.txt": "c\n",
            "constraints.txt": "d<2\n",
        },
    )
    assert spec.index == IndexOptions(
        index_url="https://pypi.example.org/simple",
        extra_index_urls=("https://user:${PASSWORD}@extra.example.org/simple",),
        find_links=("file:///project/wheels",),
        only_binary=(":all:",),
        no_binary=("lxml",),
        pre=True,
    )
    assert spec.pip == (
        PypiRequirement(name="b", origin=at(2, "requirements/base.txt")),
        PypiRequirement(name="c", origin=at(1, "requirements/more.txt")),
        PypiRequirement(name="a", specifier="==1", hashes=(HASH,), origin=at(12)),
    )
    assert spec.constraints == (PypiRequirement(name="d", specifier="<2", origin=at(1, "constraints.txt")),)


def test_pip_repositories_of_conda_lock_are_extra_indexes() -> None:
    spec = parse("pip-repositories: [https://pypi.example.org/simple]\n")
    assert spec.index.extra_index_urls == ("https://pypi.example.org/simple",)


def test_paths_are_relative_to_the_folder_of_the_file() -> None:
    spec = parse(
        "dependencies:\n  - pip:\n    - -e ../libs/one[cli]\n    - ./w/two-1.0-py3-none-any.whl\n    - -e .\n",
        {"libs/one/pyproject.toml": '[project]\nname = "One"\n', "app/pyproject.toml": '[project]\nname = "app"\n'},
        source="app/environment.yml",
    )
    assert [(r.name, r.extras, r.url, r.editable) for r in spec.pip] == [
        ("one", ("cli",), "file:///project/libs/one", True),
        ("two", (), "file:///project/app/w/two-1.0-py3-none-any.whl", False),
        ("app", (), "file:///project/app", True),
    ]


REFUSED = {
    "an unknown key": ("name: x\ndependancies: []\n", 2, "unknown key 'dependancies'"),
    "a key twice": ("name: x\nname: y\n", 2, "the key 'name' stands there twice; the first is in line 1"),
    "a variable twice": ("variables:\n  A: a\n  A: b\n", 3, "the key 'A' stands there twice; the first is in line 2"),
    "a number as a dependency": (
        "dependencies:\n  - 3.10\n",
        2,
        "dependencies: expected a string, got a number (3.10)",
    ),
    "a boolean": ("dependencies:\n  - yes\n", 2, "expected a string, got a boolean (yes)"),
    "an empty item": ("dependencies:\n  -\n", 2, "expected a string, got nothing"),
    "a list in the list": ("dependencies:\n  - [a, b]\n", 2, "expected a string, got a list"),
    "a mapping": ("dependencies:\n  - python: 3.11\n", 2, "expected 'pip:', got 'python'"),
    "pip and more": ("dependencies:\n  - pip: []\n    npm: []\n", 3, "expected 'pip:', got 'npm'"),
    "two pip sections": ("dependencies:\n  - pip: [a]\n  - pip: [b]\n", 3, "a second 'pip:' section"),
    "pip not a list": ("dependencies:\n  - pip: requests\n", 2, "dependencies.pip: expected a list, got a string"),
    "dependencies not a list": ("dependencies:\n  python: 3\n", 2, "expected a list, got a mapping"),
    "a bad spec": ("dependencies:\n  - a\n  - numpy >=1..2\n", 3, "not a version: '1..2'"),
    "a bad requirement": ("dependencies:\n  - pip:\n    - requests=2\n", 3, "not a requirement: 'requests=2'"),
    "a bad marker": ("dependencies:\n  - pip:\n    - a; foo == 'x'\n", 3, "not a requirement"),
    "a bad selector": ("dependencies:\n  - a  # [linx]\n", 2, "not a selector: [linx]: unknown word 'linx'"),
    "a bad channel": ("channels:\n  - a b\n", 2, "channels: not a channel name: 'a b'"),
    "a channel twice": ("channels:\n  - a\n  - a/\n", 3, "the channel 'a' stands there twice"),
    "both defaults": ("channels: [defaults, nodefaults]\n", 1, "holds both 'defaults' and 'nodefaults'"),
    "a platform": ("platforms:\n  - linux-46\n", 2, "unknown platform 'linux-46'; did you mean linux-64"),
    "a platform twice": ("platforms: [osx-64, osx-64]\n", 1, "osx-64 stands there twice"),
    "a category": ("category: 'a b'\n", 1, "not a name for a group: 'a b'"),
    "a variable's name": ("variables:\n  A-B: x\n", 2, "not a name for a variable: 'A-B'"),
    "a variable of two spellings": ("variables:\n  A: true\n", 2, "variables.A: expected a string, got a boolean"),
    "a variable in octal": ("variables:\n  A: 010\n", 2, "expected a string, got a number (010)"),
    "a merge key": ("variables:\n  <<: {A: b}\n", 2, "expected a key, got a merge key"),
    "bad YAML": ("name: x\nchannels: [a\ndependencies: []\n", 3, "bad YAML"),
    "a tab": ("dependencies:\n\t- a\n", 2, "bad YAML"),
    "two documents": ("name: x\n---\nname: y\n", 2, "bad YAML: expected a single document"),
    "a Python object": ("name: !!python/name:os.system x\n", 1, "something tagged"),
    "a list at the top": ("- a\n- b\n", 1, "expected a mapping, got a list"),
    "an unknown alias": ("name: *nobody\n", 1, "bad YAML"),
    "a secret": ("channels:\n  - https://u:hunter2@conda.example.org/x\n", 2, "a URL holds a credential"),
    "a URL in conda": ("dependencies:\n  - git+https://example.org/a.git\n", 2, "not a conda spec"),
    "a missing include": ("dependencies:\n  - pip:\n    - -r no.txt\n", 3, "no.txt: cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_with_file_and_line(case: str) -> None:
    text, line, message = REFUSED[case]
    with pytest.raises(ManifestError, match=re.escape(message)) as caught:
        parse(text)
    assert caught.value.origin == at(line)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("dependancies: []\n", "did you mean dependencies?"),
        ("dependencies:\n  - 3.10\n", "put it in quotes"),
        ("dependencies:\n  - pip:\n    - requests=2\n", "pip's requirements take '==' where conda takes '='"),
        ("dependencies:\n  - pip:\n    - --no-binary :all:\n", "put it in quotes"),
        ("name: x\n---\nname: y\n", "keep one document in the file (nothing after '---')"),
        ("dependencies:\n\t- a\n", "indent with spaces, not with tabs"),
    ],
)
def test_an_error_says_what_to_do(text: str, hint: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    assert caught.value.hint == hint


def test_a_bomb_of_aliases_is_refused() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(ManifestError, match="grows beyond 100000 values"):
        parse("a0: &a0 [x]\n" + levels)


def test_an_alias_to_itself_is_refused() -> None:
    with pytest.raises(ManifestError, match="grows beyond 100000 values"):
        parse("dependencies: &a [*a]\n")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ManifestError, match="nested too deeply"):
        parse("dependencies: " + "[" * 20000)


def test_a_few_aliases_are_welcome() -> None:
    spec = parse("dependencies:\n  - &np numpy=2\n  - pip:\n      - &x httpx\n      - *x\n")
    assert [str(r) for r in spec.pip] == ["httpx", "httpx"]
