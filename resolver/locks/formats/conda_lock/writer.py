"""``Lock`` → ``conda-lock.yml``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from resolver.light_typing import TYPE_CHECKING
from resolver.locks.dependencies import merged
from resolver.locks.evidence import evidence_to_strings
from resolver.locks.formats.conda_lock.keys import NAME, VERSION
from resolver.locks.formats.conda_lock.places import build_in, kind_of
from resolver.locks.formats.protocol import Fitted, Loss
from resolver.locks.formats.yaml_writer import mapping, quoted, scalar, sequence, single_quoted
from resolver.model import MAIN, Lock, LockedPackage
from resolver.values import replace

if TYPE_CHECKING:
    import msgspec

__all__ = ["fit", "losses", "write"]

_HEADER = """\
# This file is a lock: the exact packages of an environment, for each platform, with their hashes.
# `samebox lock` rewrites it from its sources, `samebox check` says whether it still satisfies them.
# conda-lock and micromamba can install from it.
"""


def fit(lock: Lock) -> Fitted:
    """A conda row needs an md5, every row names one file, and the row of a repository or folder must not read as
    something else. A size is no loss: whoever installs by the sha256 does not miss it."""
    kept = tuple(
        replace(
            locked,
            packages=tuple(
                replace(package, size=None) if package.size else package
                for package in locked.packages
                if _loss_of(package) is None
            ),
        )
        for locked in lock.platforms
    )
    return Fitted(lock=replace(lock, platforms=kept), losses=losses(lock))


def losses(lock: Lock) -> tuple[Loss, ...]:
    """Those of ``fit``, without making another lock."""
    lost: dict[str, set[str]] = {}
    for locked in lock.platforms:
        for package in locked.packages:
            message = _loss_of(package)
            if message is not None:
                lost.setdefault(message, set()).add(package.name)
    return tuple(
        Loss(message=message, packages=tuple(sorted(lost[message]))) for message, _ in _LOST if message in lost
    )


def _loss_of(package: LockedPackage) -> str | None:
    """What a package is that has no place here. It is lost for one reason, the first."""
    for message, is_lost in _LOST:
        if is_lost(package):
            return message
    return None


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


def write(lock: Lock) -> str:
    """The text of a ``conda-lock.yml``."""
    lines = [_HEADER, f"version: {VERSION}\n", "metadata:\n", *_metadata(lock), "package:"]
    rows = sorted(_rows(lock), key=lambda pair: pair[0])
    if not rows:
        return "".join(lines) + " []\n"
    return "".join(lines) + "\n" + "".join(text for _, text in rows)


def _metadata(lock: Lock) -> Iterator[str]:
    yield mapping("content_hash", sorted(lock.content_hash), indent=2)
    yield _channels(lock.channels)
    yield sequence("platforms", [p.platform for p in lock.platforms], indent=2)
    yield sequence("sources", lock.sources, indent=2)
    yield from _about_the_file(dict(lock.metadata))
    custom = _custom(lock)
    if custom:
        yield "  custom_metadata:\n"
        yield from (f"    {scalar(name)}: {single_quoted(value)}\n" for name, value in sorted(custom.items()))


def _channels(urls: tuple[str, ...]) -> str:
    if not urls:
        return "  channels: []\n"
    from resolver.locks.formats.conda_lock.channels import channel_rows

    return "  channels:\n" + "".join(channel_rows(urls))


def _about_the_file(metadata: dict[str, str]) -> Iterator[str]:
    """The sections that say when, by whom and from what the file was made, each where there is something to say."""
    if metadata.keys() <= {"custom_metadata"}:
        return
    import msgspec

    from resolver.locks.formats.conda_lock.schema import GitMetadata, InputMetadata, TimeMetadata

    if "time_metadata" in metadata:
        yield _section("time_metadata", msgspec.json.decode(metadata["time_metadata"], type=TimeMetadata))
    if "git_metadata" in metadata:
        yield _section("git_metadata", msgspec.json.decode(metadata["git_metadata"], type=GitMetadata))
    if "inputs_metadata" in metadata:
        inputs = msgspec.json.decode(metadata["inputs_metadata"], type=dict[str, InputMetadata])
        yield "  inputs_metadata:\n" if inputs else "  inputs_metadata: {}\n"
        for name, hashes in sorted(inputs.items()):
            # conda-lock wants both keys, and leaves out neither
            yield f"    {scalar(name)}:\n"
            yield from (f"      {key}: {quoted(v) if v else 'null'}\n" for key, v in _fields(hashes))


def _section(name: str, value: msgspec.Struct) -> str:
    return mapping(name, ((key, text) for key, text in _fields(value) if text is not None), indent=2)


def _fields(value: msgspec.Struct) -> list[tuple[str, str | None]]:
    return [(key, getattr(value, key)) for key in value.__struct_fields__]


def _custom(lock: Lock) -> dict[str, str]:
    """Ours wins over what has the same name: that came from a file, and may be older."""
    custom: dict[str, str] = json.loads(dict(lock.metadata).get("custom_metadata", "{}"))
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
    hashes = (("md5", package.md5), ("sha256", package.sha256 or package.commit or package.tree))
    return (
        f"- name: {scalar(package.name)}\n"
        f"  version: {quoted(package.version)}\n"
        f"  manager: {manager}\n"
        f"  platform: {scalar(platform)}\n"
        f"{mapping('dependencies', merged(package.dependencies).items(), indent=2)}"
        f"  url: {scalar(_url(package))}\n"
        f"{mapping('hash', [(name, value) for name, value in hashes if value], indent=2)}"
        f"  category: {scalar(group)}\n"
        f"  optional: {'false' if group == MAIN else 'true'}\n"
        f"{_source(package)}{_build(package)}"
    )


def _url(package: LockedPackage) -> str:
    """A repository's URL names its commit and the folder inside, as pip takes it."""
    if package.kind != "vcs" or package.commit is None:
        return package.url
    from resolver.source_trees.git_url import parse_git_url

    reference = parse_git_url(package.url)
    return replace(reference, subdirectory=package.subdirectory).at(package.commit)


def _source(package: LockedPackage) -> str:
    """Where pip finds what no index has. conda-lock gives pip this URL as it stands."""
    if package.kind in ("conda", "pypi"):
        return ""
    url = _url(package)
    if package.kind == "archive" and package.sha256 and "#" not in url:
        url += f"#sha256={package.sha256}"
    return f"  source:\n    type: url\n    url: {scalar(url)}\n"


def _build(package: LockedPackage) -> str:
    """Only where the file's name does not tell it."""
    if package.kind == "conda" and package.build and package.build != build_in(package.file_name or ""):
        return f"  build: {quoted(package.build)}\n"
    return ""
