"""Names of images. The expectations are what docker's own parser gives (distribution/reference, ``reference_test.go``
and ``normalize_test.go``)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.errors import ResolverError
from resolver.registry import Reference

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("debian", "docker.io/library/debian"),
        ("debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"),
        ("docker/docker", "docker.io/docker/docker"),
        ("library/debian", "docker.io/library/debian"),
        ("docker.io/debian", "docker.io/library/debian"),
        ("docker.io/library/debian", "docker.io/library/debian"),
        ("index.docker.io/library/debian", "docker.io/library/debian"),
        ("index.docker.io/debian", "docker.io/library/debian"),
        ("127.0.0.1:5000/docker/docker", "127.0.0.1:5000/docker/docker"),
        ("127.0.0.1:5000/library/debian", "127.0.0.1:5000/library/debian"),
        ("localhost/app", "localhost/app"),
        ("localhost:8000/app:2", "localhost:8000/app:2"),
        ("Registry/app", "Registry/app"),
        ("registry/app", "docker.io/registry/app"),
        ("foo.example.org/bar", "foo.example.org/bar"),
        ("FOO.example.org:443/bar:A_b.C-1", "FOO.example.org:443/bar:A_b.C-1"),
        ("[2001:db8::1]:5000/repo", "[2001:db8::1]:5000/repo"),
        ("xn--n3h.example.org/xn--n3h.example.org", "xn--n3h.example.org/xn--n3h.example.org"),
        ("foo_bar.com:8080", "docker.io/library/foo_bar.com:8080"),
        ("foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com:8080"),
        ("foo__bar/a---b.c", "docker.io/foo__bar/a---b.c"),
        (f"debian@{DIGEST}", f"docker.io/library/debian@{DIGEST}"),
        (f"ghcr.example.org/a/b/c:1.0@{DIGEST}", f"ghcr.example.org/a/b/c:1.0@{DIGEST}"),
    ],
)
def test_a_name_is_read_as_docker_does(text: str, full: str) -> None:
    reference = Reference.parse(text)
    assert str(reference) == full
    assert Reference.parse(full) == reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a repository"),
        ("Debian", "the repository must be lower case"),
        ("docker/Docker", "the repository must be lower case"),
        ("-foo", "not a repository"),
        ("foo//bar", "not a repository"),
        ("foo.", "not a repository"),
        ("foo___bar", "not a repository"),
        ("foo/bar/", "not a repository"),
        ("localhost/", "not a repository"),
        ("../etc", "not the host of a registry"),
        ("a/../b", "not a repository"),
        ("foo bar", "not a repository"),
        ("foo\n", "not a repository"),
        ("foo:", "not a tag"),
        ("foo:-1", "not a tag"),
        ("foo:" + "a" * 129, "not a tag"),
        ("foo:ä", "not a tag"),
        ("foo@", "not a digest"),
        ("foo@sha256:1234", "not a digest"),
        (f"foo@sha256:{HEX.upper()}", "not a digest"),
        (f"foo@sha512:{HEX}{HEX}", "not a digest"),
        (HEX, "64 hex digits are no name"),
        ("host.example.org:0/foo", "no such port"),
        ("host.example.org:65536/foo", "no such port"),
        ("host.example.org:99999999999999999999/foo", "no such port"),
        ("host..example.org/foo", "not the host of a registry"),
        ("host.example.org?x/foo", "not the host of a registry"),
        ("https://host.example.org/foo", "has no scheme"),
        ("docker://debian", "has no scheme"),
        ("a" * 256, "at most 255 characters"),
    ],
)
def test_what_is_no_name_is_refused(text: str, message: str) -> None:
    with pytest.raises(ResolverError) as caught:
        Reference.parse(text)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_value_that_cannot_be_is_not_made_by_other_ways() -> None:
    with pytest.raises(ResolverError, match="not a repository"):
        Reference(registry="docker.io", repository="a/../b")
    with pytest.raises(ResolverError, match="not a digest"):
        Reference.parse("debian").at("latest")
    with pytest.raises(ResolverError, match="not a tag"):
        Reference.parse("debian").tagged("a b")


def test_a_password_in_a_name_is_not_quoted() -> None:
    for text in ("https://user:hunter2@host.example.org/app", "user:hunter2@host.example.org/app"):
        with pytest.raises(ResolverError) as caught:
            Reference.parse(text)
        assert "hunter2" not in caught.value.message


def test_the_digest_wins_over_the_tag_and_latest_is_the_default() -> None:
    assert Reference.parse("debian").target == "latest"
    assert Reference.parse("debian:12").target == "12"
    assert Reference.parse(f"debian:12@{DIGEST}").target == DIGEST
    assert str(Reference.parse("debian:12").at(DIGEST)) == f"docker.io/library/debian@{DIGEST}"
    assert str(Reference.parse(f"debian@{DIGEST}").tagged("13")) == "docker.io/library/debian:13"


_PART = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}", fullmatch=True)
_HOST = st.from_regex(r"[a-z0-9]{1,8}\.[a-z0-9]{1,8}(:[1-9][0-9]{0,3})?|localhost(:[1-9][0-9]{0,3})?", fullmatch=True)
_TAG = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}\Z")


@given(_HOST, st.lists(_PART, min_size=1, max_size=4), st.none() | _TAG, st.booleans())
def test_what_is_put_together_comes_apart_again(host: str, parts: list[str], tag: str | None, pinned: bool) -> None:
    path = "/".join(parts)
    text = f"{host}/{path}" + (f":{tag}" if tag else "") + (f"@{DIGEST}" if pinned else "")
    reference = Reference.parse(text)
    assert (reference.registry, reference.repository, reference.tag) == (host, path, tag)
    assert reference.digest == (DIGEST if pinned else None)
    assert str(reference) == text


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except ResolverError:
        return
    assert Reference.parse(str(reference)) == reference
