"""The settings that concern PyPI alone, and what they come to beside the manifest and the options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resolver.environment import read_environment
from resolver.errors import SettingsError
from resolver.model import PypiRequirement
from resolver.settings import Settings, SettingsLayer, parse_settings


def _parse(text: str) -> Settings:
    return parse_settings(text, "samebox.toml", directory="/project")


def test_all_of_them() -> None:
    settings = _parse(
        """
        find-links = ["wheels", "/srv/my wheels", "https://files.example.org/"]
        index-strategy = "unsafe-best-match"
        only-binary = [":all:"]
        no-binary = ["My_Tool"]
        allow-builds = ["My.Tool"]
        overrides = ["numpy>=2", "scipy ; sys_platform == 'linux'"]
        missing-time = "take"
        [index-for]
        Torch_Vision = "https://torch.example.org/simple"
        [environments.a.index-for]
        other = "https://other.example.org/simple/"
        """
    )
    assert settings.find_links == ("file:///project/wheels", "file:///srv/my%20wheels", "https://files.example.org/")
    assert (settings.index_strategy, settings.missing_time) == ("unsafe-best-match", "take")
    assert (settings.only_binary, settings.no_binary) == ((":all:",), ("my-tool",))
    assert settings.allow_builds == ("my-tool",)
    assert settings.overrides == ("numpy>=2", "scipy ; sys_platform == 'linux'")
    assert settings.for_environment("a").index_for == (
        ("other", "https://other.example.org/simple/"),
        ("torch-vision", "https://torch.example.org/simple"),
    )


@pytest.mark.parametrize(("written", "expected"), [("true", (":all:",)), ("false", ()), ("[]", ())])
def test_builds_of_all_or_none(written: str, expected: tuple[str, ...]) -> None:
    assert _parse(f"allow-builds = {written}").allow_builds == expected


def test_the_defaults_build_nothing_and_trust_no_second_index() -> None:
    settings = _parse("")
    assert (settings.allow_builds, settings.index_strategy, settings.missing_time) == ((), "first-index", "refuse")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("allow-builds = 'numpy'", "allow-builds: expected true, false or a list of project names, got a string"),
        ("no-binary = ['a b']", "no-binary: not a project name or :all:: 'a b'"),
        (
            "index-strategy = 'best-match'",
            "index-strategy: expected first-index or unsafe-best-match, got 'best-match'",
        ),
        ("missing-time = true", "missing-time: expected a string, got a boolean (true)"),
        ("overrides = ['numpy >> 2']", "overrides: not a requirement: 'numpy >> 2'"),
        ("overrides = ['a @ https://example.org/a.whl']", "an override is a version and no URL"),
        ("find-links = ['https://u:hunter2@example.org/']", "a URL holds a credential"),
        ("find-links = ['ftp://example.org/']", "expected a folder or a URL"),
        ("[index-for]\n'a b' = 'https://example.org'", "not a project name: 'a b'"),
        ("[index-for]\na = 'simple'", "index-for.a: expected a URL, got 'simple'"),
        ("[index-for]\na-b = 'https://x.example.org'\nA_b = 'https://y.example.org'", "A_b stands there twice"),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as error:
        _parse(text)
    assert "hunter2" not in str(error.value)


def _environment(folder: Path, settings: str, manifest: str, **options: tuple[str, ...]) -> tuple[set[str], set[str]]:
    (folder / "samebox.toml").write_text(settings)
    (folder / "requirements.in").write_text(manifest)
    policy = read_environment(directory=folder, options=SettingsLayer(**options)).file_policy  # type: ignore[arg-type]
    return set(policy.only_binary), set(policy.no_binary)


def test_the_last_word_on_a_format_counts(tmp_path: Path) -> None:
    settings, manifest = "only-binary = ['a', 'b', 'c']\nno-binary = ['x']\n", "--no-binary b\n--only-binary x\na\n"
    assert _environment(tmp_path, settings, manifest) == ({"a", "c", "x"}, {"b"})
    assert _environment(tmp_path, settings, manifest, no_binary=("a",)) == ({"c", "x"}, {"a", "b"})


def test_one_place_cannot_say_both(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="both only-binary and no-binary name a"):
        _environment(tmp_path, "only-binary = ['a']\nno-binary = ['a']\n", "a\n")


def test_overrides_are_requirements(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("a\n")
    (tmp_path / "samebox.toml").write_text("overrides = ['NumPy[x] >=2', 'numpy<3; os_name == \"nt\"']\n")
    found = read_environment(directory=tmp_path).file_policy.overrides["numpy"]
    assert all(isinstance(override, PypiRequirement) for override in found)
    assert [(o.specifier, o.extras, o.marker) for o in found] == [(">=2", ("x",), None), ("<3", (), 'os_name == "nt"')]
