"""What is looked at before anything is written: the slice, the machine, the options."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from rattler import Subdir

from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import InstallError, from_folder, install_slice, parse_slice
from tests.prefix.world import BEACON, GREETINGS, artifacts, conda, make_slice, wheel


def document(**changes: object) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(make_slice([conda(GREETINGS), wheel(BEACON)]))
    return body | changes


def with_package(**changes: object) -> dict[str, Any]:
    body = document()
    body["packages"][0] |= changes
    return body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (document(slice=2), "not of version 1"),
        ([], "not of version 1"),
        (document(packages={}), "packages: expected a list"),
        (document(packages=[1]), r"packages\[0\]: expected an object"),
        (document(platform="win-64"), "a prefix for win-64 cannot be made"),
        (document(platform=None), "platform: expected a string"),
        (with_package(kind="vcs"), r"packages\[0\]: vcs greetings-data .* would have to be built"),
        (with_package(kind="pypi", file_name="x-1.0.tar.gz"), "would have to be built"),
        (with_package(sha256="AB" * 32), "greetings-data: not a sha256"),
        (with_package(sha256=""), "greetings-data: not a sha256"),
        (with_package(file_name="../x.conda"), "not a name that a file can have"),
        (with_package(name=".."), "not a name that a file can have"),
        (with_package(version="1/0"), "not a name that a file can have"),
        (with_package(version=1), "version: expected a string"),
        (document(packages=document()["packages"] * 2), "more than once: beacon, greetings-data"),
    ],
)
def test_a_slice_that_cannot_be_one_is_refused_by_field(body: object, message: str) -> None:
    with pytest.raises(InstallError, match=message):
        parse_slice(json.dumps(body).encode())


def test_a_slice_that_is_not_json_is_refused() -> None:
    with pytest.raises(InstallError, match="the slice is not JSON"):
        parse_slice(b"{")


def test_fields_that_a_later_slice_may_add_are_no_error() -> None:
    assert parse_slice(json.dumps(document(future=1)).encode()).platform == "linux-64"


def attempt(tmp_path: Path, glibc: str, *, check: bool = True) -> None:
    items = [conda(GREETINGS)]
    install_slice(
        make_slice(items, glibc=glibc),
        tmp_path / "env",
        fetch=from_folder(artifacts(tmp_path / "artifacts", items)),
        check_glibc=check,
    )


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(Subdir, "current", staticmethod(lambda: "linux-64"))
    return monkeypatch


@pytest.mark.parametrize(("needed", "have"), [("2.28", "2.17"), ("2.28", "2.9"), ("2.36.1", "2.36")])
def test_a_glibc_that_is_too_old_is_refused_with_both_versions(
    tmp_path: Path, machine: pytest.MonkeyPatch, needed: str, have: str
) -> None:
    machine.setattr(slice_installer, "glibc_version", lambda: have)
    with pytest.raises(InstallError, match=f"^the lock needs glibc {needed}, and this machine has {have}$"):
        attempt(tmp_path, needed)
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(("needed", "have"), [("2.28", "2.28"), ("2.28", "2.100"), ("2.28", "3.0"), ("", None)])
def test_a_glibc_that_is_new_enough_is_not_mentioned(
    tmp_path: Path, machine: pytest.MonkeyPatch, needed: str, have: str | None
) -> None:
    machine.setattr(slice_installer, "glibc_version", lambda: have)
    attempt(tmp_path, needed)
    assert (tmp_path / "env").is_dir()


def test_musl_is_refused(tmp_path: Path, machine: pytest.MonkeyPatch) -> None:
    machine.setattr(slice_installer, "glibc_version", lambda: None)
    with pytest.raises(InstallError, match=r"needs glibc 2\.28, and this machine's C library is not glibc"):
        attempt(tmp_path, "2.28")


def test_a_prefix_for_another_machine_is_not_measured_by_this_one(tmp_path: Path, machine: pytest.MonkeyPatch) -> None:
    machine.setattr(slice_installer, "glibc_version", lambda: "2.5")
    attempt(tmp_path, "2.28", check=False)
    machine.setattr(Subdir, "current", staticmethod(lambda: "osx-arm64"))
    attempt(tmp_path, "2.28")


@pytest.mark.parametrize(("answer", "version"), [("glibc 2.36", "2.36"), (None, None), ("musl 1.2", None)])
def test_what_the_c_library_says_of_itself(
    monkeypatch: pytest.MonkeyPatch, answer: str | None, version: str | None
) -> None:
    monkeypatch.setattr(os, "confstr", lambda name: answer)
    assert slice_installer.glibc_version() == version


def test_a_c_library_that_does_not_know_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", refuse)
    assert slice_installer.glibc_version() is None


@pytest.mark.parametrize("target", ["opt/env", "/opt/env\n#"])
def test_a_target_prefix_that_cannot_stand_in_a_script_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(InstallError, match="must be an absolute path on one line"):
        install_slice(make_slice([]), tmp_path / "env", fetch=from_folder(tmp_path), target_prefix=Path(target))


def test_an_empty_slice_is_an_empty_prefix(tmp_path: Path) -> None:
    report = install_slice(make_slice([]), tmp_path / "env", fetch=from_folder(tmp_path))
    assert (report.conda, report.wheels, report.warnings) == (0, 0, ())
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        "env",
        "env/conda-meta",
        "env/conda-meta/samebox",
    ]


@pytest.mark.parametrize("rule", ["https://x.example.org", "=place", "https://x.example.org="])
def test_a_mirror_that_is_no_rule_is_a_usage_error(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        slice_installer.main(["s.json", "--prefix", "p", "--mirror", rule])
    assert caught.value.code == 2
    assert "not PREFIX=PLACE" in capsys.readouterr().err


def test_options_that_exclude_each_other_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        slice_installer.main(["s.json", "--prefix", "p", "--artifacts", "a", "--cache", "c"])
    assert caught.value.code == 2
    assert "--artifacts stands alone" in capsys.readouterr().err


def test_the_root_of_the_file_system_is_no_prefix(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"^/: a prefix cannot be the root of the file system$"):
        install_slice(make_slice([]), Path("/tmp/.."), fetch=from_folder(tmp_path))
