"""Where a thin build is told to download from."""

from __future__ import annotations

from pathlib import Path

import pytest

import resolver
from resolver.building.downloads import downloads_of
from resolver.errors import SettingsError

CONDA, PYPI = "https://conda.example.org", "https://pypi.example.org"
INDEX = f"{PYPI}/simple/"
UNSEEN = "which a build does not see; see --strategy vendored"
UNTOLD = "which a build is not told; see --lend-netrc, or --strategy vendored"


@pytest.mark.parametrize(
    ("mirrors", "urls", "arguments", "notes"),
    [
        ((), (INDEX,), {"PIP_INDEX_URL": INDEX}, []),
        ((), ("https://private.example.org/simple/", INDEX), {"PIP_INDEX_URL": INDEX}, []),
        ((), (), {"PIP_INDEX_URL": "https://default.example.org/simple/"}, []),
        (
            ((CONDA, "http://127.0.0.1:80/conda"), (PYPI, "http://127.0.0.1:80/pypi/")),
            (INDEX,),
            {
                "PIP_INDEX_URL": "http://127.0.0.1:80/pypi/simple/",
                "SAMEBOX_MIRRORS": f"{CONDA}=http://127.0.0.1:80/conda {PYPI}=http://127.0.0.1:80/pypi",
            },
            [],
        ),
        (
            ((CONDA, "/srv/conda"), (PYPI, "http://127.0.0.1:80/pypi")),
            (INDEX,),
            {
                "PIP_INDEX_URL": "http://127.0.0.1:80/pypi/simple/",
                "SAMEBOX_MIRRORS": f"{PYPI}=http://127.0.0.1:80/pypi",
            },
            [f"the mirror /srv/conda is a folder, {UNSEEN}"],
        ),
        (
            ((CONDA, "https://me:${TOKEN}@m.example.org/conda"), (PYPI, "/srv/pypi")),
            (INDEX,),
            {},
            [
                f"https://m.example.org/conda is asked with credentials, {UNTOLD}",
                f"the mirror /srv/pypi is a folder, {UNSEEN}",
            ],
        ),
        ((), ("file:///srv/simple/",), {}, [f"the index /srv/simple is a folder, {UNSEEN}"]),
        (
            (),
            ("https://${USER}:${TOKEN}@private.example.org/simple/",),
            {},
            [f"https://private.example.org/simple/ is asked with credentials, {UNTOLD}"],
        ),
    ],
)
def test_downloads(
    tmp_path: Path,
    mirrors: tuple[tuple[str, str], ...],
    urls: tuple[str, ...],
    arguments: dict[str, str],
    notes: list[str],
) -> None:
    environ = {"PIP_INDEX_URL": "https://me:secret@default.example.org/simple/"}
    with resolver.Session(cache=tmp_path, environ=environ, mirrors=mirrors) as session:
        found = downloads_of(session, urls)
    assert dict(found.arguments) == arguments
    assert list(found.notes) == notes


def test_with_a_netrc_file_urls_need_no_credentials(tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    environ = {"HOME": str(tmp_path)}
    with resolver.Session(
        cache=tmp_path, environ=environ, mirrors=((CONDA, "https://a:${B}@m.example.org"),)
    ) as session:
        with pytest.raises(SettingsError, match=r"docker\.lend-netrc: there is no netrc file at .*/\.netrc"):
            downloads_of(session, (INDEX,), lend_netrc=True)
        netrc.write_text("machine m.example.org login a password b")
        found = downloads_of(session, ("https://a:${B}@i.example.org/simple/",), lend_netrc=True)
    assert found.netrc == netrc
    assert found.notes == ()
    assert dict(found.arguments) == {
        "PIP_INDEX_URL": "https://i.example.org/simple/",
        "SAMEBOX_MIRRORS": f"{CONDA}=https://m.example.org",
    }
