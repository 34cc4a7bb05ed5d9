"""pyproject.toml → metadata, without anything being run."""

from __future__ import annotations

import pytest

from resolver.indexes import CoreMetadata, InvalidMetadata, NeedsBuild
from resolver.source_trees import static_metadata


def test_all_fields() -> None:
    text = """
    [project]
    name = "My_Tool"
    version = "1.0.0-rc.1"
    requires-python = ">=3.9"
    dependencies = ["a >=1", "b; python_version < '3.12'"]
    dynamic = ["readme"]
    [project.optional-dependencies]
    Fast_IO = ["c", "d[x]<2; sys_platform == 'linux' or os_name == 'nt'", "e @ https://example.org/e.whl"]
    """
    assert static_metadata(text, "here") == CoreMetadata(
        name="my-tool",
        version="1.0.0rc1",
        requires_python=">=3.9",
        requires_dist=(
            "a>=1",
            'b; python_version < "3.12"',
            'c; extra == "fast-io"',
            'd[x]<2; (sys_platform == "linux" or os_name == "nt") and extra == "fast-io"',
            'e @ https://example.org/e.whl ; extra == "fast-io"',
        ),
        provides_extra=("Fast_IO",),
    )


def test_the_least() -> None:
    assert static_metadata('[project]\nname = "a"\nversion = "1"', "here") == CoreMetadata(name="a", version="1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "here has no pyproject.toml"),
        ("[tool.poetry]\nname = 'a'", r"the pyproject.toml of here has no \[project\] table"),
        ("[project]\nname = 'a'\ndynamic = ['version']", "the pyproject.toml of here leaves version to a build"),
        ("[project]\nname = 'a'\nversion = '1'\ndynamic = ['dependencies']", "leaves dependencies to a build"),
        ("[project]\nname = 'a'", "leaves the version to a build"),
    ],
)
def test_what_only_a_build_can_tell(text: str | None, message: str) -> None:
    with pytest.raises(NeedsBuild, match=message):
        static_metadata(text, "here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project", "its pyproject.toml is not TOML"),
        ("[project]\nname = 'a'\nversion = 'one'", "is not as PEP 621 has it: Invalid version: 'one'"),
        ("[project]\nname = 'a'\nversion = '1'\ndependencies = ['b >> 1']", "is not as PEP 621 has it"),
        ("[project]\nname = 'a'\nversion = 1", "is not as PEP 621 has it"),
        ("[project]\nname = 'a'\nversion = '1'\nrequires-python = 'three'", "is not as PEP 621 has it"),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(InvalidMetadata, match=message) as error:
        static_metadata(text, "here")
    assert not isinstance(error.value, NeedsBuild)
