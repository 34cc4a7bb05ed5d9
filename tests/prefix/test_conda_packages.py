"""How conda packages are linked, and what the normaliser leaves of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.conda_packages import PLACEHOLDER, CondaFile, CondaPackage
from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import InstallError
from tests.prefix.world import (
    ALMANAC,
    CHANNEL,
    EPOCH,
    GREETER,
    GREETINGS,
    HELLO_TOOL,
    LIBHELLO,
    PLATFORM,
    PYTHON,
    artifacts,
    conda,
    files,
    install,
    make_slice,
    raw_conda,
    tree,
)


def package(name: str, *paths: str, content: bytes = b"same\n", noarch: bool = False) -> CondaPackage:
    return CondaPackage(
        name=name,
        version="1.0",
        subdir="noarch" if noarch else PLATFORM,
        noarch="python" if noarch else None,
        depends=("python",) if noarch else (),
        files=tuple(CondaFile(path=path, content=content) for path in paths),
    )


def test_a_noarch_python_package_goes_to_the_site_packages_and_gets_its_entry_point(tmp_path: Path) -> None:
    env = install(tmp_path, [conda(PYTHON), conda(GREETER), conda(GREETINGS)])
    assert (env / "lib/python3.12/site-packages/greeter.py").is_file()
    script = (env / "bin/greet").read_text()
    assert script.startswith(f"#!{env}/bin/python3.12\n")
    assert "from greeter import main" in script


def test_exactly_the_files_of_the_packages_and_their_records_are_there(tmp_path: Path) -> None:
    env = install(tmp_path, [conda(PYTHON), conda(GREETER), conda(ALMANAC)])
    assert files(env) == {
        "bin/greet",
        "bin/python",
        "bin/python3",
        "bin/python3.12",
        "conda-meta/greeter-1.2.0-pyh0_0.json",
        "conda-meta/history",
        "conda-meta/old-almanac-1.0-0.json",
        "conda-meta/python-3.12.4-0_standin.json",
        "conda-meta/samebox",
        "lib/python3.12/site-packages/README.txt",
        "lib/python3.12/site-packages/greeter-1.2.0.dist-info/INSTALLER",
        "lib/python3.12/site-packages/greeter-1.2.0.dist-info/METADATA",
        "lib/python3.12/site-packages/greeter.py",
        "share/almanac/1999.txt",
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts", "env"]


def test_the_placeholder_becomes_the_prefix_or_the_target_prefix(tmp_path: Path) -> None:
    items = [conda(LIBHELLO), conda(HELLO_TOOL)]
    env = install(tmp_path, items)
    assert (env / "share/libhello/libhello.conf").read_text().startswith(f"prefix={env}\n")
    slice_installer.install_slice(
        make_slice(items),
        tmp_path / "other",
        fetch=slice_installer.from_folder(tmp_path / "artifacts"),
        target_prefix=Path("/opt/env"),
    )
    assert f'cat "{"/opt/env"}/share/libhello' in (tmp_path / "other/bin/hello-tool").read_text()


def test_records_are_canonical_and_hold_nothing_of_this_machine(tmp_path: Path) -> None:
    item = conda(LIBHELLO)
    env = install(tmp_path, [item])
    text = (env / "conda-meta/libhello-1.1-h1_0.json").read_text()
    record = json.loads(text)
    assert text == json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert str(tmp_path) not in text
    assert (record["url"], record["channel"], record["fn"]) == (
        f"{CHANNEL}/linux-64/libhello-1.1-h1_0.conda",
        CHANNEL,
        "libhello-1.1-h1_0.conda",
    )
    assert record["sha256"] == item.sha256
    assert record["files"] == ["share/libhello/libhello.conf"]
    assert not {"extracted_package_dir", "package_tarball_full_path", "link"} & record.keys()
    assert (env / "conda-meta/history").read_bytes() == b""


def test_py_rattler_can_read_the_prefix_again(tmp_path: Path) -> None:
    from rattler import PrefixRecord

    env = install(tmp_path, [conda(PYTHON), conda(GREETER)])
    records = [PrefixRecord.from_path(path) for path in sorted((env / "conda-meta").glob("*.json"))]
    assert [(r.name.normalized, str(r.version)) for r in records] == [("greeter", "1.2.0"), ("python", "3.12.4")]


def test_modes_and_times_are_fixed(tmp_path: Path) -> None:
    env = install(tmp_path, [conda(PYTHON), conda(GREETER), conda(HELLO_TOOL)])
    entries = tree(env)
    assert {entry[2] for entry in entries.values()} == {EPOCH * 10**9}
    assert {entry[1] for entry in entries.values() if entry[0] == "folder"} == {0o755}
    executable = {path for path, entry in entries.items() if entry[0] == "file" and entry[1] == 0o755}
    assert executable == {"bin/greet", "bin/hello-tool", "bin/python3.12"}
    assert {entry[1] for path, entry in entries.items() if entry[0] == "file"} == {0o644, 0o755}


def test_bytecode_goes_with_its_listing_but_a_module_that_is_only_bytecode_stays(tmp_path: Path) -> None:
    paths = ("lib/m.py", "lib/__pycache__/m.cpython-312.pyc", "lib/old.py", "lib/old.pyc", "lib/only.pyc")
    env = install(tmp_path, [conda(package("bytes", *paths))])
    assert {p for p in files(env) if p.startswith("lib/")} == {"lib/m.py", "lib/old.py", "lib/only.pyc"}
    assert not (env / "lib/__pycache__").exists()
    record = json.loads((env / "conda-meta/bytes-1.0-0.json").read_text())
    assert record["files"] == ["lib/m.py", "lib/old.py", "lib/only.pyc"]
    assert [p["_path"] for p in record["paths_data"]["paths"]] == record["files"]


def test_no_two_files_share_an_inode(tmp_path: Path) -> None:
    env = install(tmp_path, [raw_conda("twins", [("a", b"same\n")], twins=[("b", "a")])])
    assert [(env / name).read_bytes() for name in "ab"] == [b"same\n"] * 2
    assert [(env / name).stat().st_nlink for name in "ab"] == [1, 1]


def test_scripts_that_are_not_run_are_named(tmp_path: Path) -> None:
    items = [conda(package("loud", "bin/.loud-post-link.sh", "bin/.loud-pre-link.sh", content=b"touch /tmp/loud\n"))]
    report = slice_installer.install_slice(
        make_slice(items),
        tmp_path / "env",
        fetch=slice_installer.from_folder(artifacts(tmp_path / "artifacts", items)),
    )
    assert report.warnings == (
        "loud 1.0 (loud-1.0-0.conda): its pre-link script was not run: bin/.loud-pre-link.sh",
        "loud 1.0 (loud-1.0-0.conda): its post-link script was not run: bin/.loud-post-link.sh",
    )


def test_two_packages_may_own_the_same_file_if_it_is_the_same(tmp_path: Path) -> None:
    env = install(tmp_path, [conda(package("one", "share/both")), conda(package("two", "share/both", "x"))])
    assert {p for p in files(env) if not p.startswith("conda-meta/")} == {"share/both", "x"}
    for name in ("one", "two"):
        record = json.loads((env / f"conda-meta/{name}-1.0-0.json").read_text())
        assert "share/both" in record["files"]
        assert "original_path" not in json.dumps(record)


def test_two_packages_that_write_a_file_differently_are_refused_by_name(tmp_path: Path) -> None:
    items = [conda(package("one", "f")), conda(package("two", "f", content=b"other\n"))]
    with pytest.raises(InstallError, match=r"^one 1\.0 .* and two 1\.0 .* both write f, with different content$"):
        install(tmp_path, items)


def test_placeholders_that_differ_make_equal_files_different(tmp_path: Path) -> None:
    text = f"{PLACEHOLDER}\n".encode()
    marked, unmarked = conda(package("one", "f", content=text)), raw_conda("two", [("f", text)])
    with pytest.raises(InstallError, match="both write f"):
        install(tmp_path, [marked, unmarked])


def test_a_file_where_another_package_has_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="both write f"):
        install(tmp_path, [conda(package("one", "f")), conda(package("two", "f/x/y"))])


def test_an_artifact_that_is_another_package_is_refused(tmp_path: Path) -> None:
    impostor = conda(GREETINGS, conda(LIBHELLO).content)
    with pytest.raises(InstallError, match=r"the artifact says that it is libhello-1\.1-h1_0$"):
        install(tmp_path, [impostor])


def test_a_noarch_python_package_without_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="no python version"):
        install(tmp_path, [conda(package("lonely", "site-packages/lonely.py", noarch=True))])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts"]
