"""One conda spec, in every spelling, against exact outcomes and against rattler's own reading."""

from __future__ import annotations

import re

import pytest
import rattler
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.errors import ManifestError
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.model import CondaSpec, Origin

ORIGIN = Origin(source="environment.yml", line=7)

SPELLINGS = {
    "numpy": "numpy",
    "NumPy": "numpy",
    "numpy *": "numpy",
    "numpy=*": "numpy",
    "numpy=1.26": "numpy[version='1.26.*']",
    "numpy =1.26": "numpy[version='1.26.*']",
    "numpy = 1.26": "numpy[version='1.26.*']",
    "numpy=1.26.*": "numpy[version='1.26.*']",
    "numpy 1.26.*": "numpy[version='1.26.*']",
    "numpy 1.26*": "numpy[version='1.26.*']",
    "numpy==1.26.*": "numpy[version='1.26.*']",
    "numpy 1.26": "numpy[version='==1.26']",
    "numpy==1.26": "numpy[version='==1.26']",
    "numpy == 1.26": "numpy[version='==1.26']",
    "numpy >=1.26,<2": "numpy[version='>=1.26,<2']",
    "numpy>=1.26, <2": "numpy[version='>=1.26,<2']",
    "numpy >= 1.26 , < 2": "numpy[version='>=1.26,<2']",
    "numpy >=1.26.*": "numpy[version='>=1.26']",
    "numpy <2.*": "numpy[version='<2']",
    "numpy ~=1.26.4": "numpy[version='~=1.26.4']",
    "numpy !=1.25": "numpy[version='!=1.25']",
    "numpy !=1.25.*": "numpy[version='!=1.25.*']",
    "numpy !=1.25*": "numpy[version='!=1.25.*']",
    "numpy 1.25|1.26.*": "numpy[version='==1.25|1.26.*']",
    "numpy=1.25|>=2": "numpy[version='1.25.*|>=2']",
    "numpy (>=1,<2)|>3": "numpy[version='>=1,<2|>3']",
    "numpy (<1|>=2),!=3": "numpy[version='(<1|>=2),!=3']",
    "numpy ((>=1))": "numpy[version='>=1']",
    "numpy=1.26=py311*": "numpy[version='==1.26',build='py311*']",
    "numpy==1.26=py311_0": "numpy[version='==1.26',build='py311_0']",
    "numpy 1.26 py311_0": "numpy[version='==1.26',build='py311_0']",
    "numpy =1.26 py311_0": "numpy[version='==1.26',build='py311_0']",
    "numpy=1.26.*=py311*": "numpy[version='1.26.*',build='py311*']",
    "python 3.11.* *_cpython": "python[version='3.11.*',build='*_cpython']",
    "numpy>=1 py311_0": "numpy[version='>=1',build='py311_0']",
    "pytorch=*=cuda*": "pytorch[build='cuda*']",
    "pytorch * cuda*": "pytorch[build='cuda*']",
    "numpy=1.26=*": "numpy[version='==1.26']",
    "pkg[version='>=1,<2',build='x*']": "pkg[version='>=1,<2',build='x*']",
    'pkg[version=">=1", build=x_1]': "pkg[version='>=1',build='x_1']",
    "pkg[version=1.2]": "pkg[version='==1.2']",
    "pkg[version='=1.2']": "pkg[version='1.2.*']",
    "pkg[build_number='>=3']": "pkg[build_number='>=3']",
    "pkg >1[build=x]": "pkg[version='>1',build='x']",
    "pkg[build='^py3.*$']": "pkg[build='^py3.*$']",
    "conda-forge::pkg": "conda-forge::pkg",
    "conda-forge::pkg=1": "conda-forge::pkg[version='1.*']",
    "conda-forge/linux-64::pkg": "conda-forge::pkg[subdir='linux-64']",
    "conda-forge/label/rc::pkg": "conda-forge/label/rc::pkg",
    "https://conda.example.org/lab::pkg 1": "https://conda.example.org/lab::pkg[version='==1']",
    "pkg[channel=lab,subdir=noarch]": "lab::pkg[subdir='noarch']",
    f"pkg[md5={'A' * 32}]": f"pkg[md5='{'a' * 32}']",
    f"pkg[sha256='{'0f' * 32}']": f"pkg[sha256='{'0f' * 32}']",
    "pkg 1!2.0": "pkg[version='==1!2.0']",
    "pkg 1.0+local.1": "pkg[version='==1.0+local.1']",
    "openssl 1.1.1w": "openssl[version='==1.1.1w']",
    "tzdata=2024a": "tzdata[version='2024a.*']",
    "jpeg 9e": "jpeg[version='==9e']",
    "pkg 1.2_": "pkg[version='==1.2_']",
    "_libgcc_mutex 0.1 conda_forge": "_libgcc_mutex[version='==0.1',build='conda_forge']",
    "r-data.table": "r-data.table",
    "__glibc >=2.17": "__glibc[version='>=2.17']",
}


@pytest.mark.parametrize(("text", "expected"), SPELLINGS.items())
def test_each_spelling_has_one_meaning(text: str, expected: str) -> None:
    assert str(parse_conda_spec(text, origin=ORIGIN)) == expected


@pytest.mark.parametrize("text", SPELLINGS)
def test_rattler_reads_the_spelling_and_the_outcome_alike(text: str) -> None:
    before = rattler.MatchSpec(text, strict=False)
    after = rattler.MatchSpec(str(parse_conda_spec(text, origin=ORIGIN)), strict=True)
    assert _meaning(after) == _meaning(before)


