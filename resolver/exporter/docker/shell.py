"""The shell scripts of a Dockerfile's ``RUN`` instructions, as lines of POSIX sh without here-documents.

They need nothing but ``sh`` and the commands of any distribution (``getconf`` or ``ldd``, ``mkdir``, ``chown``): the
final image may have no Python. Every check that fails says what is wrong with the image and which setting mends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from resolver.errors import BuildError
from resolver.exporter.architectures import ARCHITECTURES, image_platform
from resolver.exporter.quoting import ImageUser

__all__ = [
    "choose_installer",
    "choose_platform",
    "create_user",
    "fail",
    "glibc_needs",
    "require_glibc",
    "require_machine",
    "run",
]

_ARCHITECTURE = "${TARGETARCH:-$(uname -m)}"
_GLIBC = re.compile(r"[0-9]+\.[0-9]+")


def run(lines: Iterable[str], *, mounts: Sequence[str] = ()) -> str:
    """One ``RUN`` that stops at the first command that fails. ``mounts`` are values of its option ``--mount``."""
    return "RUN " + " \\\n    ".join((*(f"--mount={mount}" for mount in mounts), "set -eu;", *lines)) + "\n"


def fail(message: str) -> str:
    """Say ``message`` on stderr and end the build; ``$NAME`` in it is replaced by the shell."""
    return f'echo "samebox: {message}" >&2; exit 1'


def choose_platform(assignments: Sequence[tuple[str, str]]) -> list[str]:
    """For each (platform, ``name=value``): set it where the image is built for that platform.

    The builder says so in ``TARGETARCH``; Docker's old builder leaves it empty, and the machine is asked.
    """
    have = " ".join(platform for platform, _ in assignments)
    cases = [
        f"  {'|'.join(dict.fromkeys(ARCHITECTURES[platform]))}) {assignment} ;;" for platform, assignment in assignments
    ]
    other = fail(f"the lock has no platform for {_ARCHITECTURE}; it has: {have}")
    return [f'case "{_ARCHITECTURE}" in', *cases, f"  *) {other} ;;", "esac;"]


def choose_installer(platforms: Sequence[str]) -> list[str]:
    """Set ``installer`` to the platform, one of these, on whose machine the step runs."""
    cases = [f"  {ARCHITECTURES[platform][1]}) installer={platform} ;;" for platform in platforms]
    offered = " or ".join(image_platform(platform) for platform in platforms)
    other = fail(f"this context has no installer for $(uname -m); let BUILDPLATFORM be {offered}")
    return ['case "$(uname -m)" in', *cases, f"  *) {other} ;;", "esac;"]


def require_machine(platforms: Sequence[str], *, image: str) -> list[str]:
    """Refuse an image that is for another machine than the one that is built for."""
    chosen = choose_platform([(platform, f"machine={ARCHITECTURES[platform][1]}") for platform in platforms])
    other = fail(f"{image} is for $(uname -m) here, and the image for $machine; give the builder its --platform")
    return [*chosen, f'[ "$(uname -m)" = "$machine" ] || {{ {other}; }}']


def glibc_needs(versions: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """For each (platform, version): the assignment of ``need``, as ``require_glibc`` wants it; empty where no
    platform needs any. Where one needs none and another does, any glibc will do for it."""
    unreadable = sorted({version for _, version in versions if version and not _GLIBC.fullmatch(version)})
    if unreadable:
        raise BuildError(f"not versions of glibc: {', '.join(unreadable)}")
    if not any(version for _, version in versions):
        return []
    return [(platform, f"need={version or '0.0'}") for platform, version in versions]


def require_glibc(*, image: str, setting: str) -> list[str]:
    """Refuse an image whose glibc is older than ``$need`` (MAJOR.MINOR), or that has musl instead.

    ``image`` names the image, ``setting`` is what the user must change.
    """
    return [
        'libc="$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 || true)";',
        'libc="$(printf \'%s\' "${libc%%Copyright*}")";',
        'have="${libc##* }"; minor="${have#*.}"; minor="${minor%%[!0-9]*}";',
        'case "$have" in',
        "  [0-9]*.[0-9]*) ;;",
        f"  *) {fail(f'{image} has no glibc (found: $libc); set {setting} to a glibc-based image')} ;;",
        "esac;",
        'if [ "${have%%.*}" -lt "${need%%.*}" ] ||',
        '  { [ "${have%%.*}" -eq "${need%%.*}" ] && [ "$minor" -lt "${need#*.}" ]; }; then',
        f"  {fail(f'{image} has glibc $have, but $need or later is needed; set {setting} to a newer image')};",
        "fi",
    ]


def create_user(user: ImageUser, workdir: str | None) -> list[str]:
    """Add the user and its folders without ``useradd``, which not every image has and which writes today's date."""
    home = f"/home/{user.name}"
    group = "" if user.gid == 0 else f"; echo '{user.name}:x:{user.gid}:' >>/etc/group"
    folders = [
        f"[ -d {folder} ] || {{ mkdir -p {folder}; chown {user.uid}:{user.gid} {folder}; }}"
        for folder in dict.fromkeys((home, workdir or home))
    ]
    return [
        'known="";',
        "while IFS=: read -r name _ uid _; do",
        f'  if [ "$name" = {user.name} ]; then known="$uid"; fi;',
        "done </etc/passwd;",
        'case "$known" in',
        f"  \"\") echo '{user.name}:x:{user.uid}:{user.gid}::{home}:/bin/sh' >>/etc/passwd{group} ;;",
        f"  {user.uid}) ;;",
        f"  *) {fail(f'the base image has a user {user.name} with the uid $known; set docker.user to another')} ;;",
        "esac;",
        *(f"{folder};" for folder in folders[:-1]),
        folders[-1],
    ]
