"""pixi.toml and [tool.pixi]: what they ask for, on which platforms, in which groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.environment import read_environment
from resolver.errors import ManifestError, SettingsError
from resolver.manifests import parse_pixi, parse_pyproject
from resolver.model import EnvironmentSpec, IndexOptions
from resolver.settings.manifest_layers import manifest_layer

_HEAD = """\
[workspace]
name = "demo"
channels = ["conda-forge"]
platforms = ["linux-64", "osx-arm64", "win-64"]

"""
_FIRST = _HEAD.count("\n") + 1


def _read(body: str, *groups: str, head: str = _HEAD) -> EnvironmentSpec:
    return parse_pixi(head + body, source="pixi.toml", root="/project", groups=groups or None)


def _conda(spec: EnvironmentSpec) -> list[tuple[str, str, tuple[str, ...] | None]]:
    return [(str(s), s.group, s.platforms) for s in spec.conda]


def _pip(spec: EnvironmentSpec) -> list[tuple[str, str, tuple[str, ...] | None]]:
    return [(str(r), r.group, r.platforms) for r in spec.pip]


def test_the_workspace_names_the_project_its_channels_and_platforms() -> None:
    spec = _read("")
    assert (spec.name, spec.channels, spec.platforms) == (
        "demo",
        ("conda-forge",),
        ("linux-64", "osx-arm64", "win-64"),
    )
    assert (spec.sources, spec.conda, spec.pip) == (("pixi.toml",), (), ())
    older = _HEAD.replace("[workspace]", "[project]")
    assert _read("", head=older) == spec


def test_channels_go_by_their_priority_and_a_features_before_the_workspaces() -> None:
    head = _HEAD.replace('["conda-forge"]', '["b", {channel = "https://a.example.org/a/", priority = 2}, "c"]')
    assert _read("", head=head).channels == ("https://a.example.org/a", "b", "c")
    body = '[feature.gpu]\nchannels = ["nvidia"]\n[environments]\ndefault = ["gpu"]\n'
    assert _read(body).channels == ("nvidia", "conda-forge")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('numpy = "*"', "numpy"),
        ('numpy = ">=1.26,<2"', "numpy[version='>=1.26,<2']"),
        ('python = "3.12.*"', "python[version='3.12.*']"),
        ('python = "3.12.1"', "python[version='==3.12.1']"),
        ('python = "=3.12"', "python[version='3.12.*']"),
        ('numpy = ">=1.26 py312*"', "numpy[version='>=1.26',build='py312*']"),
        ('NumPy = {version = ">=1"}', "numpy[version='>=1']"),
        (
            'gdal = {version = ">=3.8", build = "py*", build-number = ">=1", channel = "extra", subdir = "linux-64"}',
            "extra::gdal[version='>=3.8',build='py*',build_number='>=1',subdir='linux-64']",
        ),
        (f'gdal = {{sha256 = "{"a" * 64}"}}', f"gdal[sha256='{'a' * 64}']"),
        ("gdal = {}", "gdal"),
    ],
)
def test_a_conda_dependency(written: str, expected: str) -> None:
    (spec,) = _read(f"[dependencies]\n{written}\n").conda
    assert (str(spec), str(spec.origin)) == (expected, f"pixi.toml:{_FIRST + 1}")


_GIT = "git+https://git.example.org/tools.git"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('httpx = "*"', "httpx"),
        ('Http_X = ">=0.27,<1"', "http-x<1,>=0.27"),
        ('httpx = {version = "==0.27", extras = ["http2", "CLI"]}', "httpx[cli,http2]==0.27"),
        ('tools = {git = "https://git.example.org/tools.git"}', f"tools @ {_GIT}"),
        ('tools = {git = "https://git.example.org/tools.git", tag = "v1"}', f"tools @ {_GIT}@v1"),
        (
            'tools = {git = "https://git.example.org/tools.git", rev = "abc1234", subdirectory = "py", extras = ["a"]}',
            f"tools[a] @ {_GIT}@abc1234#subdirectory=py",
        ),
        ('local = {path = "."}', "local @ file:///project"),
        ('local = {path = "./my pkg", subdirectory = "x"}', "local @ file:///project/my%20pkg/x"),
        ('w = {url = "https://files.example.org/w-1.0-py3-none-any.whl"}', None),
    ],
)
def test_a_python_dependency(written: str, expected: str | None) -> None:
    (requirement,) = _read(f"[pypi-dependencies]\n{written}\n").pip
    assert str(requirement) == (expected or "w @ https://files.example.org/w-1.0-py3-none-any.whl")
    assert (str(requirement.origin), requirement.editable) == (f"pixi.toml:{_FIRST + 1}", False)


def test_an_editable_folder_and_a_marker() -> None:
    body = '[pypi-dependencies]\nlocal = {path = ".", editable = true}\n'
    body += 'tzdata = {version = "*", env-markers = "sys_platform == \'win32\'"}\n'
    local, tzdata = _read(body).pip
    assert (local.editable, local.url, tzdata.marker) == (True, "file:///project", 'sys_platform == "win32"')


def test_a_target_stands_above_all_platforms_and_the_narrower_one_above_the_wider() -> None:
    body = """\
