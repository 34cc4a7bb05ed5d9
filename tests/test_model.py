"""What the values of the model refuse."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolver.errors import ResolverError
from resolver.model import CondaSpec, Digest, LockedPackage, Origin, PypiRequirement

_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_ORIGIN = Origin(source="x", line=3)


@given(name=st.text(st.sampled_from("aZ09._-é٣ \n"), max_size=4))
@example(name="a\n")
@example(name="...")
def test_the_name_of_a_group(name: str) -> None:
    for make in (
        lambda: CondaSpec(name="a", group=name, origin=_ORIGIN),
        lambda: PypiRequirement(name="a", group=name, origin=_ORIGIN),
    ):
        if _GROUP.match(name):
            assert make().group == name
        else:
            with pytest.raises(ResolverError, match=r"x:3: not a group name: "):
                make()


@given(text=st.text("0123456789abcdef", min_size=63, max_size=65))
@example(text="A" * 64)
@example(text="0" * 63 + "\n")
@example(text="٣" * 64)
@example(text="0" * 31 + "g" + "0" * 32)
def test_a_digest_is_64_digits_in_lower_case(text: str) -> None:
    if _HEX64.match(text):
        assert str(Digest(domain="d", hex=text)) == f"sha256:{text}"
    else:
        with pytest.raises(ResolverError, match="not a sha256 in lower-case hex"):
            Digest(domain="d", hex=text)


@pytest.mark.parametrize(("field", "digits"), [("sha256", 64), ("md5", 32), ("tree", 64)])
def test_the_hashes_of_a_package(field: str, digits: int) -> None:
    def package(value: str | None) -> LockedPackage:
        return LockedPackage(kind="pypi", name="a", version="1", url="", **{field: value})  # type: ignore[arg-type]

    assert getattr(package("0f" * (digits // 2)), field) == "0f" * (digits // 2)
    assert getattr(package(None), field) is None
    for wrong in ("", "0" * (digits - 1), "0" * (digits + 1), "F" * digits, "g" * digits):
        with pytest.raises(ResolverError, match="a: not a hash: "):
            package(wrong)
