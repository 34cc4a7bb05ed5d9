"""One logical line of a requirements file: an option, or a requirement with options of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from resolver.errors import ManifestError
from resolver.manifests.reading import Reading
from resolver.model import EnvironmentSpec, IndexOptions, Origin, PypiRequirement
from resolver.plain import normalize
from resolver.settings.places import nearest, secret_problem

__all__ = ["Requirements", "read_line"]

_SHORT = {"-i": "--index-url", "-f": "--find-links", "-r": "--requirement", "-c": "--constraint"}
_FLAGS = ("--pre", "--require-hashes")
_WITH_VALUE = (
    "--constraint",
    "--extra-index-url",
    "--find-links",
    "--index-url",
    "--no-binary",
    "--only-binary",
    "--requirement",
)
_STRAY_HASH = "a hash stands behind its requirement; end the line before it with a backslash"
_ALONE = ("--constraint", "--requirement")
_REFUSED = {
    "--config-settings": "a lock holds built artifacts, and has no place for build settings",
    "--config-setting": "a lock holds built artifacts, and has no place for build settings",
    "--global-option": "a lock holds built artifacts, and has no place for build settings",
    "--no-index": "there is no way here to search folders only; map the index to a folder in [mirrors]",
    "--prefer-binary": "the choice would depend on files that come later; --only-binary=NAME decides it",
    "--pypi-url": "it is not an option of pip any more; --index-url is",
    "--trusted-host": "certificates are always checked; name your company's with SSL_CERT_FILE",
    "--use-feature": "it switches pip itself, and pip does not resolve here",
    "--use-pep517": "it is how everything is built",
    "--no-use-pep517": "everything is built through PEP 517",
}
_EDITABLE = r"""(?:--editable(?:=|\s+)|-e\s*)(?:(?P<quote>["'])(?P<quoted>[^"']+)(?P=quote)\Z|(?P<bare>\S.*))"""
"""An editable is taken as it stands: a marker behind it has quotes of its own."""

_OPTIONS_BEGIN = r"(?:^|\s)-{1,2}[A-Za-z]"


class Requirements:
    """What the files read so far have said, in order. Turned into a value by ``as_spec``."""

    def __init__(self) -> None:
        self.requirements: list[PypiRequirement] = []
        self.constraints: list[PypiRequirement] = []
        self.index_url: tuple[str, Origin] | None = None
        self.extra_index_urls: list[str] = []
        self.find_links: list[str] = []
        self.only_binary: set[str] = set()
        self.no_binary: set[str] = set()
        self.pre = False
        self.constraining = False

    def include(self, read: Callable[[], None], *, constraints: bool) -> None:
        """Let ``read`` add what an included file says: with ``-c`` its requirements are constraints, and so are those
        of whatever it includes."""
        before = self.constraining
        self.constraining = before or constraints
        read()
        self.constraining = before

    def add(self, requirement: PypiRequirement) -> None:
        if self.constraining:
            self.constrain(requirement)
        else:
            self.requirements.append(requirement)

    def constrain(self, requirement: PypiRequirement) -> None:
        what = "extras" if requirement.extras else "an editable location" if requirement.editable else None
        if what:
            raise ManifestError(f"a constraint cannot have {what}: {requirement}", origin=requirement.origin)
        self.constraints.append(requirement)

    @property
    def index(self) -> IndexOptions:
        return IndexOptions(
            index_url=self.index_url[0] if self.index_url else None,
            extra_index_urls=tuple(self.extra_index_urls),
            find_links=tuple(self.find_links),
            only_binary=tuple(sorted(self.only_binary)),
            no_binary=tuple(sorted(self.no_binary)),
            pre=self.pre,
        )

    def as_spec(self, *, sources: tuple[str, ...]) -> EnvironmentSpec:
        return EnvironmentSpec(
            pip=tuple(self.requirements), constraints=tuple(self.constraints), index=self.index, sources=sources
        )


def _requirement(line: str, reading: Reading, number: int, origin: Origin) -> PypiRequirement:
    # a manifest of conda's packages alone need not pay for the import
    from resolver.manifests.requirement import parse_requirement

    if editable := _editable(line):
        return parse_requirement(editable["quoted"] or editable["bare"], reading, number, editable=True)
    text, hashes = _split_options(line, origin)
    return parse_requirement(text, reading, number, hashes=hashes)


def _editable(line: str) -> re.Match[str] | None:
    return re.match(_EDITABLE, line) if line.startswith("-") else None


def read_line(line: str, reading: Reading, number: int, found: Requirements) -> tuple[str, bool] | None:
    """Read a line into ``found``. For an include, its path and whether it holds constraints are given back."""
    origin = reading.origin(number)
    problem = secret_problem(line)
    if problem:
        raise ManifestError(problem, origin=origin)
    if not line.startswith("-") or _editable(line):
        found.add(_requirement(line, reading, number, origin))
        return None
    options = list(_options(line, origin))
    if len(options) > 1 and any(name in _ALONE for name, _ in options):
        raise ManifestError(f"several options on one line: {line!r}", origin=origin, hint="give each its own line")
    for name, value in options:
        if name in ("--requirement", "--constraint"):
            return value, name == "--constraint"
        _set_option(name, value, reading, origin, found)
    return None


def _split_options(line: str, origin: Origin) -> tuple[str, tuple[str, ...]]:
    """A requirement, and the hashes behind it. No other option may stand there."""
    may_begin = any(word.startswith("-") for word in line.split())
    begin = re.search(_OPTIONS_BEGIN, line) if may_begin else None
    if begin is None:
        return line, ()
    hashes = []
    for word in _words(line[begin.start() :].replace("--hash ", "--hash="), origin):
        name, _, value = word.partition("=")
        if name != "--hash":
            raise _refused(name, origin, f"cannot stand behind a requirement: {word!r}")
        hashes.append(value)
    return line[: begin.start()].strip(), tuple(hashes)


def _options(line: str, origin: Origin) -> Iterator[tuple[str, str]]:
    """The options of a line that begins with one, in their long names, each with its value (a flag has ``""``)."""
    words = _words(line, origin)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            name, value = word[:2], word[2:].removeprefix("=")
            equals = value
        name = _SHORT.get(name, name)
        if name in _FLAGS:
            yield name, ""
            continue
        if name not in _WITH_VALUE:
            hint = _STRAY_HASH if name == "--hash" else nearest(name, (*_FLAGS, *_WITH_VALUE, "--editable"))
            raise _refused(name, origin, f"unknown option {name!r}", hint=hint)
        if not equals and words:
            value = words.pop(0)
        if not value:
            raise ManifestError(f"{name} has no value", origin=origin)
        yield name, value


def _refused(name: str, origin: Origin, otherwise: str, *, hint: str | None = None) -> ManifestError:
    if name in _REFUSED:
        return ManifestError(f"{name} is not taken", origin=origin, hint=f"take it out: {_REFUSED[name]}")
    return ManifestError(otherwise, origin=origin, hint=hint)


def _words(text: str, origin: Origin) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError as error:
        raise ManifestError(f"quotes do not match: {text!r}", origin=origin) from error


def _set_option(name: str, value: str, reading: Reading, origin: Origin, found: Requirements) -> None:
    match name:
        case "--index-url":
            _set_index_url(_url(value, name, origin), origin, found)
        case "--extra-index-url":
            _append(found.extra_index_urls, _url(value, name, origin))
        case "--find-links":
            _append(found.find_links, value if _is_web(value) else reading.file_url(value))
        case "--only-binary":
            _set_formats(value, found.only_binary, found.no_binary, origin)
        case "--no-binary":
            _set_formats(value, found.no_binary, found.only_binary, origin)
        case "--pre":
            found.pre = True
        case "--require-hashes":
            pass  # every lock has hashes, and nothing is installed without one


def _set_index_url(url: str, origin: Origin, found: Requirements) -> None:
    if found.index_url and found.index_url[0] != url:
        raise ManifestError(
            f"a second --index-url; the first stands at {found.index_url[1]}",
            origin=origin,
            hint="keep one, and make the other an --extra-index-url",
        )
    found.index_url = found.index_url or (url, origin)


def _append(values: list[str], value: str) -> None:
    if value not in values:
        values.append(value)


def _set_formats(value: str, chosen: set[str], opposite: set[str], origin: Origin) -> None:
    """``:all:``, ``:none:`` (forget what was said) or names, with commas; the last word on a name counts."""
    for name in (part.strip() for part in value.split(",")):
        if name == ":none:":
            chosen.clear()
        elif name == ":all:":
            chosen.clear()
            opposite.clear()
            chosen.add(name)
        elif not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise ManifestError(f"not a project name, :all: or :none:: {name!r}", origin=origin)
        else:
            opposite.discard(normalize(name))
            chosen.add(normalize(name))


def _url(value: str, name: str, origin: Origin) -> str:
    if not _is_web(value) and not value.startswith("file://"):
        raise ManifestError(f"{name} needs a URL, got {value!r}", origin=origin)
    return value


def _is_web(value: str) -> bool:
    return value.startswith(("https://", "http://")) or bool(re.match(r"\$\{[A-Za-z_]\w*\}", value))
