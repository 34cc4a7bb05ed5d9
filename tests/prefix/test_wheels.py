"""Wheels in the prefix of a conda python, and in a virtual environment where there is none."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from fixtures.distributions import Distribution
from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import InstallError
from tests.prefix.world import BEACON, GREETER, PYTHON, artifacts, conda, files, install, make_slice, wheel

SITE = "lib/python3.12/site-packages"
HOST = ".".join(map(str, sys.version_info[:2]))


def records(env: Path, info: str) -> dict[str, tuple[str, str]]:
    with (env / info / "RECORD").open(newline="") as file:
        return {path: (digest, size) for path, digest, size in csv.reader(file)}


def test_a_wheel_is_recorded_whole_and_says_who_installed_it(tmp_path: Path) -> None:
    env = install(tmp_path, [conda(PYTHON), wheel(BEACON)])
    info = f"{SITE}/beacon-3.0.dist-info"
    assert (env / info / "INSTALLER").read_bytes() == b"samebox\n"
    rows = records(env, info)
    installed = {p for p in files(env) if "beacon" in p}
    assert {(env / SITE / path).resolve().relative_to(env.resolve()).as_posix() for path in rows} == installed
    assert rows.pop("beacon-3.0.dist-info/RECORD") == ("", "")
    for path, (digest, size) in rows.items():
        content = (env / SITE / path).read_bytes()
        assert digest == "sha256=" + urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert int(size) == len(content)


def test_scripts_start_with_the_python_of_the_final_prefix(tmp_path: Path) -> None:
    text = Distribution(
        project="scripts", version="1.0", files=(("scripts-1.0.data/scripts/old", "#!python\nprint(1)\n"),)
    )
    items = [conda(PYTHON), wheel(BEACON), wheel(text)]
    slice_installer.install_slice(
        make_slice(items),
        tmp_path / "env",
        fetch=slice_installer.from_folder(artifacts(tmp_path / "artifacts", items)),
        target_prefix=Path("/opt/env"),
    )
    for script in ("beacon", "old"):
        assert (tmp_path / "env/bin" / script).read_text().startswith("#!/opt/env/bin/python\n")
    assert (tmp_path / "env/bin/beacon").stat().st_mode & 0o777 == 0o755


def test_data_and_headers_go_where_pip_puts_them(tmp_path: Path) -> None:
    data = (("kit-1.0.data/data/share/kit.txt", "kit\n"), ("kit-1.0.data/headers/kit.h", "\n"))
    env = install(tmp_path, [conda(PYTHON), wheel(Distribution(project="kit", version="1.0", files=data))])
    assert (env / "share/kit.txt").is_file()
    assert (env / "include/python3.12/kit/kit.h").is_file()
    assert "../../../share/kit.txt" in records(env, f"{SITE}/kit-1.0.dist-info")


def test_only_what_was_asked_for_by_url_says_where_it_comes_from(tmp_path: Path) -> None:
    archive = wheel(Distribution(project="direct", version="1.0"), kind="archive")
    env = install(tmp_path, [conda(PYTHON), wheel(BEACON), archive])
    assert not (env / SITE / "beacon-3.0.dist-info/direct_url.json").exists()
    assert json.loads((env / SITE / "direct-1.0.dist-info/direct_url.json").read_text()) == {
        "url": "https://files.example.org/direct-1.0-py3-none-any.whl",
        "archive_info": {"hash": f"sha256={archive.sha256}", "hashes": {"sha256": archive.sha256}},
    }


def test_bytecode_in_a_wheel_is_neither_installed_nor_recorded(tmp_path: Path) -> None:
    content = (("m.py", ""), ("m.pyc", "x"), ("__pycache__/m.cpython-312.pyc", "x"), ("only.pyc", "x"))
    env = install(tmp_path, [conda(PYTHON), wheel(Distribution(project="m", version="1.0", files=content))])
    listed = set(records(env, f"{SITE}/m-1.0.dist-info"))
    assert {p for p in listed if "dist-info" not in p} == {"m.py", "only.pyc"}
    assert {p for p in files(env) if p.endswith(".pyc")} == {f"{SITE}/only.pyc"}


def test_two_wheels_may_share_a_file_that_is_the_same(tmp_path: Path) -> None:
    pair = [Distribution(project=name, version="1.0", files=(("ns/__init__.py", "# ns\n"),)) for name in ("a", "b")]
    env = install(tmp_path, [conda(PYTHON), *map(wheel, pair)])
    for name in ("a", "b"):
        assert "ns/__init__.py" in records(env, f"{SITE}/{name}-1.0.dist-info")


def test_two_wheels_that_write_a_file_differently_are_refused_by_name(tmp_path: Path) -> None:
    pair = [Distribution(project=name, version="1.0", files=(("ns/__init__.py", name),)) for name in ("a", "b")]
    with pytest.raises(InstallError, match=rf"^a 1\.0 .* and b 1\.0 .* both write {SITE}/ns/__init__\.py"):
        install(tmp_path, [conda(PYTHON), *map(wheel, pair)])


def test_a_wheel_and_a_conda_package_that_write_a_file_differently_are_refused_by_name(tmp_path: Path) -> None:
    other = Distribution(project="other", version="1.0", files=(("greeter.py", "# not it\n"),))
    with pytest.raises(InstallError, match=r"^greeter 1\.2\.0 .* and other 1\.0 .* both write"):
        install(tmp_path, [conda(PYTHON), conda(GREETER), wheel(other)])


def test_wheels_without_conda_python_get_a_virtual_environment(tmp_path: Path) -> None:
    env = install(tmp_path, [wheel(BEACON)], python=Path(sys.executable))
    done = subprocess.run([env / "bin/beacon"], capture_output=True, text=True, check=True)
    assert done.stdout == "lit\n"
    base = Path(sys._base_executable)  # type: ignore[attr-defined]
    assert (env / "pyvenv.cfg").read_text() == (
        f"home = {base.parent}\ninclude-system-site-packages = false\nversion = {HOST}\n"
    )
    assert {p for p in files(env) if "beacon" not in p} == {
        "bin/python", "bin/python3", f"bin/python{HOST}", "pyvenv.cfg", "conda-meta/samebox"
    }  # fmt: skip
    question = "import sys, site; print(sys.prefix); print(site.getsitepackages())"
    answer = subprocess.run([env / "bin/python", "-c", question], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[0] == str(env)
    assert f"{env}/lib/python{HOST}/site-packages" in answer.stdout.splitlines()[1]


def test_pip_finds_the_wheels_whole(tmp_path: Path) -> None:
    env = install(tmp_path, [wheel(BEACON)], python=Path(sys.executable))
    script = """