def _meaning(spec: rattler.MatchSpec) -> tuple[object, ...]:
    version = None if str(spec.version) in ("None", "*") else str(spec.version)
    build = None if str(spec.build) in ("None", "*") else str(spec.build)
    channel = spec.channel.base_url if spec.channel else None
    name = spec.name.normalized if spec.name else None
    return (name, version, build, spec.build_number, channel, spec.subdir, spec.md5, spec.sha256)


REFUSED = {
    "": "does not begin with a package name",
    ">=1": "does not begin with a package name",
    "numpy >=": "a version is missing after '>='",
    "numpy >=1..2": "not a version: '1..2'",
    "numpy 1.2.": "not a version: '1.2.'",
    "numpy >=1,": "a version is missing at the end",
    "numpy ,": "not",
    "numpy >=1||2": "not",
    "numpy (>=1": "a closing parenthesis is missing",
    "numpy >=1)": "')' is out of place",
    "numpy " + "(" * 5000: "nested too deeply",
    "numpy 1.*.3": "a star that is not at its end",
    "numpy >1.2.*": "read differently by different tools",
    "numpy <*": "compares with any version",
    "numpy ^1.2": "'^' is not an operator of conda",
    "numpy ~1.2": "'~' is not an operator of conda",
    "numpy===1.2": "'===' is not an operator of conda",
    "numpy=>1.2": "'=>' is not an operator of conda",
    "numpy>=1.26<2": "not one version; join several with ','",
    "numpy >=1.26 <2": "not a build: '<2'",
    "numpy 1.2 py3 extra": "more than a version and a build",
    "numpy=1.26=": "the build is missing",
    "numpy=1.26=a/b": "not a build: 'a/b'",
    "numpy*": "'*' cannot follow a name",
    "numpy @ https://example.org/x": "not",
    "numpy[version='1'": "brackets are not closed",
    "numpy[version='1'] x": "brackets are not closed, or something follows",
    "numpy[version>=1]": "expected key='value'",
    "numpy[versoin='1']": "unknown key 'versoin'; did you mean version?",
    "numpy[license='MIT']": "'license' cannot be asked for",
    "numpy 1[version='2']": "the version is given twice",
    "numpy[md5=abc]": "not a md5: 'abc'",
    "numpy[subdir=linux-46]": "not a subdir: 'linux-46'",
    "numpy[build_number=x]": "not a build number: 'x'",
    "con da::numpy": "not a channel name: 'con da'",
    "https://conda.example.org/lab/linux-64/numpy-1.0-0.conda": "the address of a package file",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_has_no_meaning_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(message)) as caught:
        parse_conda_spec(text, origin=ORIGIN)
    assert str(caught.value).startswith("environment.yml:7: ")


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@conda.example.org/lab::numpy >=",
        "https://conda.example.org/t/hunter2/lab::numpy",
    ],
)
def test_a_credential_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ManifestError, match=r"credential|token") as caught:
        parse_conda_spec(text, origin=ORIGIN)
    assert "hunter2" not in str(caught.value)


def test_a_credential_by_name_is_kept() -> None:
    spec = parse_conda_spec("https://conda.example.org/t/${TOKEN}/lab::numpy", origin=ORIGIN)
    assert spec.channel == "https://conda.example.org/t/${TOKEN}/lab"


def test_missing_comma_gets_a_hint() -> None:
    with pytest.raises(ManifestError) as caught:
        parse_conda_spec("numpy >=1.26 <2", origin=ORIGIN)
    assert caught.value.hint == "join several bounds with a comma: 'numpy >=1.26,<2'"


_versions = st.from_regex(r"([0-9]!)?[0-9]{1,3}(\.[0-9a-z]{1,3}){0,3}", fullmatch=True)
_atoms = st.builds(
    lambda operator, version, star: f"{operator}{version}{star if operator in ('', '!=') else ''}",
    st.sampled_from(["", "==", "!=", ">=", "<=", ">", "<", "~="]),
    _versions,
    st.sampled_from(["", ".*"]),
).map(lambda atom: atom if atom[0] in "=!<>~" or atom.endswith(".*") else f"=={atom}")
_conjunctions = st.lists(_atoms, min_size=1, max_size=3).map(",".join)
_specs = st.builds(
    CondaSpec,
    name=st.from_regex(r"[a-z_][a-z0-9._-]{0,9}", fullmatch=True),
    version=st.none() | st.lists(_conjunctions, min_size=1, max_size=3).map("|".join),
    build=st.none() | st.from_regex(r"[a-z0-9_]{1,8}\*?", fullmatch=True),
    build_number=st.none() | st.from_regex(r"(>=|<)?[0-9]{1,3}", fullmatch=True),
    channel=st.none() | st.sampled_from(["conda-forge", "conda-forge/label/x", "https://conda.example.org/a"]),
    subdir=st.none() | st.sampled_from(["linux-64", "noarch"]),
    sha256=st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    origin=st.just(ORIGIN),
)


@settings(deadline=None)
@given(_specs)
def test_a_formatted_spec_parses_back(spec: CondaSpec) -> None:
    assert parse_conda_spec(str(spec), origin=ORIGIN) == spec


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[a-z]{1,3}[ =<>!~*|,()\[\]'0-9.]{0,20}", fullmatch=True))
def test_any_text_gives_a_spec_that_parses_back_or_a_manifest_error(text: str) -> None:
    try:
        spec = parse_conda_spec(text, origin=ORIGIN)
    except ManifestError:
        return
    assert parse_conda_spec(str(spec), origin=ORIGIN) == spec
