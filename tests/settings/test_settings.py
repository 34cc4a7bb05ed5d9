"""Settings: exact outcomes, errors with file and line, and what wins over what."""

from __future__ import annotations

import re
import textwrap
from dataclasses import fields, replace
from pathlib import Path

import pytest

from resolver.errors import SettingsError
from resolver.model import DockerSection
from resolver.settings import Settings, SettingsLayer, find_sources, parse_settings, read_settings
from resolver.settings.docker_schema import DOCKER
from resolver.settings.schema import SETTINGS

WHOLE = """\
    sources = ["environment.yml", "extra/requirements.in"]
    platforms = ["linux-64", "linux-aarch64"]
    channels = ["conda-forge", "https://conda.example.org/lab/"]
    lockfile = "locks/conda-lock.yml"
    python = "3.12"
    exclude-newer = "7 days"
    index-url = "https://simple.example.org/"
    extra-index-urls = ["https://user:${PASSWORD}@extra.example.org/simple"]
    extras = ["plot"]
    groups = []

    [mirrors]
    conda-forge = "../sample"
    "conda-forge/label/rc" = "/srv/rc"
    "https://simple.example.org/" = "https://mirror.example.org/simple"

    [virtual-packages.linux-64]
    __glibc = "2.31"
    __cuda = "12.4"
    __archspec = false

    [names]
    pytorch = "Torch"
    tensorflow-base = ["tensorflow", "tensorflow_cpu"]
    libfoo = []

    [docker]
    base-image = "debian:trixie-slim"
    command = ["python", "-m", "app", ""]
    resolve-base = false
    insecure-registries = ["registry.lan:5000", "[::1]:5000", "other.lan"]
    labels = { "org.example.b" = "2", a = "1" }

    [environments.gpu]
    platforms = ["linux-64"]
    [environments.gpu.virtual-packages.linux-64]
    __cuda = "11.8"
    [environments.gpu.docker]
    user = "gpu"
    [environments.gpu.names]
    pytorch = []

    [environments.docs]
    lockfile = "docs.lock.yml"
    groups = ["docs"]
    """

GPU = SettingsLayer(
    platforms=("linux-64",),
    virtual_packages=(("linux-64", (("__cuda", "11.8"),)),),
    names=(("pytorch", ()),),
    docker=(("user", "gpu"),),
)
EXPECTED = Settings(
    sources=("environment.yml", "extra/requirements.in"),
    platforms=("linux-64", "linux-aarch64"),
    channels=("conda-forge", "https://conda.example.org/lab"),
    lockfile="locks/conda-lock.yml",
    python="3.12",
    exclude_newer="7 days",
    index_url="https://simple.example.org/",
    extra_index_urls=("https://user:${PASSWORD}@extra.example.org/simple",),
    extras=("plot",),
    groups=(),
    mirrors=(
        ("https://conda.anaconda.org/conda-forge", "/home/sample"),
        ("https://conda.anaconda.org/conda-forge/label/rc", "/srv/rc"),
        ("https://simple.example.org", "https://mirror.example.org/simple"),
    ),
    virtual_packages=(("linux-64", (("__archspec", None), ("__cuda", "12.4"), ("__glibc", "2.31"))),),
    names=(("libfoo", ()), ("pytorch", ("torch",)), ("tensorflow-base", ("tensorflow", "tensorflow-cpu"))),
    docker=DockerSection(
        base_image="debian:trixie-slim",
        command=("python", "-m", "app", ""),
        resolve_base=False,
        insecure_registries=("registry.lan:5000", "[::1]:5000", "other.lan"),
        labels=(("a", "1"), ("org.example.b", "2")),
    ),
    environments=(("docs", SettingsLayer(lockfile="docs.lock.yml", groups=("docs",))), ("gpu", GPU)),
    source="samebox.toml",
)


def parse(text: str, **arguments: object) -> Settings:
    return parse_settings(textwrap.dedent(text), "samebox.toml", directory="/home/project", **arguments)  # type: ignore[arg-type]


