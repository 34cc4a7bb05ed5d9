"""Programs that stand in for docker, podman and buildah: they record how they are called, and do what a test wants."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from resolver.building.lock_file import LockFile

__all__ = ["CONTAINERD", "Registry", "StandIns"]

CONTAINERD = '[["driver-type","io.containerd.snapshotter.v1"]]'
"""What docker says of its image store where that is containerd's."""

_SCRIPT = """\
#!/bin/sh
name="${{0##*/}}"
printf '%s %s\\n' "$name" "$*" >>'{folder}/calls'
case "$1 $2" in
  "info --format") case "$3" in *DriverStatus*) echo '{store}' ;; *) {version} ;; esac ;;
  "version "* | "--version "*) {version} ;;
  "buildx version") {buildx} ;;
  "image inspect") echo sha256:loaded ;;
  "image ls" | "images "*) case "$*" in *json) cat '{folder}/listing' ;; *) cat '{folder}/images' ;; esac ;;
  "manifest inspect") cat '{folder}/manifest' ;;
  "build "* | "bud "*)
    for argument; do
      case "$argument" in --iidfile=*) file="${{argument#--iidfile=}}" ;; esac
      context="$argument"
    done
    cp "$context/Dockerfile" '{folder}/Dockerfile'
    {build}
    printf 'sha256:built' >"$file"
    ;;
  "load "*) ;;
  "tag "*) ;;
  "push "*) {push} ;;
esac
"""


@dataclass(frozen=True, slots=True)
class StandIns:
    """``folder`` is what the ``PATH`` begins with; behind it are the commands that the scripts need."""

    folder: Path

    def add(
        self,
        name: str,
        *,
        version: str = "echo 24.0.7",
        images: str = "",
        build: str = ":",
        push: str = ":",
        store: str = "",
        buildx: str = ":",
        listing: object = (),
        manifest: object = None,
    ) -> Path:
        """Put a program there. ``images`` is what it has, ``listing`` the same as JSON, ``manifest`` any manifest list
        of these, ``store`` what docker says of its image store; the others are shell commands that it runs."""
        (self.folder / "images").write_text(images)
        (self.folder / "listing").write_text(json.dumps(listing))
        (self.folder / "manifest").write_text(json.dumps(manifest))
        program = self.folder / name
        commands = {"version": version, "build": build, "push": push, "store": store, "buildx": buildx}
        program.write_text(_SCRIPT.format(folder=self.folder, **commands))
        program.chmod(0o755)
        return program

    @property
    def environ(self) -> dict[str, str]:
        """The stand-ins alone are on the PATH, and the few commands that they use."""
        tools = self.folder / "tools"
        if not tools.is_dir():
            tools.mkdir()
            for tool in ("cat", "cp", "sleep", "sh", "env", "touch", "seq"):
                (tools / tool).symlink_to(f"/bin/{tool}")
        return {"PATH": f"{self.folder}{os.pathsep}{tools}"}

    def calls(self) -> list[str]:
        """Each call as one line: the program's name and its arguments."""
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@dataclass(slots=True)
class Registry:
    """Stands in for a registry: it has one image, or none, and records what it is asked."""

    digest: str | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def find(self, name: str, *, platforms: Sequence[str], label: str, value: str) -> str | None:
        self.asked.append(("find", name, *platforms, label, value))
        return self.digest

    def tag(self, name: str, digest: str) -> None:
        self.asked.append(("tag", name, digest))

    def combine(self, images: Sequence[tuple[str, str]], *, names: Sequence[str]) -> str:
        self.asked.append(("combine", *itertools.chain(*images), *names))
        return "sha256:index"

    def attach(self, name: str, file: LockFile) -> None:
        self.asked.append(("attach", name, file.name))
