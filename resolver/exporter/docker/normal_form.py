"""What would differ from one build to the next, besides the times that the builder sets itself, and what is done.

- The environment: ``prefix.slice_installer`` writes no bytecode, cache paths or logs, and sets modes and times.
- The user: lines appended to /etc/passwd and /etc/group (``shell.create_user``), since ``useradd`` writes the day into
  /etc/shadow.
- The report of a check: ``check_packages`` sets its mode and time.
- The application's files: ``COPY`` keeps the modes that they have in the context, and a context that was checked out or
  unpacked under another umask has others than the one that was written: ``copied_files``.
- Debian's packages: what their scripts leave besides their files: ``packages_environment``, ``left_by_packages``.
"""

from __future__ import annotations

from collections.abc import Iterable

from resolver.exporter.docker.shell import run

__all__ = ["copied_files", "left_by_packages", "packages_environment"]

_EPOCH = 315_532_800  # 1980-01-01, in seconds

_LEFT_BY_PACKAGES = (
    # what the archives had, and apt's tables of it
    "rm -rf /var/lib/apt/lists/*;",
    "find /var/cache/apt -type f -delete;",
    # logs say when
    "find /var/log -type f -delete;",
    # ldconfig notes inodes and times, fontconfig the times of folders; both do without
    "rm -rf /var/cache/ldconfig/aux-cache /var/cache/fontconfig/*;",
    # files as they were before the last change
    "rm -f /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-;",
    # drawn at random, for one machine: keys that all containers of an image would share, and an id
    "rm -f /etc/ssh/ssh_host_*_key* /var/lib/dbus/machine-id;",
    "[ ! -e /etc/machine-id ] || : >/etc/machine-id;",
)


def copied_files(base: str, stage: str, folders: Iterable[str], place: str) -> list[str]:
    """A stage with ``folders`` of the context below ``place``: root's, readable by all, and executable by all if they
    are for their owner."""
    return [
        f"FROM {base} AS {stage}\n",
        "# This stage is not shipped, so it may be root.\n",
        "# hadolint ignore=DL3002\n",
        "USER 0\n",
        *(f"COPY {folder} {place}/{folder}\n" for folder in folders),
        run([f"chmod -R u=rwX,go=rX {place}"]),
        "\n",
    ]


def packages_environment() -> str:
    """What stands before ``apt-get install``. By the variable tools that add users write that day into /etc/shadow,
    and Python compiles modules for their content and not for their time, which the builder sets."""
    return f"DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH={_EPOCH}"


def left_by_packages() -> list[str]:
    """The lines that remove it, in the step that has installed them."""
    return list(_LEFT_BY_PACKAGES)
