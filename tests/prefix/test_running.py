"""A prefix with a real python in it, made of the fixture channel: what it installs, runs."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from rattler import Subdir

from fixtures import make_channel
from fixtures.distributions import Distribution
from resolver.prefix import slice_installer
from tests.prefix.world import BEACON, Item, artifacts, make_slice, wheel

WANTED = ("python", "greeter", "greetings-data", "libhello", "hello-tool")


def from_channel(channel: Path, subdir: str) -> list[Item]:
    """The newest package of each name on this machine's platform."""
    newest: dict[str, Item] = {}
    for folder in (subdir, "noarch"):
        records = json.loads((channel / folder / "repodata.json").read_text())["packages.conda"]
        for file_name, record in sorted(records.items()):
            if record["name"] in WANTED:
                newest[record["name"]] = _item(channel, folder, file_name, record)
    assert sorted(newest) == sorted(WANTED)
    return list(newest.values())


def _item(channel: Path, folder: str, file_name: str, record: dict[str, str]) -> Item:
    content = (channel / folder / file_name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == record["sha256"]
    return Item(
        content=content,
        kind="conda",
        name=record["name"],
        version=record["version"],
        build=record["build"],
        subdir=folder,
        file_name=file_name,
        url=f"{make_channel.CHANNEL}/{folder}/{file_name}",
    )


@pytest.fixture(scope="module")
def env(fixture_channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("running")
    subdir = str(Subdir.current())
    library = Distribution(project="ray", version="1.0", files=(("ray.py", "import beacon\nPATH = __file__\n"),))
    items = [*from_channel(fixture_channel, subdir), wheel(BEACON), wheel(library)]
    slice_installer.install_slice(
        make_slice(items, platform=subdir, glibc="2.17" if subdir.startswith("linux-") else ""),
        folder / "env",
        fetch=slice_installer.from_folder(artifacts(folder / "artifacts", items)),
    )
    return folder / "env"


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}).stdout


def test_the_entry_point_of_a_conda_package_runs(env: Path) -> None:
    assert run(env / "bin/greet", "you") == "Good day, you!\n"


def test_the_entry_point_of_a_wheel_runs(env: Path) -> None:
    assert run(env / "bin/beacon") == "lit\n"


def test_a_script_with_the_prefix_in_it_runs(env: Path) -> None:
    assert run(env / "bin/hello-tool").startswith(f"prefix={env}\n")


def test_python_imports_from_both_worlds(env: Path) -> None:
    script = "import sys, greeter, ray; print(sys.prefix); print(ray.PATH); print(greeter.greeting())"
    prefix, path, greeting = run(env / "bin/python", "-c", script).splitlines()
    assert prefix == str(env)
    assert Path(path).is_relative_to(env)
    assert greeting == "Good day"


def test_python_knows_what_is_installed(env: Path) -> None:
    script = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))"
    assert run(env / "bin/python", "-c", script) == "['beacon', 'greeter', 'ray']\n"
