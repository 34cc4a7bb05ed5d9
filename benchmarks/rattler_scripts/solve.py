"""Solve for all platforms of ``request.json`` at once, in one process, and print what was chosen as JSON."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from rattler import Channel, ChannelPriority, GenericVirtualPackage, PackageName, SparseRepoData, Version, solve
from rattler.package import BuildString

__all__: list[str] = []


async def _solve(request: dict[str, Any]) -> list[list[str]]:
    channel, folder = Channel(request["channel"]), Path(request["folder"])
    subdirs = (*request["platforms"], "noarch")
    sources = {subdir: SparseRepoData(channel, subdir, folder / subdir / "repodata.json") for subdir in subdirs}
    answers = await asyncio.gather(
        *(
            solve(
                [sources[subdir], sources["noarch"]],
                request["specs"],
                platforms=[subdir, "noarch"],
                virtual_packages=[
                    GenericVirtualPackage(PackageName(name), Version(version), BuildString(build))
                    for name, version, build in virtual
                ],
                channel_priority=ChannelPriority.Strict,
            )
            for subdir, virtual in request["platforms"].items()
        )
    )
    return [
        [subdir, record.name.normalized, f"{record.version} {record.build}"]
        for subdir, records in zip(request["platforms"], answers, strict=True)
        for record in records
    ]


print(json.dumps(asyncio.run(_solve(json.loads(Path("request.json").read_text(encoding="utf-8"))))), flush=True)
os._exit(0)  # its threads may crash the interpreter while it shuts down
