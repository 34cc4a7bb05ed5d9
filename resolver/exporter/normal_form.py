"""What would differ from one build to the next, besides the times that the builder sets itself, and what is done.

- The environment: ``prefix.slice_installer`` writes no bytecode, cache paths or logs, and sets modes and times.
- The user: lines appended to /etc/passwd and /etc/group (``shell.create_user``), since ``useradd`` writes the day into
  /etc/shadow.
- The application's files: ``COPY`` keeps the modes that they have in the context, and a context that was checked out or
  unpacked under another umask has others than the one that was written: ``copied_files``.
"""

from __future__ import annotations

from collections.abc import Iterable

from resolver.exporter.shell import run

__all__ = ["copied_files"]


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
