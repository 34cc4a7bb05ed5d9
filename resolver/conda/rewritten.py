"""Records written out once more as repodata: some of those that the channels have, and no others.

py-rattler solves over channels or over repodata in files. Its way to take records from Python objects crashes the
interpreter at exit in a third of short processes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from rattler import Channel, RepoDataRecord, SparseRepoData

from resolver.conda.channels import Channels
from resolver.conda.problems import CondaProblem

__all__ = ["rewritten"]


def rewritten(channels: Channels, problem: CondaProblem, records: Sequence[RepoDataRecord]) -> list[SparseRepoData]:
    """The records as sources, in the problem's order of channels. Their URLs are canonical, and those that a channel's
    ``base_url`` would give are not kept."""
    by_place: dict[tuple[str, str], list[RepoDataRecord]] = {}
    for record in records:
        by_place.setdefault((channels.canonical_channel(record), record.subdir), []).append(record)
    import tempfile  # it brings a lot, and most solves have nothing to rewrite

    sources: list[SparseRepoData] = []
    with tempfile.TemporaryDirectory(prefix="samebox-") as folder:
        for number, channel in enumerate(problem.channels):
            for subdir in problem.subdirs:
                path = Path(folder) / f"{number}-{subdir}.json"
                path.write_text(_repodata(subdir, by_place.get((channel, subdir), ())), encoding="utf-8")
                sources.append(SparseRepoData(Channel(channel), subdir, path))
        # the files are mapped into memory: they may be unlinked while the values live
    return sources


def _repodata(subdir: str, records: Iterable[RepoDataRecord]) -> str:
    """The text of a repodata.json. py-rattler gives each record as JSON already, which need not be read again."""
    rows: dict[str, dict[str, str]] = {"packages": {}, "packages.conda": {}}
    for record in records:
        kind = "packages.conda" if record.file_name.endswith(".conda") else "packages"
        rows[kind][record.file_name] = record.to_json()
    tables = ",".join(
        f'"{kind}":{{{",".join(f"{json.dumps(name)}:{row}" for name, row in table.items())}}}'
        for kind, table in rows.items()
    )
    return f'{{"info":{json.dumps({"subdir": subdir})},{tables}}}'
