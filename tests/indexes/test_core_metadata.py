from __future__ import annotations

import pytest

from resolver.indexes import CoreMetadata, InvalidMetadata
from resolver.indexes.core_metadata import parse_core_metadata
from tests.indexes.wheels import metadata_text

WHEEL = "Demo_Thing-1.0-py3-none-any.whl"


def test_everything_a_solver_needs() -> None:
    content = metadata_text(
        "demo.thing",
        "1.0.0",
        "Requires-Python: >=3.8",
        "Requires-Dist: a>=1",
        "Requires-Dist: b[x] (<2)",
        "Requires-Dist: c; extra == 'Fast'",
        "Provides-Extra: Fast",
        "Description: folded",
        "        Requires-Dist: not-one",
    )
    for text in (content, content.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + content):
        assert parse_core_metadata(text, filename=WHEEL) == CoreMetadata(
            name="demo-thing",
            version="1.0.0",
            requires_python=">=3.8",
            requires_dist=("a>=1", "b[x] (<2)", "c; extra == 'Fast'"),
            provides_extra=("Fast",),
        )


def test_a_folded_requirement_is_one_line() -> None:
    content = metadata_text("demo-thing", "1.0", 'Requires-Dist: a>=1;\n  python_version < "3.9"')
    metadata = parse_core_metadata(content, filename=WHEEL)
    assert metadata.requires_dist == ('a>=1; python_version < "3.9"',)


def test_an_author_in_latin_1_is_no_obstacle() -> None:
    content = metadata_text("demo-thing", "1.0", "Requires-Dist: a").replace(
        b"Version: 1.0", b"Version: 1.0\nAuthor: \xe9"
    )
    assert parse_core_metadata(content, filename=WHEEL).requires_dist == ("a",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            metadata_text("demo-thing", "1.0", "Requires-Dist: a >> 1"),
            f"{WHEEL} has an invalid Requires-Dist: 'a >> 1'",
        ),
        (metadata_text("demo-thing", "1.0", "Requires-Python: >=3.6.*"), f"{WHEEL} has an invalid Requires-Python"),
        (metadata_text("other", "1.0"), f"the METADATA of {WHEEL} is of another project, other"),
        (metadata_text("demo-thing", "1.1"), f"the METADATA of {WHEEL} is of another version, 1.1"),
        (metadata_text("demo-thing", "2004d-x!"), f"{WHEEL} has the version '2004d-x!': not PEP 440"),
        (b"", f"the METADATA of {WHEEL} lacks a name or a version"),
        (b"<html>", f"the METADATA of {WHEEL} lacks a name or a version"),
    ],
)
def test_what_cannot_be_used_names_project_and_file(content: bytes, message: str) -> None:
    with pytest.raises(InvalidMetadata) as caught:
        parse_core_metadata(content, filename=WHEEL)
    assert caught.value.message.startswith(f"demo-thing: {message}")


def test_a_name_that_is_no_wheel_is_told() -> None:
    with pytest.raises(InvalidMetadata, match=r"demo\.whl: not a wheel by its name"):
        parse_core_metadata(metadata_text("demo", "1.0"), filename="demo.whl")
