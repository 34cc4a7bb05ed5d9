"""``git+…`` URLs."""

from __future__ import annotations

import pytest

from resolver.errors import ResolverError
from resolver.source_trees import GitReference, parse_git_url

_C = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "url", "revision", "subdirectory"),
    [
        ("git+https://git.example.org/a/b.git", "git+https://git.example.org/a/b.git", None, None),
        ("git+https://git.example.org/a/b@main", "git+https://git.example.org/a/b", "main", None),
        ("git+https://git.example.org/a/b@feature/x", "git+https://git.example.org/a/b", "feature/x", None),
        (
            "git+https://git.example.org/a@v1.0#subdirectory=python/x",
            "git+https://git.example.org/a",
            "v1.0",
            "python/x",
        ),
        ("git+https://git.example.org/a#egg=a&subdirectory=./x/", "git+https://git.example.org/a", None, "x"),
        ("git+https://git.example.org/a#subdirectory=.", "git+https://git.example.org/a", None, None),
        ("git+https://${USER}:${TOKEN}@git.example.org/a@v1", "git+https://git.example.org/a", "v1", None),
        ("git+https://${TOKEN}@git.example.org/a", "git+https://git.example.org/a", None, None),
        ("git+ssh://git@git.example.org/a@v1", "git+ssh://git@git.example.org/a", "v1", None),
        ("git+file:///srv/a.git@main", "git+file:///srv/a.git", "main", None),
    ],
)
def test_parts(text: str, url: str, revision: str | None, subdirectory: str | None) -> None:
    reference = parse_git_url(text)
    assert (reference.url, reference.revision, reference.subdirectory) == (url, revision, subdirectory)


def test_the_url_at_a_commit() -> None:
    reference = parse_git_url("git+https://${TOKEN}@git.example.org/a@main#subdirectory=python dir")
    assert reference.at(_C) == f"git+https://git.example.org/a@{_C}#subdirectory=python%20dir"
    assert parse_git_url(reference.at(_C)) == GitReference(
        location="https://git.example.org/a", revision=_C, subdirectory="python dir"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("git+https://git.example.org/a@--upload-pack=touch", r"not a branch, tag or commit: '--upload-pack=touch'"),
        ("git+https://git.example.org/a@a..b", r"not a branch, tag or commit: 'a\.\.b'"),
        ("git+https://git.example.org/a@m*n", r"not a branch, tag or commit: 'm\*n'"),
        ("git+https://git.example.org/a#subdirectory=../x", r"not a folder inside the repository: '\.\./x'"),
        ("git+https://git.example.org/a#subdirectory=/etc", r"not a folder inside the repository: '/etc'"),
    ],
)
def test_what_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(ResolverError, match=message):
        parse_git_url(text)
