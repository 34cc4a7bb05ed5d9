"""How a ``conda-lock.yml`` lists its channels: as manifests name them, with the variables in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from resolver.conda.urls import CHANNEL_ALIAS, canonical_channel_url, expand_defaults
from resolver.locks.formats.yaml_writer import scalar

__all__ = ["channel_rows"]

_NAME = re.compile(r"(?!t/)[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*\Z", re.ASCII)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def channel_rows(urls: Iterable[str]) -> Iterator[str]:
    """One row for each canonical URL."""
    for channel in map(_channel_name, urls):
        yield f"  - url: {scalar(channel)}\n    used_env_vars: {json.dumps(_variables_in(channel))}\n"


def _channel_name(url: str) -> str:
    """The name of a channel of the default server. conda-lock compares channels by their spelling, and manifests name
    them so."""
    name = url.removeprefix(f"{CHANNEL_ALIAS}/")
    is_plain = name != url and _NAME.match(name) and canonical_channel_url(name) == url
    return name if is_plain and expand_defaults([name]) == (url,) else url


def _variables_in(channel: str) -> list[str]:
    """The names of the variables in a channel, ``$NAME`` or ``${NAME}``, sorted as conda-lock has them."""
    return sorted({braced or bare for braced, bare in _VARIABLE.findall(channel)})
