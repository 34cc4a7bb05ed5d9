"""Evidence as strings by name, for the places that formats keep for tools (conda-lock: ``custom_metadata``)."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.canonicalizer import canonical_json
from resolver.errors import LockFormatError, ResolverError
from resolver.model import Evidence, Origin
from resolver.values import fields, is_dataclass

__all__ = ["PREFIX", "evidence_from_strings", "evidence_to_strings"]

PREFIX = "samebox."


def evidence_to_strings(evidence: Evidence) -> dict[str, str]:
    """One entry a field that says something: ``samebox.<field>`` → its JSON."""
    return {
        PREFIX + field.name.replace("_", "-"): canonical_json(_compact(value)).decode()
        for field in fields(Evidence)
        if (value := getattr(evidence, field.name)) not in ((), None)
    }


def _compact(value: object) -> object:
    """The value in plain lists and maps, without the fields that say no more than their default does."""
    if isinstance(value, tuple):
        return [_compact(item) for item in value]
    if is_dataclass(value):
        named = ((f, getattr(value, f.name)) for f in fields(value))
        return {f.name: _compact(item) for f, item in named if item != f.default}
    return value


def evidence_from_strings(strings: Mapping[str, str], source: str, *, field: str) -> Evidence | None:
    """The evidence in ``strings``, or ``None`` if there is none of ours. Unknown names (a newer release's) are
    left alone. Raises ``LockFormatError`` for a value that is not what its name promises; ``field`` is where the format
    keeps them."""
    known = {PREFIX + item.name.replace("_", "-"): item.name for item in fields(Evidence)}
    ours = {known[name]: text for name, text in strings.items() if name in known}
    if not ours:
        return None
    import msgspec

    try:
        body = {name: msgspec.json.decode(text) for name, text in ours.items()}
        return msgspec.convert(body, Evidence)
    except (msgspec.MsgspecError, ResolverError) as error:
        raise LockFormatError(
            f"the evidence is damaged: {error}",
            origin=Origin(source=source),
            field=field,
            hint="lock again, or remove the evidence",
        ) from error
