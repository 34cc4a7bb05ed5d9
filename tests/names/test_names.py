"""The map between conda packages and PyPI projects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from fixtures import make_names_table
from resolver.errors import SettingsError
from resolver.names import NamesMap, is_python_package, normalize

_ROOT = Path(make_names_table.__file__).parent.parent
_SAMPLE = _ROOT.parent / "shared" / "conda-forge-sample"
_PYTHON = ("python >=3.11", "numpy")


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", fullmatch=True))
def test_names_are_normalised_as_packaging_does(name: str) -> None:
    assert normalize(name) == canonicalize_name(name)


@pytest.mark.parametrize(
    ("depends", "noarch", "expected"),
    [
        (("python",), None, True),
        (("python >=3.9,<3.13.0a0", "libblas"), None, True),
        (("python=3.11",), None, True),
        (("python[version='>=3.9']",), None, True),
        ((), "python", True),
        (("python_abi 3.11.* *_cp311", "python-dateutil"), None, False),
        (("libzlib",), "generic", False),
    ],
)
def test_a_python_package_is_one_that_depends_on_python(
    depends: tuple[str, ...], noarch: str | None, expected: bool
) -> None:
    assert is_python_package(depends, noarch) is expected


@pytest.mark.parametrize(
    ("conda_name", "depends", "expected"),
    [
        ("requests", _PYTHON, ("requests",)),
        ("never_heard.of", _PYTHON, ("never-heard-of",)),
        ("zlib", ("libzlib",), ()),
        ("pytorch", _PYTHON, ("torch",)),
        ("python-graphviz", _PYTHON, ("graphviz",)),
        ("pyside6", _PYTHON, ("pyside6", "shiboken6")),
        ("matplotlib-base", _PYTHON, ("matplotlib",)),
        ("matplotlib", ("python", "matplotlib-base >=3.8"), ()),
        ("pyarrow", ("python", "pyarrow-core 17.*"), ()),
        ("pyarrow", ("python", "libarrow 9.*"), ("pyarrow",)),
        ("cf-xarray", ("python", "cf_xarray 0.9"), ()),
        ("flit-core", _PYTHON, ("flit-core",)),
        ("netcdf4", _PYTHON, ("netcdf4",)),
        ("qgis", _PYTHON, ()),
    ],
)
def test_what_conda_packages_provide(conda_name: str, depends: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert NamesMap.load().provides(conda_name, depends=depends, noarch=None) == expected


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("torch", ("torch", "pytorch")),
        ("Matplotlib", ("matplotlib", "matplotlib-base")),
        ("backports.zstd", ("backports-zstd", "backports.zstd")),
        ("never-heard-of", ("never-heard-of",)),
        ("qgis", ()),
    ],
)
def test_which_conda_packages_may_provide_a_project(project: str, expected: tuple[str, ...]) -> None:
    assert NamesMap.load().conda_names(project) == expected


def test_an_override_wins_over_the_table_and_over_the_rule() -> None:
    names = NamesMap.load((("pytorch", ("My_Torch",)), ("requests", ()), ("lib-x", ("x",))))
    assert names.provides("pytorch", depends=_PYTHON, noarch=None) == ("my-torch",)
    assert names.provides("requests", depends=_PYTHON, noarch="python") == ()
    assert names.provides("lib-x", depends=(), noarch=None) == ("x",)
    assert names.conda_names("x") == ("x", "lib-x")
    assert names.conda_names("torch") == ("torch",)


@pytest.mark.parametrize("row", [("PyTorch", ("torch",)), ("", ()), ("pytorch", ("to rch",)), ("pytorch", ("",))])
def test_an_override_that_is_no_name_is_refused(row: tuple[str, tuple[str, ...]]) -> None:
    with pytest.raises(SettingsError, match=r"^names"):
        NamesMap.load((row,))


def test_the_digest_is_of_the_facts() -> None:
    plain = NamesMap.load().digest
    assert plain.startswith("sha256:") and len(plain) == 71
    assert NamesMap.load((("pytorch", ("torch",)),)).digest == plain
    one, other = ("a", ("x",)), ("b", ("y", "z"))
    assert NamesMap.load((one, other)).digest == NamesMap.load((other, one)).digest
    assert NamesMap.load((one,)).digest not in (plain, NamesMap.load((one, other)).digest)


def test_the_digest_is_the_same_in_a_process_with_another_hash_seed() -> None:
    program = "from resolver.names import NamesMap; print(NamesMap.load((('a', ('y', 'x')),)).digest)"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(_ROOT)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_the_map_cannot_be_changed() -> None:
    names = NamesMap.load()
    with pytest.raises(TypeError):
        names.table["x"] = ()  # type: ignore[index]
    with pytest.raises(AttributeError):
        names.table = {}  # type: ignore[misc]


def _write_channel(folder: Path, *records: dict[str, object]) -> Path:
    (folder / "noarch").mkdir(parents=True)
    named = {f"{number}.conda": {"depends": ["python"], **record} for number, record in enumerate(records)}
    (folder / "noarch" / "repodata.json").write_text(json.dumps({"packages.conda": named}))
    return folder


def _rows(folder: Path) -> dict[str, tuple[str, ...]]:
    return make_names_table.make_table(list(make_names_table.read_statements(folder)))[0]


def test_of_records_that_disagree_the_newest_speaks(tmp_path: Path) -> None:
    channel = _write_channel(
        tmp_path,
        {"name": "gadget", "timestamp": 3, "purls": ["pkg:pypi/Gadget.New@2?source=x"]},
        {"name": "gadget", "timestamp": 2, "purls": ["pkg:pypi/gadget-old"]},
        {"name": "gadget", "purls": ["pkg:pypi/gadget-ancient"]},
        {"name": "gadget", "timestamp": 9},
    )
    assert _rows(channel) == {"gadget": ("gadget-new",)}


def test_nothing_does_not_overrule_an_own_project_that_no_other_package_provides(tmp_path: Path) -> None:
    own = {"name": "gadget", "timestamp": 1, "purls": ["pkg:pypi/gadget"]}
    nothing = {"name": "gadget", "timestamp": 2, "purls": []}
    base = {"name": "gadget-base", "timestamp": 2, "purls": ["pkg:pypi/gadget"]}
    assert _rows(_write_channel(tmp_path / "alone", own, nothing)) == {}
    split = _write_channel(tmp_path / "split", own, nothing, base)
    assert _rows(split) == {"gadget": (), "gadget-base": ("gadget",)}


def test_a_vendored_copy_is_not_claimed(tmp_path: Path) -> None:
    channel = _write_channel(
        tmp_path,
        {"name": "holder", "purls": ["pkg:pypi/holder", "pkg:pypi/held"]},
        {"name": "held", "purls": ["pkg:pypi/held"]},
    )
    assert _rows(channel) == {}


@pytest.mark.sample
@pytest.mark.skipif(not _SAMPLE.is_dir(), reason="the conda-forge sample is not beside the repository")
def test_the_table_is_made_from_the_sample_and_answers_for_it() -> None:
    statements = list(make_names_table.read_statements(_SAMPLE))
    rows, spellings = make_names_table.make_table(statements)
    committed = (_ROOT / "resolver" / "names_table.json").read_bytes()
    assert make_names_table.render(rows, spellings) == committed

    names = NamesMap.load()
    wrong = [s for s in statements if s.answer(names) != s.projects]
    assert len(statements) == 57862
    assert len(wrong) / len(statements) < 0.006
