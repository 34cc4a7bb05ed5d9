"""Programs that stand in for docker, podman and buildah: they record how they are called, and do what a test wants."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["StandIns"]

_SCRIPT = """\
#!/bin/sh
name="${{0##*/}}"
printf '%s %s\\n' "$name" "$*" >>'{folder}/calls'
case "$1" in
  version | info | --version) {version} ;;
  image | images) cat '{folder}/images' ;;
  build | bud)
    for argument; do
      case "$argument" in --iidfile=*) file="${{argument#--iidfile=}}" ;; esac
      context="$argument"
    done
    cp "$context/Dockerfile" '{folder}/Dockerfile'
    {build}
    printf 'sha256:built' >"$file"
    ;;
  tag) ;;
  push) {push} ;;
esac
"""


@dataclass(frozen=True, slots=True)
class StandIns:
    """``folder`` is what the ``PATH`` begins with; behind it are the commands that the scripts need."""

    folder: Path

    def add(
        self, name: str, *, version: str = "echo 24.0.7", images: str = "", build: str = ":", push: str = ":"
    ) -> Path:
        """Put a program there. ``images`` is what it has; the others are shell commands that it runs."""
        (self.folder / "images").write_text(images)
        program = self.folder / name
        program.write_text(_SCRIPT.format(folder=self.folder, version=version, build=build, push=push))
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