def test_every_key_has_its_value() -> None:
    assert parse(WHOLE) == EXPECTED


def test_silence_gives_the_defaults() -> None:
    assert parse("") == Settings()
    assert Settings().platforms == ("linux-64", "osx-arm64")
    assert Settings().lockfile == "conda-lock.yml"


def test_the_schema_and_the_values_have_the_same_fields() -> None:
    keys, docker = ([name.replace("-", "_") for name in table] for table in (SETTINGS, DOCKER))
    assert keys == [field.name for field in fields(SettingsLayer)]
    assert {*keys, "environments", "source"} == {field.name for field in fields(Settings)}
    assert docker == [field.name for field in fields(DockerSection)]


def test_a_table_of_pyproject_is_read_alike() -> None:
    lines = ["[tool.samebox]"]
    for line in textwrap.dedent(WHOLE).splitlines():
        lines.append(line.replace("[", "[tool.samebox.", 1) if line.startswith("[") else line)
    lines += ["[tool.samebox.conda]", 'dependencies = ["gdal"]', "[tool.other]", "platform = 1"]
    settings = parse("\n".join(lines), table=("tool", "samebox"))
    assert settings == EXPECTED


@pytest.mark.parametrize("text", ["", "[tool]\n", "[tool.other]\nx = 1\n", "[project]\nname = 'x'\n"])
def test_a_pyproject_without_our_table_gives_the_defaults(text: str) -> None:
    assert parse(text, table=("tool", "samebox")) == Settings()


def test_an_environment_lies_over_the_project() -> None:
    settings = parse(WHOLE)
    assert settings.for_environment(None) is settings
    assert settings.for_environment("gpu") == replace(
        settings,
        platforms=("linux-64",),
        lockfile="locks/gpu.conda-lock.yml",
        virtual_packages=(("linux-64", (("__archspec", None), ("__cuda", "11.8"), ("__glibc", "2.31"))),),
        names=(("libfoo", ()), ("pytorch", ()), ("tensorflow-base", ("tensorflow", "tensorflow-cpu"))),
        docker=replace(settings.docker, user="gpu"),
        environments=(),
    )
    assert settings.for_environment("docs").lockfile == "docs.lock.yml"


def test_an_unknown_environment_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="no environment 'gpuu'") as caught:
        parse(WHOLE).for_environment("gpuu")
    assert caught.value.hint == "did you mean gpu?"


def test_options_win_over_both() -> None:
    options = SettingsLayer(
        platforms=("osx-64",),
        lockfile="other.yml",
        extra_index_urls=(),
        mirrors=(("https://simple.example.org", "/m"), ("https://new.example.org", "/n")),
    )
    settings = parse(WHOLE).for_environment("gpu").merged_with_options(options)
    assert settings.platforms == ("osx-64",)
    assert settings.lockfile == "other.yml"
    assert settings.extra_index_urls == ()
    assert settings.python == "3.12"
    assert settings.mirrors == (
        ("https://conda.anaconda.org/conda-forge", "/home/sample"),
        ("https://conda.anaconda.org/conda-forge/label/rc", "/srv/rc"),
        ("https://new.example.org", "/n"),
        ("https://simple.example.org", "/m"),
    )


def test_no_options_change_nothing() -> None:
    assert parse(WHOLE).merged_with_options(SettingsLayer()) == parse(WHOLE)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00"),
        ("'2026-01-31T12:00:00Z'", "2026-01-31T12:00:00Z"),
        ("'2 weeks'", "2 weeks"),
    ],
)
def test_a_cut_off_may_be_a_date_of_toml(written: str, kept: str) -> None:
    assert parse(f"exclude-newer = {written}").exclude_newer == kept


