"""Do the files that are locked from PyPI still come from where they may, in a format that may be used?

Formats are told by the file names in the lock. Which index served a project only our evidence says; without it, that is
not judged. What is looser now than when the lock was made leaves it fresh, as a looser version bound would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.utils import canonicalize_name

from resolver.locks.satisfies import Shortfall
from resolver.model import Evidence, Lock
from resolver.transport import without_credentials
from resolver.values import dataclass

__all__ = ["FIND_LINKS", "Formats", "Indexes", "changed_formats", "changed_indexes"]

FIND_LINKS = "find-links"
"""What evidence calls the folders and pages of files, whose places are this machine's."""

Formats = Callable[[str, bool], bool]
"""Whether a project (its normalised name) may be locked as a wheel (``True``) or as a source distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """What is declared now: ``main`` is ``None`` where nobody names one, and whatever the lock was made from counts
    then; ``extra`` are asked before it; ``own`` maps projects to their only index. ``first_only``: the first index that
    has a project owns it. ``find_links``: there are folders or pages of files."""

    main: str | None = None
    extra: tuple[str, ...] = ()
    own: tuple[tuple[str, str], ...] = ()
    first_only: bool = True
    find_links: bool = False


def changed_formats(lock: Lock, takes: Formats) -> Iterator[Shortfall]:
    """Packages of an index that are locked in a format which ``only-binary`` or ``no-binary`` rules out now."""
    for platform in lock.platforms:
        for package in platform.packages:
            if package.kind != "pypi" or package.file_name is None:
                continue
            is_wheel = package.file_name.endswith(".whl")
            if not takes(str(canonicalize_name(package.name)), is_wheel):
                wanted, have = ("no-binary", "a wheel") if is_wheel else ("only-binary", "a source distribution")
                message = f"{package.name} is locked as {have}, which {wanted} rules out"
                yield Shortfall(platform=platform.platform, message=message)


def changed_indexes(lock: Lock, now: Indexes) -> Iterator[Shortfall]:
    """Projects that come from an index which would not be asked for them now, or not first."""
    evidence = lock.evidence
    names = sorted({str(canonicalize_name(p.name)) for on in lock.platforms for p in on.packages if p.kind == "pypi"})
    if evidence is None or not evidence.indexes or not names:
        return
    then = _listed(evidence)
    came_from = {name: _plain(url) for url, found in evidence.project_indexes for name in found}
    own = {name: _plain(url) for name, url in now.own}
    listed = (*map(_plain, now.extra), _main(evidence, then, now))
    if now.find_links:
        listed = (FIND_LINKS, *listed)
    said: set[str] = set()
    for name in names:
        source = came_from.get(name, then[-1])
        asked = (own[name],) if name in own else listed
        if source not in asked:
            yield _short(f"{name} is to come from {' or '.join(asked)}, and was locked from {source}")
        elif now.first_only:
            earlier = [url for url in asked[: asked.index(source)] if url not in _before(source, then, name, evidence)]
            said.update(f"{url} is asked before {source} now, and was not when the lock was made" for url in earlier)
    yield from (_short(message) for message in sorted(said))
    if now.first_only and evidence.index_strategy == "unsafe-best-match" and len(then) > 1:
        yield _short("the lock was made with index-strategy = unsafe-best-match, and first-index is wanted")


def _listed(evidence: Evidence) -> tuple[str, ...]:
    """The indexes that were asked for projects without one of their own, the main one last."""
    listed = [_plain(url) for url in evidence.indexes]
    if evidence.index_url is not None:
        return tuple(listed[: listed.index(_plain(evidence.index_url)) + 1])
    own = {_plain(url) for _, url in evidence.index_for}
    while len(listed) > 1 and listed[-1] in own:
        listed.pop()
    return tuple(listed)


def _main(evidence: Evidence, then: tuple[str, ...], now: Indexes) -> str:
    if now.main is not None:
        return _plain(now.main)
    return then[-1] if evidence.index_url is None else "the default index"


def _before(source: str, then: tuple[str, ...], name: str, evidence: Evidence) -> tuple[str, ...]:
    """What was asked before the index that had the project. Folders and pages of files change with the machine: they
    always count as asked."""
    if name in dict(evidence.index_for) or source not in then:
        return (FIND_LINKS,)
    return (FIND_LINKS, *then[: then.index(source)])


def _plain(url: str) -> str:
    return without_credentials(url).rstrip("/")


def _short(message: str) -> Shortfall:
    return Shortfall(platform=None, message=message)
