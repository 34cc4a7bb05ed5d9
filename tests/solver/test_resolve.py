"""What is chosen, case by case; ``test_tiny_universes`` is the other half."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.errors import NoSolution
from resolver.indexes import CoreMetadata, MemoryIndex
from resolver.solver.direct import DirectFile
from tests.solver.worlds import Universe, chosen, requirements, resolve, target

_VERSIONS = st.sampled_from(
    ["0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1.dev0", "1.1", "2.0b1", "2.0", "1!0.1rc1"]
)
_SPECIFIERS = st.sampled_from(
    ["", ">=1.0", ">=1.0rc1", "<1.0", "~=1.0", "==1.*", "!=1.0", ">=2", ">=2.0b1,<3", "==1.0a1", "===1.0", ">=1.1.dev0"]
)


@given(versions=st.sets(_VERSIONS, min_size=1), specifier=_SPECIFIERS)
def test_prereleases_count_as_packaging_has_it(versions: set[str], specifier: str) -> None:
    admitted = list(SpecifierSet(specifier).filter(sorted(map(Version, versions))))
    try:
        answer = chosen(resolve({"a": {v: {} for v in versions}}, requirements(f"a{specifier}")))
    except NoSolution:
        answer = {}
    assert answer == ({"a": str(admitted[-1])} if admitted else {})


def test_prereleases_count_everywhere_where_the_manifest_says_pre() -> None:
    universe: Universe = {"a": {"1.0": {}, "2.0rc1": {}}}
    assert chosen(resolve(universe, requirements("a"), prereleases=True)) == {"a": "2.0rc1"}


def test_a_final_that_cannot_be_used_here_does_not_keep_the_prerelease_out() -> None:
    universe: Universe = {"a": {"1.0": {"files": ["a-1.0-py2-none-any.whl"]}, "2.0rc1": {}}}
    assert chosen(resolve(universe, requirements("a"))) == {"a": "2.0rc1"}


_SOCKS: Universe = {
    "web": {
        "1.0": {"requires_dist": ["core>=1", "proxy>=2; extra == 'socks'", "fast; extra == 'Speed_Up'"]},
        "2.0": {"requires_dist": ["core>=9"]},
    },
    "core": {"1.0": {}},
    "proxy": {"2.1": {}, "1.0": {}},
    "fast": {"1": {"requires_dist": ["web[socks]"]}},
}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("web", {"web": "1.0", "core": "1.0"}),
        ("web[socks]", {"web": "1.0", "core": "1.0", "proxy": "2.1"}),
        ("web[SOCKS]", {"web": "1.0", "core": "1.0", "proxy": "2.1"}),
        ("web[speed-up]", {"web": "1.0", "core": "1.0", "fast": "1", "proxy": "2.1"}),
        ("web[nonesuch]", {"web": "1.0", "core": "1.0"}),
    ],
)
def test_extras(asked: str, expected: dict[str, str]) -> None:
    solution = resolve(_SOCKS, requirements(asked))
    assert chosen(solution) == expected
    assert solution.added == {}


def test_what_a_package_needs_names_what_its_extras_add() -> None:
    (web,) = (p for p in resolve(_SOCKS, requirements("web[socks]")).projects if p.name == "web")
    assert (web.extras, web.dependencies) == (("socks",), (("core", ">=1"), ("proxy", ">=2")))


def test_an_extra_that_names_extras_of_its_own_project() -> None:
    universe: Universe = {
        "a": {"1": {"requires_dist": ["a[x,y]; extra == 'all'", "b; extra == 'x'", "c; extra == 'y'"]}},
        "b": {"1": {}},
        "c": {"1": {}},
    }
    assert chosen(resolve(universe, requirements("a[all]"))) == {"a": "1", "b": "1", "c": "1"}


def test_extras_of_a_project_that_conda_provides_come_from_the_index() -> None:
    solution = resolve(_SOCKS, requirements("web[socks]"), fixed={"web": "1.0", "core": "1.5"})
    assert chosen(solution) == {"proxy": "2.1"}
    assert solution.added == {("web", "socks"): (("proxy", ">=2"),)}


def test_who_needs_such_an_extra_depends_on_what_it_adds() -> None:
    solution = resolve(_SOCKS, requirements("fast"), fixed={"web": "1.0", "core": "1.5"})
    (fast,) = (p for p in solution.projects if p.name == "fast")
    assert fast.dependencies == (("proxy", ">=2"), ("web", ""))


def test_what_conda_provides_is_not_asked_from_an_index() -> None:
    index = MemoryIndex({"a": {"1": {"requires_dist": ["b>=1"]}}, "b": {"2": {}}})
    assert chosen(resolve([index], requirements("a"), fixed={"b": "1.7"})) == {"a": "1"}
    assert index.pages_asked == ["a"]


def test_the_version_that_conda_provides_binds() -> None:
    universe: Universe = {"a": {"2": {"requires_dist": ["b>=2"]}, "1": {"requires_dist": ["b<2"]}}}
    assert chosen(resolve(universe, requirements("a"), fixed={"b": "1.7"})) == {"a": "1"}


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        ("linux-64", {"a": "1", "l": "1", "x": "1"}),
        ("linux-aarch64", {"a": "1", "l": "1"}),
        ("osx-arm64", {"a": "1", "m": "1"}),
        ("osx-64", {"a": "1", "m": "1", "x": "1"}),
        ("win-64", {"a": "1", "w": "1", "x": "1"}),
    ],
)
def test_markers_are_those_of_the_target(subdir: str, expected: dict[str, str]) -> None:
    needs = [
        "l; sys_platform == 'linux' and os_name == 'posix'",
        "m; platform_system == 'Darwin'",
        "w; os_name == 'nt' and sys_platform == 'win32'",
        "x; platform_machine in 'x86_64 AMD64'",
        "o; python_version < '3.12' or implementation_name == 'pypy'",
    ]
    universe: Universe = {"a": {"1": {"requires_dist": needs}}, **{name: {"1": {}} for name in "lmwxo"}}
    assert chosen(resolve(universe, requirements("a"), where=target(subdir))) == expected


def test_a_marker_on_a_request_and_the_platform_python() -> None:
    universe: Universe = {"a": {"1": {}}, "b": {"1": {}}}
    asked = requirements("a; python_full_version < '3.12.4'", "b; python_version == '3.12'")
    assert chosen(resolve(universe, asked)) == {"b": "1"}
    assert chosen(resolve(universe, asked, where=target(python="3.12.3"))) == {"a": "1", "b": "1"}


def test_a_constraint_limits_and_asks_for_nothing() -> None:
    universe: Universe = {"a": {"1": {}, "2": {}}, "b": {"1": {}}}
    limits = requirements("a<2", "b", "a>=9; sys_platform == 'win32'")
    assert chosen(resolve(universe, requirements("a"), constraints=limits)) == {"a": "1"}


def test_hashes_choose_the_file() -> None:
    name = "a-2-cp312-none-any.whl"
    wanted = hashlib.sha256(b"a-1-py3-none-any.whl").hexdigest()
    universe: Universe = {"a": {"1": {"files": ["a-1-py3-none-any.whl"]}, "2": {"files": [name]}}}
    assert chosen(resolve(universe, requirements(f"a --hash=sha256:{wanted}"))) == {"a": "1"}


def test_a_hash_of_a_file_that_another_wheel_of_the_version_beats() -> None:
    """The manifest says which file it is: a better tag does not count against that."""
    wanted = hashlib.sha256(b"a-1-py3-none-any.whl").hexdigest()
    universe: Universe = {"a": {"1": {"files": ["a-1-py3-none-any.whl", "a-1-cp312-none-any.whl"]}}}
    (project,) = resolve(universe, requirements(f"a==1 --hash=sha256:{wanted}")).projects
    assert project.file is not None
    assert project.file.filename == "a-1-py3-none-any.whl"


def test_a_yanked_version_is_taken_only_by_its_exact_version() -> None:
    universe: Universe = {"a": {"1": {}, "2": {"yanked": "breaks"}}}
    assert chosen(resolve(universe, requirements("a>=1"))) == {"a": "1"}
    assert chosen(resolve(universe, requirements("a==2"))) == {"a": "2"}
    with pytest.raises(NoSolution):
        resolve(universe, requirements("a>=2"))


def test_cycles_end() -> None:
    universe: Universe = {
        "a": {"1": {"requires_dist": ["b"]}},
        "b": {"2": {"requires_dist": ["a>=2"]}, "1": {"requires_dist": ["a[x]"]}},
    }
    assert chosen(resolve(universe, requirements("a"))) == {"a": "1", "b": "1"}


@pytest.mark.parametrize(
    "newest",
    [
        {"invalid": "Requires-Dist: nonsense"},
        {"requires_python": ">=3.13"},
        {"requires_dist": ["b @ https://elsewhere.example.org/b-1-py3-none-any.whl"]},
        {"requires_dist": ["nowhere-to-be-found"]},
        {"files": ["a-2.tar.gz"]},
    ],
)
def test_what_cannot_be_used_gives_way_to_the_next_older(newest: dict[str, object]) -> None:
    universe: Universe = {"a": {"2": newest, "1": {}}, "b": {"1": {}}}
    assert chosen(resolve(universe, requirements("a"))) == {"a": "1"}


def test_the_python_that_the_metadata_asks_for_counts_where_the_index_is_silent() -> None:
    wheel = {"filename": "a-2-py3-none-any.whl", "requires_python": None}
    universe: Universe = {"a": {"2": {"requires_python": ">=3.13", "files": [wheel]}, "1": {}}}
    assert chosen(resolve(universe, requirements("a"))) == {"a": "1"}


def _direct(name: str, version: str, *needs: str) -> DirectFile:
    filename = f"{name}-{version}-py3-none-any.whl"
    return DirectFile(
        url=f"file:///wheels/{filename}",
        filename=filename,
        sha256="0" * 64,
        size=1,
        metadata=CoreMetadata(name=name, version=version, requires_dist=needs, provides_extra=("x",)),
    )


def test_a_wheel_by_its_url_is_the_only_candidate() -> None:
    wheel = _direct("a", "0.1", "b<2", "c; extra == 'x'")
    index = MemoryIndex({"a": {"9": {}}, "b": {"1": {}, "2": {}}, "c": {"1": {}}, "d": {"1": {"requires_dist": ["a"]}}})
    solution = resolve([index], requirements(f"a[x] @ {wheel.url}", "d"), directs={wheel.url: wheel})
    assert chosen(solution) == {"a": "0.1", "b": "1", "c": "1", "d": "1"}
    (a, *_) = solution.projects
    assert (a.direct, a.file) == (wheel, None)
    assert "a" not in index.pages_asked


def test_a_wheel_by_its_url_must_be_what_others_need() -> None:
    wheel = _direct("a", "0.1")
    universe: Universe = {"d": {"1": {"requires_dist": ["a>=1"]}}}
    with pytest.raises(NoSolution):
        resolve(universe, requirements(f"a @ {wheel.url}", "d"), directs={wheel.url: wheel})


def test_a_wheel_by_its_url_that_is_not_for_the_target_is_refused() -> None:
    name = "a-1-cp312-cp312-win_amd64.whl"
    wheel = DirectFile(
        url=f"file:///w/{name}", filename=name, sha256="0" * 64, size=1, metadata=CoreMetadata(name="a", version="1")
    )
    with pytest.raises(NoSolution):
        resolve({}, requirements(f"a @ {wheel.url}"), directs={wheel.url: wheel})
    assert chosen(
        resolve({}, requirements(f"a @ {wheel.url}"), directs={wheel.url: wheel}, where=target("win-64"))
    ) == {"a": "1"}


def test_two_urls_for_one_project_contradict() -> None:
    one, two = _direct("a", "1"), _direct("a", "2")
    asked = requirements(f"a @ {one.url}", f"a @ {two.url}")
    with pytest.raises(NoSolution):
        resolve({}, asked, directs={one.url: one, two.url: two})


def test_the_newest_of_everything_that_fits() -> None:
    universe: Universe = {
        "a": {"2": {"requires_dist": ["c<3"]}, "1": {}},
        "b": {"2": {"requires_dist": ["c>=2"]}, "1": {}},
        "c": {"1": {}, "2": {}, "3": {}},
    }
    assert chosen(resolve(universe, requirements("a", "b"))) == {"a": "2", "b": "2", "c": "2"}
