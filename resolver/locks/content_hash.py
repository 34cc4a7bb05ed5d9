"""conda-lock's hash of what was asked for: ``EnvironmentSpec`` → the ``content_hash`` of a ``conda-lock.yml``.

It is written for those who work with conda-lock too: ``conda-lock lock --check-input-hash`` then leaves our lock alone
while its manifests are as they were. Nothing here trusts it: ``check`` looks at the packages (see ``satisfies``).

The hash is the sha256 of a JSON text that conda-lock makes of its own reading of the manifests (``content_hash.py``
there, releases 2 to 4). That is followed here to the letter, with these limits. A spec has been read by then: of two
spellings of one meaning that conda-lock tells apart, the usual one is taken (``x=1.0,<2`` for one, or a marker in
single quotes). The virtual packages are those that conda-lock takes where nobody says otherwise. Requirements files,
which conda-lock does not read, count as requirements of pip without a ``pip`` to install them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import urldefrag, urlsplit, urlunsplit

from resolver.hashes import sha256
from resolver.light_typing import Any
from resolver.locks.default_virtual_packages import fake_repodata
from resolver.model import MAIN, CondaSpec, EnvironmentSpec, PypiRequirement
from resolver.platforms import Platform, PythonTarget

__all__ = ["content_hash", "hashed_content"]

_WITH_PIP_SECTIONS = (".yml", ".yaml", "<text>")

# patterns are text here: most manifests have nothing for them, and to compile them takes longer than to hash
_SIDE = r"""[a-z_.]+|"[^"]*"|'[^']*'"""
_CLAUSE = rf"(?P<left>{_SIDE})\s(?:===|==|~=|!=|<=|>=|<|>|not\sin|in)\s(?P<right>{_SIDE})"
_KNOWN_TO_CONDA_LOCK = ("os_name", "platform_system", "sys_platform")
_ALWAYS_TRUE = 'os_name != ""'

_VARIABLE = r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))\Z"
_TOKEN = r"(?P<before>.*)/t/(?P<token>\$\{?[A-Za-z0-9_-]*\}?)(?P<after>/.*)"
_DEFAULT_CHANNELS = ("pkgs/main", "pkgs/r", "pkgs/msys2")


def content_hash(spec: EnvironmentSpec, platform: str, *, channels: Sequence[str]) -> str:
    """The hash for one platform, in hex. ``channels`` are as the manifest names them (``conda-forge``)."""
    content = hashed_content(spec, platform, channels=channels)
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def hashed_content(spec: EnvironmentSpec, platform: str, *, channels: Sequence[str]) -> dict[str, Any]:
    """What is hashed, in plain lists and maps."""
    content: dict[str, Any] = {
        "channels": [_compact(_channel(channel)) for channel in channels],
        "specs": _specs(spec, platform),
        "virtual_package_hash": fake_repodata(platform),
    }
    if spec.index.extra_index_urls:
        content["pip_repositories"] = [_compact({"url": url}) for url in spec.index.extra_index_urls]
    return content


def _compact(value: dict[str, Any]) -> str:
    """JSON as pydantic writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _specs(spec: EnvironmentSpec, platform: str) -> list[dict[str, Any]]:
    """One for each manager and name, the last that is asked for; sorted by these two."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    conda, pip = spec.conda_on(platform), spec.pip_on(platform)
    sources = (*spec.sources, *(one.origin.source for one in conda), *(one.origin.source for one in pip))
    for source in dict.fromkeys(sources):
        for one in (
            *(_conda(request) for request in conda if request.origin.source == source),
            *_pip_section([request for request in pip if request.origin.source == source], source, platform),
        ):
            found[one["manager"], one["name"]] = one
    return [found[key] for key in sorted(found)]


def _conda(spec: CondaSpec) -> dict[str, Any]:
    return {
        **_head(spec.name, "conda", spec.group),
        **_versioned(_conda_version(spec), channel=_canonical_name(spec.channel) if spec.channel else None),
        "build": spec.build,
    }


def _conda_version(spec: CondaSpec) -> str:
    """conda writes an exact version without an operator; who asks for a build writes at least ``*`` before it."""
    if spec.version is None:
        return "*" if spec.build else ""
    return re.sub(r"(?<![!<>~=])==", "", spec.version)


