from __future__ import annotations

import msgspec
import pytest

from resolver.errors import IndexUnavailable
from resolver.indexes import CoreMetadata, DistributionFile, Index, InvalidMetadata, MemoryIndex


def test_a_release_has_one_made_up_wheel() -> None:
    index: Index = MemoryIndex({"Some.Thing": {"1.0": {"requires_dist": ["a", "b; extra == 'x'"]}}})
    page = index.page("some_thing")
    assert page is not None
    assert page.files == (
        DistributionFile(
            filename="some_thing-1.0-py3-none-any.whl",
            url="https://index.example.org/files/some_thing-1.0-py3-none-any.whl",
            # printf some_thing-1.0-py3-none-any.whl | sha256sum
            sha256="4a7e257ac25dbacef8d0bffd80bae71926dd84f772c02dd894c13708a3757e33",
        ),
    )
    assert index.metadata(page.files[0]) == CoreMetadata(
        name="some-thing", version="1.0", requires_dist=("a", "b; extra == 'x'"), provides_extra=("x",)
    )


def test_files_and_their_fields_can_be_given() -> None:
    files = ["a-1-cp311-cp311-linux_x86_64.whl", {"filename": "a-1.tar.gz", "sha256": None, "size": 7}]
    index = MemoryIndex({"a": {"1": {"files": files, "requires_python": ">=3.9", "yanked": True}}})
    page = index.page("a")
    assert page is not None
    assert [(f.filename, f.sha256 is None, f.size, f.requires_python, f.yanked) for f in page.files] == [
        ("a-1-cp311-cp311-linux_x86_64.whl", False, None, ">=3.9", ""),
        ("a-1.tar.gz", True, 7, ">=3.9", ""),
    ]


def test_what_is_unknown_invalid_or_broken() -> None:
    index = MemoryIndex({"a": {"1": {"invalid": "Requires-Dist: nonsense"}}, "b": {}}, broken=["B"])
    assert index.page("c") is None
    page = index.page("a")
    assert page is not None
    with pytest.raises(InvalidMetadata, match=r"a: a-1-py3-none-any.whl: Requires-Dist: nonsense"):
        index.metadata(page.files[0])
    with pytest.raises(IndexUnavailable, match=r"https://index.example.org/simple/b/: answered 503"):
        index.page("b")


def test_it_remembers_what_was_asked() -> None:
    index = MemoryIndex({"a": {"1": {}}})
    page = index.page("A")
    assert page is not None
    index.metadata(page.files[0])
    index.prefetch(["B.c"])
    index.prefetch_metadata(page.files)
    index.close()
    assert (index.pages_asked, index.metadata_asked) == (["a"], ["a-1-py3-none-any.whl"])
    assert index.prefetched == ["b-c", "a-1-py3-none-any.whl"]


@pytest.mark.parametrize(
    "release", [{"require_dist": []}, {"requires_dist": "a"}, {"files": [{"filename": "x", "sha": ""}]}]
)
def test_a_slip_in_a_scenario_is_found(release: dict[str, object]) -> None:
    with pytest.raises((msgspec.ValidationError, TypeError)):
        MemoryIndex({"a": {"1": release}})
