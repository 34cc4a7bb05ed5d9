"""The words for places that settings and manifests share: subdirs, channels, and URLs without secrets.

Each ``*_problem`` function says in words what is wrong with a text, or gives ``None``; the caller knows
the file and line, and raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from resolver.platforms import SUBDIRS

__all__ = [
    "NOARCH",
    "channel_problem",
    "nearest",
    "platform_problem",
    "python_problem",
    "secret_problem",
    "split_channel",
]

NOARCH = "noarch"

_CHANNEL_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z"
_CHANNEL_URL = r"(?:https?|file|s3|oci)://\S+\Z"
_USER_INFO = r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/@\s?#:]*)(?::(?P<password>[^/@\s?#]*))?@"
_TOKEN_PATH = r"://[^/\s]+/t/(?P<token>[^/\s]+)"
_VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}\Z"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The hint that names the known words most like ``word``, or ``None`` if none is like it."""
    import difflib

    found = difflib.get_close_matches(word, sorted(known), n=2, cutoff=0.6)
    return f"did you mean {' or '.join(found)}?" if found else None


def platform_problem(text: str) -> str | None:
    if text in SUBDIRS:
        return None
    return f"unknown platform {text!r}; {nearest(text, SUBDIRS) or 'known are ' + ', '.join(SUBDIRS)}"


def python_problem(text: str) -> str | None:
    """What keeps ``text`` from being a version of Python, as ``3.12`` or ``3.12.7``."""
    major, *rest = text.split(".")
    if major == "3" and len(rest) in (1, 2) and all(part.isascii() and part.isdecimal() for part in rest):
        return None
    return f"expected a Python version, got {text!r}"


def channel_problem(text: str) -> str | None:
    """What keeps ``text`` from being a channel: a name, ``name/label/x``, or a URL without a secret in it."""
    if "://" in text:
        problem = secret_problem(text)
        if problem is None and not re.match(_CHANNEL_URL, text):
            return f"not a channel URL: {text!r}"
        return problem
    if text.isascii() and text.replace("-", "x").replace("_", "x").isalnum() and not text.startswith("-"):
        return None  # as most are, for which no regular expression is compiled
    return None if re.match(_CHANNEL_NAME, text) else f"not a channel name: {text!r}"


def split_channel(text: str) -> tuple[str, str | None]:
    """Take a trailing subdir off a channel: ``conda-forge/linux-64`` is ``("conda-forge", "linux-64")``."""
    channel, _, last = text.rstrip("/").rpartition("/")
    if channel and last in (*SUBDIRS, NOARCH):
        return channel, last
    return text.rstrip("/"), None


def secret_problem(text: str) -> str | None:
    """What is wrong where a URL inside ``text`` spells out a credential. Never repeats the text.

    A credential is written ``${NAME}``, and its value taken from the environment where the URL is used.
    A user name with a ``${NAME}`` password is fine, and so is the user of an ssh URL.
    """
    if "://" not in text:
        return None
    for match in re.finditer(_USER_INFO, text):
        user, password = match["user"], match["password"]
        if password is not None:
            hidden = bool(re.match(_VARIABLE, password))
        else:
            hidden = bool(re.match(_VARIABLE, user)) or user == "git" or match["scheme"].endswith("ssh")
        if not hidden:
            return "a URL holds a credential; write ${NAME} in its place and set the variable NAME"
    for match in re.finditer(_TOKEN_PATH, text):
        if not re.match(_VARIABLE, match["token"]):
            return "a URL holds a token (/t/…); write ${NAME} in its place and set the variable NAME"
    return None