REFUSED = {
    "an unknown key": ("platform = ['linux-64']\n", 1, "platform: unknown key 'platform'", "did you mean platforms?"),
    "an underscore": ("\nexclude_newer = '3d'\n", 2, "unknown key 'exclude_newer'", "did you mean exclude-newer?"),
    "an unknown table": ("[mirors]\nx = 'y'\n", 1, "unknown key 'mirors'", "did you mean mirrors?"),
    "a key of docker": ("[docker]\n\nimage = 'x'\n", 3, "docker.image: unknown key 'image'", None),
    "a key of an environment": (
        "[environments.a]\nlockfiel = 'x'\n",
        2,
        "environments.a.lockfiel: unknown key 'lockfiel'",
        "did you mean lockfile?",
    ),
    "environments within": ("[environments.a.environments.b]\n", 1, "unknown key 'environments'", None),
    "conda outside of pyproject": ("[conda]\ndependencies = []\n", 1, "unknown key 'conda'", None),
    "a string for a list": ("platforms = 'linux-64'\n", 1, "platforms: expected a list of strings, got a string", None),
    "a number in a list": ("channels = ['a',\n 3]\n", 1, "channels: expected a string, got an integer (3)", None),
    "a number for a string": ("python = 3.12\n", 1, "python: expected a string, got a float (3.12)", None),
    "a list for a string": ("lockfile = []\n", 1, "lockfile: expected a string, got a list", None),
    "a string for a table": ("mirrors = 'x'\n", 1, "mirrors: expected a table, got a string", None),
    "a string for docker": ("docker = 'x'\n", 1, "docker: expected a table, got a string", None),
    "a list of environments": ("environments = []\n", 1, "environments: expected a table", None),
    "an environment that is none": (
        "[environments]\na = 1\n",
        2,
        "environments.a: expected a table, got an integer",
        None,
    ),
    "a name for an environment": ("[environments.'a/b']\n", 1, "not a name for an environment: 'a/b'", None),
    "a word twice": ("channels = ['a', 'a']\n", 1, "'a' stands there twice", None),
    "an empty string": ("lockfile = ''\n", 1, "lockfile: is empty", None),
    "a platform": ("platforms = [\n 'linux-64',\n 'linux-46',\n]\n", 3, "unknown platform 'linux-46'", None),
    "a channel": ("channels = ['a b']\n", 1, "not a channel name: 'a b'", None),
    "a version of Python": ("python = '3'\n", 1, "expected a Python version, got '3'", 'write "3.12" or "3.12.7"'),
    "a cut-off": ("exclude-newer = 'soon'\n", 1, "exclude-newer: not an instant, a date or a span: 'soon'", None),
    "a local time": ("exclude-newer = 2026-01-01T00:00:00\n", 1, "not an instant, a date or a span", None),
    "an index": ("index-url = 'simple'\n", 1, "index-url: expected a URL, got 'simple'", None),
    "a secret": ("index-url = 'https://u:hunter2@example.org'\n", 1, "a URL holds a credential", None),
    "a secret mirror": ("[mirrors]\na = 'https://u:hunter2@example.org'\n", 2, "a URL holds a credential", None),
    "a mirror that is no place": ("[mirrors]\na = 'ftp://example.org'\n", 2, "expected a folder or a URL", None),
    "a mirror of nothing": ("[mirrors]\n'a b' = 'x'\n", 2, "not a channel name: 'a b'", None),
    "a lock outside": ("lockfile = '../x.yml'\n", 1, "expected a file below the folder of the settings", None),
    "a virtual package": (
        "[virtual-packages.linux-64]\nglibc = '2.28'\n",
        2,
        "a virtual package begins with two underscores",
        "did you mean __glibc?",
    ),
    "a virtual version": (
        "[virtual-packages.linux-64]\n__cuda = 12\n",
        2,
        "expected a version as a string, or false",
        None,
    ),
    "a platform of them": ("[virtual-packages.linux]\n__cuda = '12'\n", 1, "unknown platform 'linux'", None),
    "a conda name": ("[names]\nPyTorch = 'torch'\n", 2, "not a conda package name: 'PyTorch'", None),
    "a PyPI name": ("[names]\na = ['b c']\n", 2, "expected a PyPI name", None),
    "no PyPI name": ("[names]\na = false\n", 2, "expected a PyPI name or a list of them, got a boolean (false)", None),
    "a folder in the image": ("[docker]\nprefix = 'env'\n", 2, "expected an absolute folder inside the image", None),
    "a command": (
        "[docker]\ncommand = 'python'\n",
        2,
        "docker.command: expected a list of strings, got a string",
        None,
    ),
    "whether a base is resolved": (
        "[docker]\nresolve-base = 'no'\n",
        2,
        "docker.resolve-base: expected true or false, got a string",
        None,
    ),
    "a registry without TLS": (
        "[docker]\ninsecure-registries = ['http://registry.lan']\n",
        2,
        "docker.insecure-registries: expected a host, got 'http://registry.lan'",
        'write "registry.example.org:5000", without http://',
    ),
    "a label": ("[docker.labels]\na = 1\n", 2, "docker.labels.a: expected a string, got an integer (1)", None),
    "not TOML": ("a = 1\nb = \n", 2, "not TOML", None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_named_with_file_and_line(case: str) -> None:
    text, line, message, hint = REFUSED[case]
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        parse_settings(text, "samebox.toml")
    assert str(caught.value.origin) == f"samebox.toml:{line}"
    assert "hunter2" not in str(caught.value)
    if hint is not None:
        assert caught.value.hint == hint


# ------------------------------------------------------------------------------------------------- files


def test_a_folder_without_settings_has_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_a_mirror_is_relative_to_the_settings(tmp_path: Path) -> None:
    (tmp_path / "samebox.toml").write_text("[mirrors]\nconda-forge = '../sample'\n")
    assert read_settings(tmp_path).mirrors == (
        ("https://conda.anaconda.org/conda-forge", (tmp_path.parent / "sample").as_posix()),
    )


def test_settings_in_both_files_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "samebox.toml").write_text("python = '3.12'\n")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.samebox]\nplatforms = ['osx-64']\n")
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert str(caught.value) == (
        "pyproject.toml:4: tool.samebox: settings stand in samebox.toml and here too (platforms)"
    )