[dependencies]
a = "1.*"
b = "1.*"
[target.unix.dependencies]
a = "2.*"
[target.linux-64.dependencies]
a = "3.*"
c = "*"
[target.win.pypi-dependencies]
d = "*"
"""
    spec = _read(body)
    assert _conda(spec) == [
        ("a[version='3.*']", "main", ("linux-64",)),
        ("b[version='1.*']", "main", None),
        ("c", "main", ("linux-64",)),
        ("a[version='2.*']", "main", ("osx-arm64",)),
        ("a[version='1.*']", "main", ("win-64",)),
    ]
    assert _pip(spec) == [("d", "main", ("win-64",))]


def test_host_and_build_dependencies_are_installed_too_and_stand_above() -> None:
    body = '[build-dependencies]\na = "3.*"\n[host-dependencies]\na = "2.*"\nb = "2.*"\n'
    body += '[dependencies]\na = "1.*"\nb = "1.*"\n'
    assert _conda(_read(body)) == [("a[version='3.*']", "main", None), ("b[version='2.*']", "main", None)]


_FEATURES = """\
[dependencies]
python = "3.12.*"
[feature.test.dependencies]
pytest = "*"
[feature.test]
platforms = ["linux-64"]
[feature.lint.pypi-dependencies]
ruff = "*"
[environments]
test = {features = ["test"], solve-group = "main"}
check = ["test", "lint"]
bare = {features = ["lint"], no-default-feature = true}
"""


def test_without_a_choice_only_the_default_environment_is_read() -> None:
    assert _conda(_read(_FEATURES)) == [("python[version='3.12.*']", "main", None)]


def test_environments_that_share_the_solve_group_of_default_are_read_with_it() -> None:
    spec = _read(_FEATURES + 'default = {solve-group = "main"}\n')
    assert _conda(spec) == [("python[version='3.12.*']", "main", None), ("pytest", "test", ("linux-64",))]


def test_an_environment_is_a_group_with_what_its_features_ask_for() -> None:
    spec = _read(_FEATURES, "check", "bare")
    assert _conda(spec) == [("python[version='3.12.*']", "main", None), ("pytest", "check", ("linux-64",))]
    assert _pip(spec) == [("ruff", "check", ("linux-64",)), ("ruff", "bare", None)]


def test_the_table_of_an_environment_may_ask_for_things_itself() -> None:
    spec = _read('[environments.docs]\nfeatures = []\ndependencies = {sphinx = "*"}\n', "docs")
    assert _conda(spec) == [("sphinx", "docs", None)]


def test_options_and_variables() -> None:
    body = """\
