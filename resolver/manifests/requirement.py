"""One requirement of pip as a ``PypiRequirement``: PEP 508, a URL, or a local path.

name[extra] >=1,<2 ; marker     name @ https://…     https://…/name-1.0-py3-none-any.whl
git+https://…@rev#egg=name      ./folder[extra]      ./name-1.0-py3-none-any.whl
"""

from __future__ import annotations

from resolver.errors import ManifestError
from resolver.manifests.reading import Reading
from resolver.model import Origin, PypiRequirement
from resolver.plain import Plain, normalize, plain_requirement
from resolver.settings.places import secret_problem

__all__ = ["parse_requirement"]

_MAY_BE_FILES = (".whl", ".zip", ".tar.gz")


def parse_requirement(
    text: str, reading: Reading, line: int | None, *, editable: bool = False, hashes: tuple[str, ...] = ()
) -> PypiRequirement:
    """The requirement in ``text``, which has no comment and no options any more.

    ``hashes`` are those of its ``--hash`` options. Raises ``ManifestError`` with the file and ``line``.
    """
    origin = reading.origin(line)
    problem = secret_problem(text)
    if problem:
        raise ManifestError(problem, origin=origin)
    if hashes:
        from resolver.manifests.pep508 import check_hash

        for value in hashes:
            check_hash(value, origin)
    plain = None if editable else _plain(text)
    if plain is None:
        return _any_requirement(text, reading, origin, editable=editable, hashes=hashes)
    return PypiRequirement(
        name=plain.name,
        extras=plain.extras,
        specifier=plain.specifier,
        hashes=hashes,
        group=reading.group,
        platforms=reading.platforms,
        origin=origin,
    )


def _plain(text: str) -> Plain | None:
    """What a text asks for if that can be told without importing ``packaging``."""
    lower = text.lower()
    return None if any(ending in lower for ending in _MAY_BE_FILES) else plain_requirement(text)


def _any_requirement(
    text: str, reading: Reading, origin: Origin, *, editable: bool, hashes: tuple[str, ...]
) -> PypiRequirement:
    from resolver.manifests.direct_reference import is_direct_reference, parse_direct_reference
    from resolver.manifests.pep508 import parse_pep508, sorted_extras

    if is_direct_reference(text):
        return parse_direct_reference(text, reading, origin, editable=editable, hashes=hashes)
    if editable:
        raise ManifestError(f"an editable requirement needs a folder or a URL, got {text!r}", origin=origin)
    requirement = parse_pep508(text, origin)
    return PypiRequirement(
        name=normalize(requirement.name),
        extras=sorted_extras(requirement.extras),
        specifier=",".join(sorted(str(part) for part in requirement.specifier)),
        marker=str(requirement.marker) if requirement.marker else None,
        hashes=hashes,
        group=reading.group,
        platforms=reading.platforms,
        origin=origin,
    )
