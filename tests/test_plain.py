"""``resolver.plain`` against ``packaging``, which decides what is right."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from resolver.plain import Plain, normal_version, normalize, plain_requirement

_NUMBERS = st.one_of(
    st.integers(0, 30).map(str), st.sampled_from(["00", "07", "2024", "9" * 99, "9" * 5000, "٣", "²", ""])
)
_SUFFIXES = st.one_of(
    st.just(""),
    st.builds(
        "".join,
        st.lists(
            st.builds(
                lambda mark, number: f"{mark}{number}",
                st.sampled_from(
                    [".post", ".dev", "rc", "a", "b", "c", "alpha", "-", "+", ".", "RC", "post", "-dev", ".*"]
                ),
                _NUMBERS,
            ),
            max_size=2,
        ),
    ),
)
_VERSIONS = st.builds(
    lambda start, release, suffix: start + ".".join(release) + suffix,
    st.sampled_from(["", "", "", "v", "1!"]),
    st.lists(_NUMBERS, min_size=1, max_size=4),
    _SUFFIXES,
)
_BLANKS = st.sampled_from(["", "", "", " ", "\t", "  ", "\n", "\xa0"])
_OPERATORS = st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~=", "===", "=", ""])
_CLAUSES = st.builds("{0}{1}{2}{3}{4}".format, _BLANKS, _OPERATORS, _BLANKS, _VERSIONS, _BLANKS)
_SPECIFIERS = st.builds(
    "{0}{1}{2}".format,
    st.sampled_from(["", "", "", "(", " ("]),
    st.lists(_CLAUSES, max_size=3).map(",".join),
    st.sampled_from(["", "", "", ")", ") ", ",", "; python_version < '3'"]),
)
_NAMES = st.one_of(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,6}", fullmatch=True),
    st.sampled_from(["a", "a_", "Foo.-_Bar", "-a", "é", "", "ﬁ", "K"]),
)
_EXTRAS = st.one_of(
    st.just(""),
    st.builds(
        lambda blank, names: f"{blank}[{','.join(names)}]",
        _BLANKS,
        st.lists(st.builds("{0}{1}{2}".format, _BLANKS, _NAMES, _BLANKS), max_size=3),
    ),
    st.sampled_from(["[", "[a", "a]", "[a][b]"]),
)
_REQUIREMENTS = st.builds("{0}{1}{2}{3}".format, _BLANKS, _NAMES, _EXTRAS, _SPECIFIERS)


def _judged(text: str) -> Plain | None:
    """What ``packaging`` has to say of a requirement without marker and URL; ``None`` where it is not valid."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    assert requirement.url is None
    assert requirement.marker is None
    extras = tuple(sorted(set(map(canonicalize_name, requirement.extras))))
    return Plain(canonicalize_name(requirement.name), extras, str(requirement.specifier))


@given(text=_REQUIREMENTS)
@example(text="a>=1.0,>=1")
@example(text="a>=1.0rc1,>=1rc1")
@example(text="a==1.*,==1.0.*")
@example(text="a~=1")
@example(text="a~=1.post1")
@example(text="a<1.*")
@example(text="a==*")
@example(text="a()")
@example(text="a[]")
@example(text="a (>=1")
@example(text="a>=1)")
@example(text="a_>=1")
@example(text="a >=1,")
def test_a_plain_requirement_is_what_packaging_reads(text: str) -> None:
    plain = plain_requirement(text)
    assert plain is None or plain == _judged(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("numpy", Plain("numpy", (), "")),
        (" Ruamel.YAML ", Plain("ruamel-yaml", (), "")),
        ("a>=1.2,<2", Plain("a", (), "<2,>=1.2")),
        ("a >= 1.2 , != 1.3.* , < 2.0b1", Plain("a", (), "!=1.3.*,<2.0b1,>=1.2")),
        ("a (~=1.2.0)", Plain("a", (), "~=1.2.0")),
        ("A[X_y, b]==01.0.post1", Plain("a", ("b", "x-y"), "==01.0.post1")),
        ("a[b](>1)", Plain("a", ("b",), ">1")),
        ("a<=3.dev0", Plain("a", (), "<=3.dev0")),
    ],
)
def test_plain_requirements_are_read(text: str, plain: Plain) -> None:
    assert plain_requirement(text) == plain == _judged(text)


@pytest.mark.parametrize(
    "text",
    [
        *("a @ https://example.test/a.whl", "a; python_version < '3'", "a>=1; extra == 'b'", "a>=1.0+local"),
        *("a>=1!2", "a>=v1", "a>=1.0-1", "a>=1,>=1.0", "a~=1", "a>=1.*", "a==1rc1.*", "a>=", "a>=1 2", "a==1.0٣"),
        *("", "a b", "a[b", "a[]", "a[b,]", "a[-b]", "a( )", "a(>=1", "a>=1)", "a,b", "[b]", ">=1", "-a", "a-"),
        *("a===1", "a>=" + "9" * 5000),
    ],
)
def test_all_other_requirements_are_left_to_packaging(text: str) -> None:
    assert plain_requirement(text) is None


@given(text=_VERSIONS.filter(lambda text: len(text) < 4000))
@example(text=" 1.0")
@example(text="1.0rc")
@example(text="1.0.post01")
@example(text="2024.01.05")
@example(text="1.0RC1")
def test_the_normal_form_of_a_version_is_packagings(text: str) -> None:
    try:
        expected = str(Version(text))
    except InvalidVersion:
        with pytest.raises(InvalidVersion):
            normal_version(text)
    else:
        assert normal_version(text) == expected


@given(name=st.text(st.characters(codec="ascii", categories=["L", "N", "Pd", "Pc", "Po"]), max_size=12))
def test_the_normal_form_of_a_name_is_packagings(name: str) -> None:
    assert normalize(name) == canonicalize_name(name)


def test_plain_texts_need_no_packaging() -> None:
    program = (
        "import sys; from resolver.plain import normal_version, plain_requirement\n"
        "assert all(map(normal_version, ['1.2', '1', '1.2rc1', '1.2.post3', '1.0a1', '1b2', '3.dev0', '2024.01.05']))\n"
        "assert plain_requirement('Foo[bar] (>=1.2, <2)')\n"
        "sys.exit('packaging' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
