"""Selectors behind dependencies."""

from __future__ import annotations

import re

import pytest

from resolver.manifests.selectors import MalformedSelector, selected_platforms, selector_in

LINUX = ("linux-64", "linux-aarch64", "linux-ppc64le")
OSX = ("osx-64", "osx-arm64")
WIN = ("win-64", "win-arm64")


@pytest.mark.parametrize(
    ("selector", "platforms"),
    [
        ("linux", LINUX),
        ("osx", OSX),
        ("win", WIN),
        ("unix", LINUX + OSX),
        ("linux64", ("linux-64",)),
        ("osx64", ("osx-64",)),
        ("win64", ("win-64",)),
        ("aarch64", ("linux-aarch64",)),
        ("ppc64le", ("linux-ppc64le",)),
        ("arm64", ("osx-arm64", "win-arm64")),
        ("x86_64", ("linux-64", "osx-64", "win-64")),
        ("osx-arm64", ("osx-arm64",)),
        ("not win", LINUX + OSX),
        ("osx and arm64", ("osx-arm64",)),
        ("osx or win", OSX + WIN),
        ("win or osx", OSX + WIN),
        ("linux and not aarch64", ("linux-64", "linux-ppc64le")),
        ("not (osx or win)", LINUX),
        ("win or linux and x86_64", ("linux-64", *WIN)),
        ("linux and win", ()),
        ("not not osx", OSX),
    ],
)
def test_a_selector_chooses_subdirs(selector: str, platforms: tuple[str, ...]) -> None:
    assert selected_platforms(selector) == platforms


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("", "a word is missing at the end"),
        ("linux and", "a word is missing at the end"),
        ("linux osx", "'osx' is out of place"),
        ("(linux", "a closing parenthesis is missing"),
        ("linux)", "')' is out of place"),
        ("linx", "unknown word 'linx'; did you mean linux"),
        ("py<38", "unknown word 'py'"),
        ("not " * 3000 + "win", "nested too deeply"),
    ],
)
def test_a_bad_selector_is_refused(selector: str, message: str) -> None:
    with pytest.raises(MalformedSelector, match=re.escape(message)):
        selected_platforms(selector)


@pytest.mark.parametrize(
    ("comment", "selector"),
    [
        ("  # [linux]", "linux"),
        ("#[ osx and arm64 ]  needed there", "osx and arm64"),
        ("  # a remark [linux]", None),
        ("  # a remark", None),
        ("", None),
    ],
)
def test_only_a_comment_that_begins_with_a_bracket_is_a_selector(comment: str, selector: str | None) -> None:
    assert selector_in(comment) == selector