import importlib.metadata as m
d = m.distribution("beacon")
print(d.version, d.read_text("INSTALLER").strip(), sorted(str(f) for f in d.files if not f.locate().is_file()))
"""
    answer = subprocess.run([env / "bin/python", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "3.0 samebox []\n"


def test_the_interpreter_must_be_the_one_that_the_wheels_were_locked_for(tmp_path: Path) -> None:
    folder = artifacts(tmp_path / "artifacts", [wheel(BEACON)])
    with pytest.raises(InstallError, match=rf"is Python {HOST}, and the wheels were locked for 3\.99$"):
        slice_installer.install_slice(
            make_slice([wheel(BEACON)], python="3.99.1"),
            tmp_path / "env",
            fetch=slice_installer.from_folder(folder),
            python=Path(sys.executable),
        )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts"]


def test_wheels_without_any_python_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="wheels and no python") as caught:
        install(tmp_path, [wheel(BEACON)])
    assert caught.value.hint == "give the interpreter with --python"


def test_an_interpreter_beside_a_conda_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="brings its own python"):
        install(tmp_path, [conda(PYTHON), wheel(BEACON)], python=Path(sys.executable))


def test_an_interpreter_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="/bin/false: not a Python that runs"):
        install(tmp_path, [wheel(BEACON)], python=Path("/bin/false"))
