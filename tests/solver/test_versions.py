"""``RankedVersions`` gives the answers of ``packaging``, which is the reference for PEP 440."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import Version

from resolver.solver.versions import RankedVersions, VersionsOnDemand, names_prerelease, ranks

_EPOCHS = st.sampled_from(["", "", "", "1!"])
_RELEASES = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
_PRE = st.sampled_from(["", "", "", "a1", "b2", "rc1"])
_POST = st.sampled_from(["", "", "", ".post0", ".post1"])
_DEV = st.sampled_from(["", "", "", ".dev0", ".dev1"])
_LOCAL = st.sampled_from(["", "", "", "+cpu", "+cpu.1", "+1"])

_PUBLIC = st.tuples(_EPOCHS, _RELEASES, _PRE, _POST, _DEV).map("".join)
_VERSIONS = st.tuples(_PUBLIC, _LOCAL).map("".join)


def _is_specifier(text: str) -> bool:
    try:
        Specifier(text)
    except InvalidSpecifier:
        return False
    return True


_CLAUSES = st.one_of(
    st.tuples(st.sampled_from([">=", "<=", ">", "<", "~="]), _PUBLIC).map("".join),
    st.tuples(st.sampled_from(["==", "!=", "==="]), _VERSIONS).map("".join),
    st.tuples(st.sampled_from(["==", "!="]), _EPOCHS, _RELEASES, st.just(".*")).map("".join),
    st.tuples(st.sampled_from(["==", "!="]), _EPOCHS, _RELEASES, st.sampled_from(["a1", ".post1"]), st.just(".*")).map(
        "".join
    ),
).filter(_is_specifier)

_SETS = st.lists(_CLAUSES, max_size=3).map(",".join)


def _ranked(versions: set[str]) -> RankedVersions:
    return RankedVersions(sorted({Version(text) for text in versions}))


@settings(max_examples=1500)
@given(versions=st.sets(_VERSIONS, max_size=25), specifier=_SETS)
@example(versions={"1.0a2", "1.0", "1.0.post1", "1.1"}, specifier=">1.0a1")
@example(versions={"0.9", "1.0a1", "1.0", "1.0.post1"}, specifier="<1.0.post1")
@example(versions={"1.0.dev0", "1.0a1", "1.0", "1.0.1", "1.1.dev0"}, specifier="==1.0.*")
@example(versions={"1.0", "1.0+cpu", "1.0.post1"}, specifier="!=1.0")
@example(versions={"1.0.0", "1.0+cpu"}, specifier="===1.0")
def test_admitted_is_what_the_specifier_set_contains(versions: set[str], specifier: str) -> None:
    ranked = _ranked(versions)
    reference = SpecifierSet(specifier)
    expected = [v for v in reversed(ranked.versions) if reference.contains(v, prereleases=True)]
    assert [ranked.versions[rank] for rank in ranks(ranked.admitted(specifier))] == expected
    on_demand = RankedVersions(VersionsOnDemand(list(map(str, ranked.versions))), ranked.prereleases)
    assert on_demand.admitted(specifier) == ranked.admitted(specifier)


@given(versions=st.sets(_VERSIONS, max_size=10))
def test_no_specifier_admits_all_and_knows_the_prereleases(versions: set[str]) -> None:
    ranked = _ranked(versions)
    assert ranked.admitted("") == ranked.all == 2 ** len(ranked.versions) - 1
    assert {ranked.versions[r] for r in ranks(ranked.prereleases)} == {v for v in ranked.versions if v.is_prerelease}


@given(specifier=_SETS)
def test_a_specifier_set_names_prereleases_where_packaging_says_so(specifier: str) -> None:
    assert names_prerelease(specifier) == bool(SpecifierSet(specifier).prereleases)


def test_ranks_come_highest_first() -> None:
    assert ranks(0b10110) == [4, 2, 1]
    assert ranks(0) == []
