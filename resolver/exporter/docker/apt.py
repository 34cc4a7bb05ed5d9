"""System packages: Debian's, from the base's own sources or from an archive of snapshots as it was at one instant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from resolver.errors import SettingsError
from resolver.exporter.docker.normal_form import left_by_packages, packages_environment
from resolver.exporter.docker.shell import fail, run
from resolver.model import DockerSection

__all__ = ["apt_steps", "unpinned_apt"]

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.](?:=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?\Z")
_SNAPSHOT = re.compile(r"[0-9]{8}T[0-9]{6}Z\Z")
_ARCHIVE = re.compile(r"(?P<url>https?://[A-Za-z0-9._~:/+%{}\[\]-]+)(?: (?P<suite>[A-Za-z0-9._/{}-]+))?\Z")
_SOURCES = "/tmp/samebox-apt.list"
_EXAMPLE = 'docker.apt-mirror = "https://snapshot.example.org/archive/debian/{date}/"'


def apt_steps(docker: DockerSection, *, image: str, setting: str) -> list[str]:
    """The instructions that install ``docker.apt``. ``image`` is what messages call the base, ``setting`` names it.

    Raises ``SettingsError`` for what is no package, and where it is not said which archive has the snapshot.
    """
    names = sorted(docker.apt)
    for name in names:
        if not _NAME.match(name):
            raise SettingsError(f"not a Debian package: {name!r}", field="docker.apt", hint="write its name")
    lines = [
        "command -v apt-get >/dev/null ||",
        f"  {{ {fail(f'{image} has no apt-get, which docker.apt needs; set {setting} to a Debian or Ubuntu')}; }};",
        "set -- -o APT::Update::Error-Mode=any;",
        *_snapshot_lines(docker, image, setting),
        'apt-get "$@" update;',
        f'{packages_environment()} apt-get "$@" install --yes --no-install-recommends',
        f"  {' '.join(names)};",
        *left_by_packages(),
        f"rm -f {_SOURCES}",
    ]
    pinned = "The snapshot pins" if docker.apt_snapshot else "docker.apt-snapshot would pin"
    return [f"# {pinned} the versions.\n", "# hadolint ignore=DL3008\n", run(lines)]


def unpinned_apt(docker: DockerSection) -> bool:
    """Whether other versions of system packages may be installed tomorrow."""
    return bool(docker.apt) and docker.apt_snapshot is None


def _snapshot_lines(docker: DockerSection, image: str, setting: str) -> list[str]:
    """The snapshot as the only source, in the suite of the base and signed by the keys that the base trusts."""
    if docker.apt_snapshot is None:
        if docker.apt_mirror:
            raise SettingsError(
                "an archive of snapshots needs an instant", field="docker.apt-mirror", hint="set docker.apt-snapshot"
            )
        return []
    archives = [_archive(text, docker.apt_snapshot) for text in docker.apt_mirror]
    if not archives:
        raise SettingsError(
            "it is not said which archive has the snapshot", field="docker.apt-snapshot", hint=f"e.g. {_EXAMPLE}"
        )
    return [
        *(_certificates(image) if any(url.startswith("https:") for url, _ in archives) else ()),
        ". /etc/os-release;",
        'codename="${VERSION_CODENAME:-}"; components=main; signed="";',
        '[ -n "$codename" ] ||',
        f"  {{ {fail(f'{image} does not say which suite of Debian it is; set {setting} to another')}; }};",
        'if [ "${ID:-}" = ubuntu ]; then components="main universe"; fi;',
        'for keyring in "${ID:-}-archive-keyring.pgp" "${ID:-}-archive-keyring.gpg"; do',
        '  if [ -e "/usr/share/keyrings/$keyring" ]; then signed="[signed-by=/usr/share/keyrings/$keyring] "; fi;',
        "done;",
        *_source_lines(archives),
        f'set -- "$@" -o Dir::Etc::SourceList={_SOURCES} -o Dir::Etc::SourceParts=-',
        "  -o Acquire::Check-Valid-Until=false;",  # a snapshot is as old as it is
    ]


def _archive(text: str, snapshot: str) -> tuple[str, str]:
    """URL and suite of an archive at the instant, both fit for a word in double quotes."""
    if not _SNAPSHOT.match(snapshot):
        raise SettingsError(f"not an instant: {snapshot!r}", field="docker.apt-snapshot", hint="e.g. 20260115T000000Z")
    match = _ARCHIVE.match(text)
    if match is None or "{date}" not in match["url"]:
        raise SettingsError(
            f"not the URL of an archive with {{date}} in it: {text!r}",
            field="docker.apt-mirror",
            hint=f"e.g. {_EXAMPLE}",
        )
    url, suite = match["url"].replace("{date}", snapshot), match["suite"] or "{codename}"
    return url.replace("{codename}", "${codename}"), suite.replace("{codename}", "${codename}")


def _certificates(image: str) -> Iterator[str]:
    told = f"{image} has no certificates for https; write docker.apt-mirror with http://, since packages are signed"
    yield "[ -e /etc/ssl/certs/ca-certificates.crt ] ||"
    yield f"  {{ {fail(told)}; }};"


def _source_lines(archives: list[tuple[str, str]]) -> Iterator[str]:
    yield "{"
    for url, suite in archives:
        yield f'  echo "deb ${{signed}}{url} {suite} ${{components}}";'
    yield f"}} >{_SOURCES};"
