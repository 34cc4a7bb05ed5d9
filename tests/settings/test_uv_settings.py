"""What [tool.uv] says as settings: below [tool.samebox], and with what cannot be honoured told by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.environment import read_environment
from resolver.errors import SettingsError
from resolver.settings import SettingsLayer, find_sources, uv_layer


def _layer(uv: str, *, project: str = "") -> SettingsLayer:
    return uv_layer(f"{project}[tool.uv]\n{uv}\n", "pyproject.toml", directory="/project")


def test_a_project_without_the_table_says_nothing() -> None:
    assert uv_layer('[project]\nname = "x"\n', "pyproject.toml") == SettingsLayer()
    assert uv_layer("not = [toml", "pyproject.toml") == SettingsLayer()


def test_indexes_come_in_their_order_and_the_default_one_is_the_main_one() -> None:
    layer = _layer(
        """
index = [
    { name = "first", url = "https://first.example.org/simple" },
    { name = "main", url = "https://main.example.org/simple", default = true },
    { name = "folder", url = "wheels", format = "flat" },
    { url = "https://second.example.org/simple", authenticate = "always" },
    { name = "hidden", url = "https://hidden.example.org/simple", explicit = true },
]
extra-index-url = ["https://third.example.org/simple"]
find-links = ["more", "https://links.example.org/page.html"]
index-strategy = "unsafe-best-match"
keyring-provider = "subprocess"
"""
    )
    assert layer == SettingsLayer(
        index_url="https://main.example.org/simple",
        extra_index_urls=(
            "https://first.example.org/simple",
            "https://second.example.org/simple",
            "https://third.example.org/simple",
        ),
        find_links=("file:///project/wheels", "file:///project/more", "https://links.example.org/page.html"),
        index_strategy="unsafe-best-match",
        keyring_provider="subprocess",
    )


def test_index_url_is_the_main_one_where_no_index_is_the_default() -> None:
    assert _layer('index-url = "https://main.example.org/simple"').index_url == "https://main.example.org/simple"


def test_a_source_that_is_an_index_is_the_only_one_for_what_the_project_asks_for() -> None:
    project = '[project]\nname = "x"\ndependencies = ["Torch>=2"]\n[dependency-groups]\ndev = ["local"]\n'
    layer = _layer(
        """
index = [{ name = "torch", url = "https://torch.example.org/whl", explicit = true }]
[tool.uv.sources]
torch = { index = "torch" }
local = [{ index = "torch" }]
deeper = { index = "torch" }
other = { git = "https://git.example.org/other" }
""",
        project=project,
    )
    url = "https://torch.example.org/whl"
    assert layer.index_for == (("local", url), ("torch", url))


def test_formats_overrides_and_platforms() -> None:
    layer = _layer(
        """
no-build-package = ["One", "two"]
no-binary = true
override-dependencies = ["numpy<2", "six ; python_version < '4'"]
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin' and platform_machine == 'arm64'"]
"""
    )
    assert layer.only_binary == ("one", "two")
    assert layer.no_binary == (":all:",)
    assert layer.overrides == ("numpy<2", "six ; python_version < '4'")
    assert layer.platforms == ("linux-64", "osx-arm64")


@pytest.mark.parametrize(
    ("markers", "platforms"),
    [
        ("environments = [\"sys_platform == 'win32'\"]", ("win-64",)),
        ("environments = [\"platform_machine == 'aarch64'\"]", ("linux-aarch64",)),
        ("environments = \"os_name == 'posix'\"", ("linux-64", "osx-arm64")),
        ("required-environments = [\"sys_platform == 'darwin' and platform_machine == 'x86_64'\"]", ("osx-64",)),
    ],
)
def test_environments_are_platforms(markers: str, platforms: tuple[str, ...]) -> None:
    assert _layer(markers).platforms == platforms


@pytest.mark.parametrize(
    ("written", "cut_off"),
    [
        ('"2026-01-31"', "2026-02-01T00:00:00Z"),
        ("2026-01-31", "2026-02-01T00:00:00Z"),
        ('"2026-01-31T12:00:00Z"', "2026-01-31T12:00:00Z"),
        ('"7 days"', "7 days"),
        ('"P1W"', "168 hours"),
        ('"P2DT3H"', "51 hours"),
    ],
)
def test_the_cut_off_of_a_date_is_its_end(written: str, cut_off: str) -> None:
    assert _layer(f"exclude-newer = {written}").exclude_newer == cut_off


def test_what_says_nothing_about_a_lock_is_passed_over() -> None:
    uv = """