def _pip_section(requests: Sequence[PypiRequirement], source: str, platform: str) -> Iterator[dict[str, Any]]:
    for request in requests:
        # conda-lock leaves out what is editable
        if not request.editable and _applies(request.marker, platform):
            yield _requirement(request)
    if requests and source.endswith(_WITH_PIP_SECTIONS):
        yield {**_head("pip", "conda", MAIN), **_versioned("*")}


def _applies(marker: str | None, platform: str) -> bool:
    """Whether a marker holds as far as the platform decides. Of Python nothing is known yet: that counts as true."""
    if marker is None:
        return True
    from packaging.markers import Marker

    undecided = re.sub(
        _CLAUSE, lambda c: c[0] if {c["left"], c["right"]} & set(_KNOWN_TO_CONDA_LOCK) else _ALWAYS_TRUE, marker
    )
    environment = Platform.of(platform).markers(PythonTarget(version="3.12.0"))
    return Marker(undecided).evaluate({**environment, "extra": ""})


def _requirement(request: PypiRequirement) -> dict[str, Any]:
    head = _head(request.name, "pip", request.group, request.extras)
    if request.marker is not None:
        head["markers"] = request.marker
    if request.url is None:
        version = ",".join(sorted(request.specifier.replace("===", "==").split(","))) or "*"
        return {**head, **_versioned(version), "hash": request.hashes[0] if len(request.hashes) == 1 else None}
    if request.url.startswith("git+"):
        return {**head, "extras": [], **_repository(request.url)}
    if request.url.startswith(("https://", "ssh://")):
        url, fragment = urldefrag(request.url)
        return {**head, "url": url, "hashes": [(request.hashes[0] if request.hashes else fragment.replace("=", ":"))]}
    path = request.url.removeprefix("file://").removeprefix("file:")
    return {**head, "path": str(PurePosixPath(path)), "is_directory": path.endswith("/")}


def _repository(url: str) -> dict[str, Any]:
    """conda-lock cuts such a URL at its ``@``, and takes ``.git`` off only where it ends with that."""
    address = url.removesuffix(".git").removeprefix("git+")
    where, at, revision = address.rpartition("@")
    if not at:
        return {"source": address, "vcs": "git", "rev": None}
    revision, marked, folder = revision.partition("#subdirectory=")
    return {"source": where, "vcs": "git", "rev": revision, **({"subdirectory": folder} if marked else {})}


def _head(name: str, manager: str, group: str, extras: Sequence[str] = ()) -> dict[str, Any]:
    return {"name": name, "manager": manager, "category": group, "extras": sorted(extras)}


def _versioned(version: str, *, channel: str | None = None) -> dict[str, Any]:
    return {"version": version, "build": None, "conda_channel": channel, "hash": None}


def _channel(text: str) -> dict[str, Any]:
    """A channel with the variables in it that stand for a user, a password or a token, spelled ``${NAME}``."""
    if "://" not in text:
        return {"url": text, "used_env_vars": []}
    parts = urlsplit(text)
    userinfo, at, host = parts.netloc.rpartition("@")
    names = [_variable(part) for part in (userinfo.split(":", 1) if at else [])]
    token = re.match(_TOKEN, parts.path)
    names += [_variable(token["token"])] if token else []
    shown = ":".join(_spelled(part) for part in userinfo.split(":", 1))
    path = f"{token['before']}/t/{_spelled(token['token'])}{token['after']}" if token else parts.path
    url = urlunsplit(parts._replace(netloc=f"{shown}{at}{host}", path=path))
    return {"url": url, "used_env_vars": sorted({name for name in names if name})}


def _variable(text: str) -> str | None:
    match = re.match(_VARIABLE, text)
    return (match[1] or match[2]) if match else None


def _spelled(text: str) -> str:
    name = _variable(text)
    return f"${{{name}}}" if name else text


def _canonical_name(channel: str) -> str:
    """conda's name for the channel of a spec: without host and token, and ``defaults`` for each of those."""
    if channel.startswith("file://"):
        return PurePosixPath(channel).name
    name = channel
    if "://" in channel:
        path = urlsplit(channel).path
        token = re.match(_TOKEN, path)
        name = (token["before"] + token["after"] if token else path).strip("/")
    return "defaults" if name in _DEFAULT_CHANNELS else name
