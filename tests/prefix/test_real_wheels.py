"""Real wheels from PyPI, installed by us and by pip: pip is the judge of which files there must be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from resolver.prefix import slice_installer
from tests.prefix.world import Item, artifacts, make_slice

PROJECTS = (
    "requests",
    "urllib3",
    "idna",
    "certifi",
    "charset-normalizer",
    "numpy",
    "pyyaml",
    "markdown-it-py",
    "mdurl",
)
MODULES = ("requests", "urllib3", "idna", "certifi", "charset_normalizer", "numpy.linalg", "yaml", "markdown_it")
OF_PIP = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")

pytestmark = pytest.mark.network


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("wheels")
    pip("download", "--no-deps", "--only-binary", ":all:", "--dest", folder, *PROJECTS)
    found = sorted(folder.iterdir())
    assert len(found) == len(PROJECTS)
    return found


@pytest.fixture(scope="module")
def env(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    items = [
        Item(
            content=path.read_bytes(),
            kind="pypi",
            name=path.name.split("-")[0].lower(),
            version=path.name.split("-")[1],
            file_name=path.name,
            url=f"https://files.example.org/{path.name}",
        )
        for path in wheels
    ]
    slice_installer.install_slice(
        make_slice(items),
        folder / "env",
        fetch=slice_installer.from_folder(artifacts(folder / "artifacts", items)),
        python=Path(sys.executable),
    )
    return folder / "env"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name not in OF_PIP
    }


def test_the_files_are_those_that_pip_installs(env: Path, wheels: list[Path], tmp_path: Path) -> None:
    pip("install", "--no-deps", "--no-index", "--no-compile", "--target", tmp_path / "target", *wheels)
    theirs = contents(tmp_path / "target")
    scripts = {name.removeprefix("bin/") for name in theirs if name.startswith("bin/")}
    (site_packages,) = env.glob("lib/python*/site-packages")
    assert contents(site_packages) == {name: c for name, c in theirs.items() if not name.startswith("bin/")}
    assert scripts == {p.name for p in (env / "bin").iterdir()} - {p.name for p in (env / "bin").glob("python*")}
    assert scripts >= {"f2py", "markdown-it", "normalizer"}


def test_they_import_and_their_scripts_run(env: Path) -> None:
    script = f"import {', '.join(MODULES)}; print(numpy.linalg.det(numpy.eye(3)), requests.__name__)"
    answer = subprocess.run([env / "bin/python", "-I", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "1.0 requests\n"
    version = subprocess.run([env / "bin/markdown-it", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("markdown-it")


def test_pip_has_nothing_to_complain_about(env: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(env / "bin/python"), "--disable-pip-version-check"]
    check = subprocess.run([*command, "check"], check=False, capture_output=True, text=True)
    assert (check.returncode, check.stdout) == (0, "No broken requirements found.\n")
    shown = subprocess.run(
        [*command, "show", "--verbose", "--files", "numpy"], check=True, capture_output=True, text=True
    ).stdout
    assert "Installer: samebox\n" in shown
    assert "numpy/linalg/__init__.py" in shown