cache-dir = "x"
python-downloads = "never"
required-version = ">=0.5"
link-mode = "copy"
package = false
managed = true
default-groups = ["dev"]
no-build-isolation-package = ["flash-attn"]
config-settings = { a = "b" }
resolution = "highest"
prerelease = "if-necessary-or-explicit"
no-index = false
dependency-metadata = []
[tool.uv.pip]
extra = ["x"]
[tool.uv.workspace]
members = ["packages/*"]
"""
    assert _layer(uv) == SettingsLayer()


@pytest.mark.parametrize(
    ("uv", "message"),
    [
        ("nonsense = 1", "pyproject.toml:2: tool.uv.nonsense: unknown key 'nonsense'"),
        ("no-index = true", "pyproject.toml:2: tool.uv.no-index: cannot be honoured"),
        ('exclude-dependencies = ["a"]', "pyproject.toml:2: tool.uv.exclude-dependencies: cannot be honoured"),
        ('resolution = "lowest"', "pyproject.toml:2: tool.uv.resolution: 'lowest' cannot be honoured"),
        ('prerelease = "disallow"', "pyproject.toml:2: tool.uv.prerelease: 'disallow' cannot be honoured"),
        ('index-strategy = "unsafe-first-match"', "pyproject.toml:2: tool.uv.index-strategy: 'unsafe-first-match' "),
        ('index = [{ name = "a" }]', "pyproject.toml:2: tool.uv.index: an index without a url"),
        (
            'index = [{ url = "https://a.example.org", ignore-error-codes = [401] }]',
            "pyproject.toml:2: tool.uv.index.ignore-error-codes: ignore-error-codes of an index cannot be honoured",
        ),
        (
            'index = [{ url = "https://me:secret@a.example.org" }]',
            "pyproject.toml:2: tool.uv.index.url: a URL holds a credential; write ${NAME} in its place",
        ),
        (
            'index = [{ url = "https://a.example", default = true }, { url = "https://b.example", default = true }]',
            "pyproject.toml:2: tool.uv.index: two indexes are the default one",
        ),
        ("no-build = 1", "pyproject.toml:2: tool.uv.no-build: expected true or false, got an integer (1)"),
        ('environments = ["os_name"]', "pyproject.toml:2: tool.uv.environments: not a marker: 'os_name'"),
        (
            "environments = [\"sys_platform == 'emscripten'\"]",
            "pyproject.toml:2: tool.uv.environments: no platform that is known here is meant",
        ),
        ('exclude-newer = "soon"', "pyproject.toml:2: tool.uv.exclude-newer: not an instant, a date or a span: 'soon'"),
        ('exclude-newer = "2026-02-31"', "pyproject.toml:2: tool.uv.exclude-newer: not a date: '2026-02-31'"),
        (
            'override-dependencies = ["a @ https://x.example.org/a.whl"]',
            "pyproject.toml:2: tool.uv.override-dependencies: an override is a version and no URL",
        ),
    ],
)
def test_what_cannot_be_honoured_is_told_with_its_line(uv: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        _layer(uv)
    assert str(error.value).startswith(message)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('{ index = "b" }', "tool.uv.sources.torch: there is no index 'b' in [[tool.uv.index]]"),
        (
            '[{ index = "a", marker = "sys_platform == \'linux\'" }]',
            "tool.uv.sources.torch: torch has an index for some platforms, extras or groups only",
        ),
    ],
)
def test_an_index_of_a_source_is_for_all_platforms(source: str, message: str) -> None:
    project = '[project]\nname = "x"\ndependencies = ["torch"]\n'
    uv = f'index = [{{ name = "a", url = "https://a.example.org" }}]\n[tool.uv.sources]\ntorch = {source}'
    with pytest.raises(SettingsError) as error:
        _layer(uv, project=project)
    assert str(error.value).startswith(f"pyproject.toml:7: {message}")


def test_how_an_sdist_is_built_matters_once_builds_are_allowed() -> None:
    text = '[tool.samebox]\nallow-builds = true\n[tool.uv]\nconfig-settings = { a = "b" }\n'
    with pytest.raises(SettingsError, match="cannot be honoured, and allow-builds lets sdists be built"):
        uv_layer(text, "pyproject.toml")


# ------------------------------------------------------------------------------------ the whole project

_PROJECT = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
dependencies = ["a"]
[tool.uv]
exclude-newer = "2026-01-01T00:00:00Z"
environments = ["sys_platform == 'win32'"]
prerelease = "allow"
no-build = true
index = [{ name = "company", url = "https://company.example.org/simple", default = true }]
sources = { a = { index = "company" } }
"""


def test_the_table_of_uv_stands_below_that_of_samebox(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(_PROJECT)
    environment = read_environment(file)
    assert [p.subdir for p in environment.platforms] == ["win-64"]
    assert environment.index_url == "https://company.example.org/simple"
    assert environment.settings.exclude_newer == "2026-01-01T00:00:00Z"
    assert environment.settings.index_for == (("a", "https://company.example.org/simple"),)
    assert environment.file_policy.only_binary == frozenset({":all:"})
    assert environment.spec.index.pre
    own = '[tool.samebox]\nplatforms = ["linux-64"]\nindex-url = "https://own.example.org/simple"\n'
    file.write_text(
        f'{_PROJECT}{own}exclude-newer = "2025-01-01"\nindex-for = {{ a = "https://own.example.org/simple" }}\n'
    )
    environment = read_environment(file)
    assert [p.subdir for p in environment.platforms] == ["linux-64"]
    assert environment.index_url == "https://own.example.org/simple"
    assert environment.settings.exclude_newer == "2025-01-01"
    assert environment.settings.index_for == (("a", "https://own.example.org/simple"),)
    assert environment.file_policy.only_binary == frozenset({":all:"})


def test_it_says_nothing_about_another_manifest(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(_PROJECT)
    (tmp_path / "environment.yml").write_text("dependencies:\n- python\n")
    assert read_environment(directory=tmp_path).index_url is None
    assert read_environment(tmp_path / "environment.yml", tmp_path / "pyproject.toml").index_url is not None


def test_development_dependencies_are_something_to_lock(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.uv]\ndev-dependencies = ["a"]\n')
    assert find_sources(tmp_path) == ("pyproject.toml",)


def test_two_projects_cannot_both_say_something(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(_PROJECT)
    files = [tmp_path / name / "pyproject.toml" for name in ("one", "two")]
    with pytest.raises(SettingsError, match=r"in each of one/pyproject\.toml, two/pyproject\.toml"):
        read_environment(*files, directory=tmp_path)
