"""The forms of PEP 440, 503 and 508 that nearly all texts have, read without ``packaging``.

To import ``packaging`` takes as long as a small solve, most of it for regular expressions. What a manifest or a
wheel says is mostly ``name>=1.2``: such texts are read here, and all others are left to ``packaging``, which has the
last word on what is valid.
"""

from __future__ import annotations

from resolver.light_typing import NamedTuple

__all__ = ["Plain", "normal_version", "normalize", "plain_requirement"]

_LONGEST = 100
"""Characters of a version. Python refuses to read numbers of thousands of digits."""

_SUFFIXES = (".post", ".dev", "rc", "a", "b")
_OPERATORS = frozenset({"==", "!=", "<=", ">=", "<", ">", "~="})
_BLANKS = " \t"
_AFTER_A_NAME = frozenset("[(<>=!~ \t")


class Plain(NamedTuple):
    """A requirement without marker and URL. Names are normalised by PEP 503, ``extras`` sorted, and ``specifier`` is as
    ``str(packaging.specifiers.SpecifierSet(…))`` has it."""

    name: str
    extras: tuple[str, ...]
    specifier: str


def normalize(name: str) -> str:
    """The name of a PyPI project in the one spelling of PEP 503 (``Foo.Bar_baz`` → ``foo-bar-baz``)."""
    spelled = name.lower().replace("_", "-").replace(".", "-")
    while "--" in spelled:
        spelled = spelled.replace("--", "-")
    return spelled


def normal_version(text: str) -> str:
    """The normal form of a version, by PEP 440. Raises ``packaging``'s ``InvalidVersion``."""
    plain = _release_and_suffix(text)
    if plain is not None:
        return "".join(plain)
    from packaging.version import Version

    return str(Version(text))


def plain_requirement(text: str) -> Plain | None:
    """What a requirement asks for if it is ``NAME[EXTRAS]`` and plain clauses (``>=1.2,!=1.3.*``), perhaps in brackets.

    ``None`` for any other text, be it valid or not.
    """
    text = text.strip(_BLANKS)
    name, rest = _divided(text)
    extras: tuple[str, ...] = ()
    if rest[:1] == "[":
        inside, closed, rest = rest[1:].partition("]")
        names = [extra.strip(_BLANKS) for extra in inside.split(",")]
        if not closed or not all(map(_is_identifier, names)):
            return None
        extras, rest = tuple(sorted(set(map(normalize, names)))), rest.lstrip(_BLANKS)
    if rest[:1] == "(" and rest[-1] == ")":
        rest = rest[1:-1]
    specifier = _specifier(rest)
    if specifier is None or not text.isascii() or not _is_identifier(name):
        return None
    return Plain(normalize(name), extras, specifier)


def _divided(text: str) -> tuple[str, str]:
    """The name, and what comes after it."""
    for place, character in enumerate(text):
        if character in _AFTER_A_NAME:
            return text[:place], text[place:].lstrip(_BLANKS)
    return text, ""


def _is_identifier(text: str) -> bool:
    """Whether this is a name by PEP 508, if it is ASCII."""
    letters = text.replace("-", "").replace("_", "").replace(".", "")
    return letters.isalnum() and text[0].isalnum() and text[-1].isalnum()


def _specifier(text: str) -> str | None:
    if not text:
        return ""
    clauses: dict[tuple[str, str], str] = {}
    for clause in text.split(","):
        clause = clause.strip(_BLANKS)
        operator = clause[:2] if clause[1:2] == "=" else clause[:1]
        version = clause[len(operator) :].lstrip(_BLANKS)
        asked = _asked(operator, version)
        if asked is None or (operator, asked) in clauses:
            return None  # which of two spellings stays is for packaging to say
        clauses[operator, asked] = f"{operator}{version}"
    return ",".join(sorted(clauses.values()))


def _asked(operator: str, version: str) -> str | None:
    """The same text for versions that are one to this operator; ``None`` where a clause is not plain."""
    if operator not in _OPERATORS:
        return None
    if operator in ("==", "!=") and version.endswith(".*"):
        found = _release_and_suffix(version[:-2])
        return version if found is not None and not found[1] else None
    found = _release_and_suffix(version)
    if found is None:
        return None
    release, suffix = found
    if operator == "~=":
        return release if "." in release and not suffix else None
    while release.endswith(".0"):
        release = release[:-2]
    return release + suffix


def _release_and_suffix(text: str) -> tuple[str, str] | None:
    """The normal form of a release with at most one suffix (``1.2rc1``, ``1.2.post1``); ``None`` for others."""
    if not text.isascii() or len(text) > _LONGEST:
        return None
    release, suffix = text, ""
    for mark in _SUFFIXES:
        before, found, number = text.partition(mark)
        if found:
            if not number.isdecimal():
                return None
            release, suffix = before, f"{mark}{int(number)}"
            break
    parts = release.split(".")
    for part in parts:
        if not part.isdecimal():
            return None
    return ".".join([str(int(part)) for part in parts]), suffix
