"""One requirement of pip as a ``PypiRequirement``: PEP 508, a URL, or a local path.

name[extra] >=1,<2 ; marker     name @ https://…     https://…/name-1.0-py3-none-any.whl
git+https://…@rev#egg=name      ./folder[extra]      ./name-1.0-py3-none-any.whl
"""

from __future__ import annotations

from packaging.utils import canonicalize_name

from resolver.errors import ManifestError
from resolver.manifests.direct_reference import is_direct_reference, parse_direct_reference
from resolver.manifests.pep508 import check_hash, parse_pep508, sorted_extras
from resolver.manifests.reading import Reading
from resolver.model import PypiRequirement
from resolver.settings.places import secret_problem

__all__ = ["parse_requirement"]


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
    for value in hashes:
        check_hash(value, origin)
    if is_direct_reference(text):
        return parse_direct_reference(text, reading, origin, editable=editable, hashes=hashes)
    if editable:
        raise ManifestError(f"an editable requirement needs a folder or a URL, got {text!r}", origin=origin)
    requirement = parse_pep508(text, origin)
    return PypiRequirement(
        name=canonicalize_name(requirement.name),
        extras=sorted_extras(requirement.extras),
        specifier=",".join(sorted(str(part) for part in requirement.specifier)),
        marker=str(requirement.marker) if requirement.marker else None,
        hashes=hashes,
        group=reading.group,
        platforms=reading.platforms,
        origin=origin,
    )