[pypi-options]
index-url = "https://index.example.org/simple"
extra-index-urls = ["https://user:${TOKEN}@extra.example.org/simple"]
find-links = [{path = "./links"}, {url = "https://links.example.org/"}]
no-build = ["NumPy"]
no-binary = true
prerelease-mode = "allow"
[activation.env]
MODE = "fast"
A = "1"
"""
    spec = _read(body)
    assert spec.index == IndexOptions(
        index_url="https://index.example.org/simple",
        extra_index_urls=("https://user:${TOKEN}@extra.example.org/simple",),
        find_links=("file:///project/links", "https://links.example.org/"),
        only_binary=("numpy",),
        no_binary=(":all:",),
        pre=True,
    )
    assert spec.variables == (("A", "1"), ("MODE", "fast"))


def test_tables_over_several_lines_are_read_as_toml_1_1_has_them() -> None:
    body = '[dependencies]\na = {  # a comment, {\n  version = "1.*", # }\n  build = "#,}",\n}\nb = "2.*"\n'
    with pytest.raises(ManifestError) as error:
        _read(body)
    assert (
        str(error.value)
        == f"pixi.toml:{_FIRST + 1}: not a conda spec: \"a[version='1.*',build='#,}}']\": not a build: '#,}}'"
    )
    spec = _read(body.replace("#,}", "h*"))
    assert [str(s) for s in spec.conda] == ["a[version='1.*',build='h*']", "b[version='2.*']"]
    assert [str(s.origin) for s in spec.conda] == [f"pixi.toml:{_FIRST + 1}", f"pixi.toml:{_FIRST + 5}"]


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ("[dependencies]\na = 1\n", "10: dependencies.a: expected a version or a table", None),
        ("[dependencies]\na = '^1'\n", "10: not a conda spec: 'a ^1': '^' is not an operator of conda", None),
        (
            "[dependencies]\na = {path = '.'}\n",
            "dependencies.a.path: 'path' cannot be asked for here",
            "a conda package that pixi builds from source; publish it to a channel",
        ),
        ("[dependencies]\na = {vesion = '1'}\n", "unknown key 'vesion'", "did you mean version?"),
        ('[dependencies]\na = {build = "x\'"}\n', "expected a build as a string", None),
        ("[constraints]\na = '<2'\n", "constraints: constraints cannot be honoured here", None),
        ("[dev]\na = {path = '.'}\n", "dev: dev cannot be honoured here", None),
        (
            "[depedencies]\na = '*'\n",
            "depedencies: unknown key 'depedencies'",
            "did you mean dependencies or pypi-dependencies?",
        ),
        ("[target.plan9.dependencies]\na = '*'\n", "target.plan9: unknown platform 'plan9'", None),
        ("[pypi-dependencies]\na = '1.0'\n", "not a version specifier: '1.0'", "write it as '==1.0' or '>=1.0'"),
        ("[pypi-dependencies]\na = '>=x'\n", "not a requirement: 'a>=x'", None),
        ("[pypi-dependencies]\na = {git = 'https://g.example.org/a', path = '.'}\n", "has both git and path", None),
        (
            "[pypi-dependencies]\na = {git = 'https://g.example.org/a', rev = 'a', tag = 'b'}\n",
            "has both rev and tag",
            None,
        ),
        ("[pypi-dependencies]\na = {version = '*', tag = 'b'}\n", "a.tag: tag says nothing here", None),
        ("[pypi-dependencies]\na = {git = 'https://g.example.org/a', lfs = true}\n", "'lfs' cannot be asked", None),
        ("[pypi-dependencies]\na = {git = 'https://me:pw@g.example.org/a'}\n", "a URL holds a credential", None),
        ("[pypi-dependencies]\na = {path = 'C:\\\\a'}\n", "not a path that means the same on every machine", None),
        ("[pypi-dependencies]\na = {url = 'ftp://f.example.org/a.whl'}\n", "unknown kind of URL ftp://", None),
        ("[pypi-options]\nno-build-isolation = true\n", "no-build-isolation cannot be honoured here", None),
        ("[pypi-options]\nprerelease-mode = 'disallow'\n", "'disallow' cannot be honoured here", None),
        ("[activation]\nscripts = ['a.sh']\n", "activation.scripts: scripts cannot be honoured here", None),
        ("[target.win.activation.env]\nA = '1'\n", "a variable of some platforms only", None),
        ("[environments]\na = ['nope']\ndefault = ['nope']\n", "there is no feature 'nope'", "there are: none"),
        ("[environments]\ndefault = {features = 'a'}\n", "expected a list of features", None),
        (
            "[feature.a.system-requirements]\ncuda = '12'\n[environments]\ndefault = ['a']\n",
            "system-requirements of one feature cannot be honoured here",
            None,
        ),
        ("[workspace.target.linux]\n", "workspace.target: target cannot be honoured here", None),
        ("[project]\nname = 'x'\n", "project: has both [workspace] and [project]", None),
    ],
)
def test_what_cannot_be_honoured_is_an_error_with_its_line(body: str, message: str, hint: str | None) -> None:
    with pytest.raises(ManifestError) as error:
        _read(body, head=_HEAD + "#\n#\n#\n")
    assert message in str(error.value)
    assert str(error.value).startswith("pixi.toml:")
    assert error.value.origin is not None
    assert (error.value.origin.line or 0) > _FIRST - 1 or "workspace" in message
    if hint is not None:
        assert error.value.hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "pixi.toml: has no [workspace]"),
        ("[package]\nname = 'a'\n", "pixi.toml: has no [workspace]"),
        (
            "[workspace\n",
            "pixi.toml:1: not TOML: Expected ']' at the end of a table declaration (at line 1, column 11)",
        ),
        ("[workspace]\na = {\n b = }\n", None),
        ("[workspace]\nplatforms = ['linux-65']\n", "pixi.toml:2: workspace.platforms: unknown platform 'linux-65'"),
        ("[workspace]\nplatforms = [{platform = 'linux-64', name = 'gpu'}]\n", "expected a list of subdirs"),
        ("[workspace]\nplatforms = [{platform = 'linux-64', gpu = '12'}]\n", "expected a list of subdirs"),
        ("[workspace]\nchannels = 'a'\n", "pixi.toml:2: workspace.channels: expected a list of channels"),
        ("[workspace]\nchannels = ['https://h.example.org/t/secret/c']\n", "a URL holds a token"),
        ("[workspace]\nsolve-strategy = 'lowest'\n", "solve-strategy cannot be honoured here"),
        ("a = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_a_bad_workspace_is_told(text: str, message: str | None) -> None:
    with pytest.raises(ManifestError) as error:
        parse_pixi(text, source="pixi.toml")
    if message is not None:
        assert message in str(error.value)


def test_an_environment_that_is_not_there_is_told() -> None:
    with pytest.raises(ManifestError) as error:
        _read(_FEATURES, "tests")
    assert error.value.message == "pixi.toml:14: environments: there is no environment 'tests'"
    assert error.value.hint == "did you mean test?"


def test_environments_with_other_channels_cannot_be_locked_together() -> None:
    body = '[feature.gpu]\nchannels = ["nvidia"]\n[environments]\ngpu = ["gpu"]\n'
    with pytest.raises(ManifestError) as error:
        _read(body, "gpu")
    assert "has the channels nvidia, conda-forge, and default conda-forge" in str(error.value)


_PYPROJECT = """\
[project]
name = "demo"
requires-python = ">=3.11"
dependencies = ["httpx>=0.27"]
[project.optional-dependencies]
plot = ["matplotlib"]
[dependency-groups]
test = ["pytest"]
unused = ["nose"]
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
[tool.pixi.dependencies]
gdal = ">=3.8"
[tool.pixi.pypi-dependencies]
demo = {path = ".", editable = true}
[tool.pixi.feature.test.dependencies]
make = "*"
[tool.pixi.environments]
default = ["plot"]
ci = ["test"]
"""


def test_a_pyproject_is_a_pixi_project_with_extras_and_groups_as_features() -> None:
    spec = parse_pyproject(_PYPROJECT, source="pyproject.toml", root="/project", groups=("ci",))
    assert (spec.name, spec.channels, spec.platforms) == ("demo", ("conda-forge",), ("linux-64",))
    assert (spec.requires_python, spec.sources) == (">=3.11", ("pyproject.toml",))
    assert [(str(s), s.group) for s in spec.conda] == [("gdal[version='>=3.8']", "main"), ("make", "ci")]
    assert [(str(r), r.group) for r in spec.pip] == [
        ("demo @ file:///project", "main"),
        ("httpx>=0.27", "main"),
        ("matplotlib", "main"),
        ("pytest", "ci"),
    ]


def test_a_package_of_another_workspace_is_an_ordinary_project() -> None:
    text = '[project]\nname = "a"\ndependencies = ["b"]\n[dependency-groups]\ntest = ["c"]\n'
    text += '[tool.pixi.package]\nname = "a"\n'
    spec = parse_pyproject(text, source="pyproject.toml")
    assert [(r.name, r.group) for r in spec.pip] == [("b", "main"), ("c", "test")]


_SETTINGS = """\
[system-requirements]
cuda = "12.4"
libc = {family = "glibc", version = "2.34"}
macos = "13.0"
[pypi-dependencies]
torch = {version = "*", index = "https://torch.example.org/whl"}
[pypi-options.dependency-overrides]
numpy = ">=2"
"""


def test_what_is_a_setting_becomes_one() -> None:
    head = _HEAD.replace("\n\n", '\nchannel-priority = "disabled"\nexclude-newer = "2025-01-01"\n\n')
    layer = manifest_layer(head + _SETTINGS, "pixi.toml")
    assert (layer.channel_priority, layer.exclude_newer) == ("disabled", "2025-01-02T00:00:00Z")
    assert layer.index_for == (("torch", "https://torch.example.org/whl"),)
    assert layer.overrides == ("numpy>=2",)
    assert layer.virtual_packages == (
        ("linux-64", (("__cuda", "12.4"), ("__glibc", "2.34"))),
        ("osx-arm64", (("__osx", "13.0"),)),
        ("win-64", (("__cuda", "12.4"),)),
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "[system-requirements]\ncud = '12'\n",
            "pixi.toml:7: system-requirements.cud: unknown system requirement 'cud'",
        ),
        ("[system-requirements]\nlibc = {family = 'musl', version = '1'}\n", "only glibc can be told"),
        ("[system-requirements]\ncuda = 'new'\n", "'new' is no version in numbers, as 12.4"),
        ("[system-requirements]\ncuda = 12\n", "expected a string"),
        ("[pypi-options]\nindex-strategy = 'unsafe-first-match'\n", "'unsafe-first-match' cannot be honoured here"),
    ],
)
def test_a_bad_setting_is_told_with_its_line(body: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        manifest_layer(_HEAD + body, "pixi.toml")
    assert message in str(error.value)


def test_a_folder_with_a_pixi_toml_is_a_project(tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").write_text(_HEAD + _SETTINGS + '[dependencies]\npython = "3.12.*"\n')
    environment = read_environment(directory=tmp_path, environ={})
    assert environment.spec.sources == ("pixi.toml",)
    glibc = {p.subdir: p.virtual_version("__glibc") for p in environment.platforms}
    assert glibc == {"linux-64": "2.34", "osx-arm64": None, "win-64": None}
    assert environment.settings.overrides == ("numpy>=2",)