def test_conda_packages_in_pyproject_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "samebox.toml").write_text("python = '3.12'\n")
    (tmp_path / "pyproject.toml").write_text("[tool.samebox.conda]\ndependencies = ['gdal']\n")
    assert read_settings(tmp_path).python == "3.12"
    (tmp_path / "samebox.toml").unlink()
    assert read_settings(tmp_path) == Settings(source="pyproject.toml")


@pytest.mark.parametrize(
    ("files", "sources"),
    [
        ({}, ()),
        ({"README.md": ""}, ()),
        ({"requirements.txt": "", "requirements.in": ""}, ("requirements.in",)),
        ({"requirements.in": "", "pyproject.toml": "[tool.ruff]\n"}, ("requirements.in",)),
        ({"requirements.in": "", "pyproject.toml": "[project]\nname = 'x'\n"}, ("requirements.in",)),
        ({"requirements.in": "", "pyproject.toml": "[project]\ndependencies = []\n"}, ("pyproject.toml",)),
        ({"requirements.in": "", "pyproject.toml": "[project]\ndynamic = ['dependencies']\n"}, ("pyproject.toml",)),
        ({"requirements.in": "", "pyproject.toml": "[project]\ndynamic = ['version']\n"}, ("requirements.in",)),
        ({"pyproject.toml": "[dependency-groups]\na = []\n"}, ("pyproject.toml",)),
        ({"pyproject.toml": "[tool.samebox.conda]\ndependencies = []\n"}, ("pyproject.toml",)),
        ({"requirements.in": "", "pyproject.toml": "not TOML"}, ("pyproject.toml",)),
        ({"environment.yaml": "", "pyproject.toml": "[project]\ndependencies = []\n"}, ("environment.yaml",)),
        ({"environment.yaml": "", "environment.yml": ""}, ("environment.yml",)),
    ],
)
def test_the_first_manifest_in_the_folder_is_the_source(
    tmp_path: Path, files: dict[str, str], sources: tuple[str, ...]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert find_sources(tmp_path) == sources
