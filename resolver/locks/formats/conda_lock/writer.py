"""``Lock`` → ``conda-lock.yml``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec

from resolver.conda.urls import CHANNEL_ALIAS, canonical_channel_url, expand_defaults
from resolver.locks.dependencies import merged
from resolver.locks.evidence import evidence_to_strings
from resolver.locks.formats.conda_lock.places import build_in, kind_of
from resolver.locks.formats.conda_lock.schema import NAME, VERSION, GitMetadata, InputMetadata, TimeMetadata
from resolver.locks.formats.protocol import Fitted, Loss
from resolver.locks.formats.yaml_writer import mapping, quoted, scalar, sequence, single_quoted
from resolver.model import MAIN, Lock, LockedPackage
from resolver.source_trees.git_url import parse_git_url

__all__ = ["fit", "write"]

_HEADER = """\
# This file is a lock: the exact packages of an environment, for each platform, with their hashes.
# `samebox lock` rewrites it from its sources, `samebox check` says whether it still satisfies them.
# conda-lock and micromamba can install from it.
"""

_CHANNEL_NAME = re.compile(r"(?!t/)[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*\Z", re.ASCII)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def fit(lock: Lock) -> Fitted:
    """A conda row needs an md5, every row names one file, and the row of a repository or folder must not read as
    something else."""
    losses: list[Loss] = []
    kept = lock
    for message, is_lost in _LOST:
        lost = {package.name for locked in kept.platforms for package in locked.packages if is_lost(package)}
        if not lost:
            continue
        losses.append(Loss(message=message, packages=tuple(sorted(lost))))
        kept = replace(
            kept,
            platforms=tuple(
                replace(locked, packages=tuple(p for p in locked.packages if not is_lost(p)))
                for locked in kept.platforms
            ),
        )
    return Fitted(lock=_without_sizes(kept), losses=tuple(losses))


def _has_no_md5(package: LockedPackage) -> bool:
    return package.kind == "conda" and package.md5 is None


def _is_undecided(package: LockedPackage) -> bool:
    return bool(package.candidates)


def _has_no_place(package: LockedPackage) -> bool:
    """Whether its url would be read as something else, or is missing."""
    return not package.url or (
        package.kind in ("vcs", "directory") and kind_of(package.url, from_index=True) != package.kind
    )


_LOST: tuple[tuple[str, Callable[[LockedPackage], bool]], ...] = (
    ("conda packages without an md5", _has_no_md5),
    ("packages that are not one file yet", _is_undecided),
    (
        "sources that are no git+https://… URL, no file: URL of a folder that ends in /, and no file with a URL",
        _has_no_place,
    ),
)


def _without_sizes(lock: Lock) -> Lock:
    """A size is no loss: whoever installs by the sha256 does not miss it."""
    if not any(package.size for locked in lock.platforms for package in locked.packages):
        return lock
    return replace(
        lock,
        platforms=tuple(
            replace(locked, packages=tuple(replace(p, size=None) if p.size else p for p in locked.packages))
            for locked in lock.platforms
        ),
    )


def write(lock: Lock) -> str:
    """The text of a ``conda-lock.yml``."""
    lines = [_HEADER, f"version: {VERSION}\n", "metadata:\n", *_metadata(lock), "package:"]
    rows = sorted(_rows(lock), key=lambda pair: pair[0])
    if not rows:
        return "".join(lines) + " []\n"
    return "".join(lines) + "\n" + "".join(text for _, text in rows)


def _metadata(lock: Lock) -> Iterator[str]:
    yield from mapping("content_hash", sorted(lock.content_hash), indent=2)
    yield "  channels:\n" if lock.channels else "  channels: []\n"
    for channel in map(_channel_name, lock.channels):
        yield f"  - url: {scalar(channel)}\n    used_env_vars: {json.dumps(_variables_in(channel))}\n"
    yield from sequence("platforms", [p.platform for p in lock.platforms], indent=2)
    yield from sequence("sources", lock.sources, indent=2)
    yield from _about_the_file(dict(lock.metadata))
    custom = _custom(lock)
    if custom:
        yield "  custom_metadata:\n"
        yield from (f"    {scalar(name)}: {single_quoted(value)}\n" for name, value in sorted(custom.items()))


def _channel_name(url: str) -> str:
    """The name of a channel of the default server. conda-lock compares channels by their spelling, and manifests name
    them so."""
    name = url.removeprefix(f"{CHANNEL_ALIAS}/")
    is_plain = name != url and _CHANNEL_NAME.match(name) and canonical_channel_url(name) == url
    return name if is_plain and expand_defaults([name]) == (url,) else url


def _variables_in(channel: str) -> list[str]:
    """The names of the variables in a channel, ``$NAME`` or ``${NAME}``, sorted as conda-lock has them."""
    return sorted({braced or bare for braced, bare in _VARIABLE.findall(channel)})


def _about_the_file(metadata: dict[str, str]) -> Iterator[str]:
    """The sections that say when, by whom and from what the file was made, each where there is something to say."""
    if "time_metadata" in metadata:
        yield from _section("time_metadata", msgspec.json.decode(metadata["time_metadata"], type=TimeMetadata))
    if "git_metadata" in metadata:
        yield from _section("git_metadata", msgspec.json.decode(metadata["git_metadata"], type=GitMetadata))
    if "inputs_metadata" in metadata:
        inputs = msgspec.json.decode(metadata["inputs_metadata"], type=dict[str, InputMetadata])
        yield "  inputs_metadata:\n" if inputs else "  inputs_metadata: {}\n"
        for name, hashes in sorted(inputs.items()):
            # conda-lock wants both keys, and leaves out neither
            yield f"    {scalar(name)}:\n"
            yield from (f"      {key}: {quoted(v) if v else 'null'}\n" for key, v in _fields(hashes))


def _section(name: str, value: msgspec.Struct) -> Iterator[str]:
    return mapping(name, ((key, text) for key, text in _fields(value) if text is not None), indent=2)


def _fields(value: msgspec.Struct) -> list[tuple[str, str | None]]:
    return [(key, getattr(value, key)) for key in value.__struct_fields__]


def _custom(lock: Lock) -> dict[str, str]:
    """Ours wins over what has the same name: that came from a file, and may be older."""
    custom = msgspec.json.decode(dict(lock.metadata).get("custom_metadata", "{}"), type=dict[str, str])
    if lock.evidence:
        custom |= evidence_to_strings(lock.evidence)
    if lock.name is not None:
        custom[NAME] = lock.name
    return custom


def _rows(lock: Lock) -> Iterator[tuple[tuple[str, ...], str]]:
    for platform_lock in lock.platforms:
        for package in platform_lock.packages:
            manager = "conda" if package.kind == "conda" else "pip"
            for group in package.groups:
                key = (package.name, manager, platform_lock.platform, group, package.url)
                yield key, _row(package, manager, platform_lock.platform, group)


def _row(package: LockedPackage, manager: str, platform: str, group: str) -> str:
    hashes = {"md5": package.md5, "sha256": package.sha256 or package.commit or package.tree}
    return "".join(
        (
            f"- name: {scalar(package.name)}\n",
            f"  version: {quoted(package.version)}\n",
            f"  manager: {manager}\n",
            f"  platform: {scalar(platform)}\n",
            *mapping("dependencies", sorted(merged(package.dependencies).items()), indent=2),
            f"  url: {scalar(_url(package))}\n",
            *mapping("hash", ((name, value) for name, value in hashes.items() if value), indent=2),
            f"  category: {scalar(group)}\n",
            f"  optional: {'false' if group == MAIN else 'true'}\n",
            *_source(package),
            *_build(package),
        )
    )


def _url(package: LockedPackage) -> str:
    """A repository's URL names its commit and the folder inside, as pip takes it."""
    if package.kind != "vcs" or package.commit is None:
        return package.url
    reference = parse_git_url(package.url)
    return replace(reference, subdirectory=package.subdirectory).at(package.commit)


def _source(package: LockedPackage) -> Iterator[str]:
    """Where pip finds what no index has. conda-lock gives pip this URL as it stands."""
    if package.kind in ("conda", "pypi"):
        return
    url = _url(package)
    if package.kind == "archive" and package.sha256 and "#" not in url:
        url += f"#sha256={package.sha256}"
    yield f"  source:\n    type: url\n    url: {scalar(url)}\n"


def _build(package: LockedPackage) -> Iterator[str]:
    """Only where the file's name does not tell it."""
    if package.kind == "conda" and package.build and package.build != build_in(package.file_name or ""):
        yield f"  build: {quoted(package.build)}\n"
