from __future__ import annotations

from pathlib import Path

import pytest

from resolver.errors import SettingsError
from resolver.mirrors import Mirrors


def test_a_url_without_a_rule_stays_as_it_is() -> None:
    assert Mirrors().locate("https://a.example.org/x/") == "https://a.example.org/x/"


def test_the_longest_prefix_wins_whatever_the_order() -> None:
    rules = (("https://a.example.org", "/short"), ("https://a.example.org/simple/", "/long"))
    for mirrors in (Mirrors(rules), Mirrors(rules[::-1])):
        assert mirrors.locate("https://a.example.org/simple/x/") == Path("/long/x")
        assert mirrors.locate("https://a.example.org/other") == Path("/short/other")


def test_a_prefix_ends_at_a_path_boundary() -> None:
    mirrors = Mirrors((("https://a.example.org/simple", "http://m.example.org/s/"),))
    assert mirrors.locate("https://a.example.org/simpler/x") == "https://a.example.org/simpler/x"
    assert mirrors.locate("https://a.example.org/simple") == "http://m.example.org/s"
    assert mirrors.locate("https://a.example.org/simple/x/") == "http://m.example.org/s/x/"


def test_a_file_url_is_a_path_and_percent_signs_are_undone() -> None:
    assert Mirrors().locate("file:///with%20space/x.whl") == Path("/with space/x.whl")
    assert Mirrors((("https://a.example.org", "/m"),)).locate("https://a.example.org/x%2B1.whl#frag") == Path(
        "/m/x+1.whl"
    )


@pytest.mark.parametrize("place", ["/m", "file:///m", "http://m.example.org/m"])
def test_canonical_undoes_locate(place: str) -> None:
    mirrors = Mirrors((("https://a.example.org/simple", place),))
    there = "http://m.example.org/m/x/y.whl" if place.startswith("http") else "file:///m/x/y.whl"
    assert mirrors.canonical(there) == "https://a.example.org/simple/x/y.whl"
    assert mirrors.canonical("https://elsewhere.example.org/y.whl") == "https://elsewhere.example.org/y.whl"


def test_the_credentials_of_a_place_do_not_hide_it() -> None:
    mirrors = Mirrors((("https://a.example.org", "https://${U}:${T}@m.example.org/m"),))
    assert mirrors.locate("https://a.example.org/x") == "https://${U}:${T}@m.example.org/m/x"
    assert mirrors.canonical("https://m.example.org/m/x") == "https://a.example.org/x"


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "x/..%2f..%2fsecret"])
def test_a_url_cannot_lead_out_of_the_folder(path: str) -> None:
    with pytest.raises(SettingsError, match="leads out of its mirror /m"):
        Mirrors((("https://a.example.org", "/m"),)).locate(f"https://a.example.org/{path}")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ((("a.example.org", "/m"),), "not a URL: 'a.example.org'"),
        ((("https://a.example.org", "m"),), "'m' is not an absolute path"),
        ((("https://a.example.org", "ftp://m.example.org"),), "not 'ftp://m.example.org'"),
        ((("https://a.example.org", "/m"), ("https://a.example.org/", "/n")), "has two places"),
        ((("https://a.example.org", "file://other/m"),), "a file URL of another machine"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rules: tuple[tuple[str, str], ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Mirrors(rules)
