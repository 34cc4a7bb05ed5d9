"""Texts that are made to harm whoever reads them: too deep, too long, too often, or something else than they seem."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resolver.locks.formats import LockFormat
from resolver.model import Lock, LockedPackage, PlatformLock

__all__ = ["BROKEN", "NAME", "SMUGGLED", "VERSION", "kind_of_text", "victim"]

NAME, VERSION = "zzname", "9.8.7"
"""The package in the text of each format that ``SMUGGLED`` puts something else in place of."""

_MEGABYTE = 1 << 20
_FIFTY = 50 * _MEGABYTE


def kind_of_text(lock_format: LockFormat) -> str:
    """``yaml``, ``toml`` or ``lines``."""
    if lock_format.name in ("conda-lock", "pixi", "pixi-v7"):
        return "yaml"
    return "toml" if lock_format.name in ("pylock", "uv", "poetry", "pdm") else "lines"


BROKEN: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "yaml": {
        "fifty megabytes of lists": lambda: "[" * _FIFTY,
        "fifty megabytes of block lists": lambda: "- " * (_FIFTY // 2),
        "fifty megabytes of block lists after a carriage return": lambda: "a:\r" + "- " * (_FIFTY // 2),
        "deep maps": lambda: "{a: " * (5 * _MEGABYTE),
        "deep keys": lambda: "? " * (5 * _MEGABYTE),
        "deep lines": lambda: "".join(" " * n + "a:\n" for n in range(3_000)),
        "a bomb of aliases": lambda: (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20))
        ),
        "an alias of itself": lambda: "a: &a [*a]\n",
        "a key twice": lambda: "version: 1\nversion: 1\n",
        "no number": lambda: "version: .nan\n",
        "a number of ten megabytes": lambda: "version: " + "9" * (10 * _MEGABYTE) + "\n",
        "a number of five thousand digits": lambda: "version: " + "9" * 5_000 + "\n",
        "another object": lambda: "version: !!python/object/apply:os.abort []\n",
        "a key of ten megabytes": lambda: "k" * (10 * _MEGABYTE) + ": 1\n",
        "a key with an escape": lambda: '"\\e[31m\\a": 1\n',
        "half a character": lambda: '"\\ud800": 1\n',
        "a zero": lambda: "version: 1\x00\n",
        "many documents": lambda: "---\na: 1\n" * 100_000,
    },
    "toml": {
        "fifty megabytes of lists": lambda: "a = " + "[" * _FIFTY,
        "deep tables": lambda: "a = " + "{a = " * (5 * _MEGABYTE),
        "a deep key": lambda: ".".join("a" * 200_000) + " = 1\n",
        "deep headers": lambda: f"[{'.'.join('a' * 200_000)}]\n",
        "a key twice": lambda: "version = 1\nversion = 1\n",
        "a table twice": lambda: "[a]\n[a]\n",
        "no number": lambda: "version = nan\nlock-version = nan\n",
        "a number of ten megabytes": lambda: "version = " + "9" * (10 * _MEGABYTE) + "\n",
        "a key of ten megabytes": lambda: "k" * (10 * _MEGABYTE) + " = 1\n",
        "a key with an escape": lambda: '"\\u001b[31m" = 1\n',
        "a zero": lambda: "version = 1\x00\n",
    },
    "lines": {
        "fifty megabytes of one line": lambda: "a" * _FIFTY,
        "fifty megabytes of open brackets": lambda: "a" + "[" * _FIFTY,
        "a line that goes on and on": lambda: "a==1 \\\n" * (2 * _MEGABYTE),
        "nested markers": lambda: "a==1 ; " + "(" * (2 * _MEGABYTE) + 'os_name == "nt"' + ")" * (2 * _MEGABYTE),
        "other files": lambda: "-r /etc/passwd\n--config-settings x=y\n",
        "a shell": lambda: "@EXPLICIT\n$(reboot)\n",
        "an escape": lambda: "@EXPLICIT\n\x1b[31mred\n",
        "a zero": lambda: "a==1\x00 --hash=sha256:00\n",
    },
}
"""What is no lock, whatever the format."""

SMUGGLED: Mapping[str, tuple[str, str]] = {
    "a name of ten megabytes": (NAME, "n" * (10 * _MEGABYTE)),
    "a version of ten megabytes": (VERSION, "9" * (10 * _MEGABYTE)),
    "a way out": (NAME, "../../etc/cron.d/x"),
    "a way out that is quoted": (NAME, "..%2f..%2fx"),
    "a way out of a version": (VERSION, "../../x"),
    "another line": (NAME, "a\nb"),
    "another line that is quoted": (NAME, "a%0ab"),
    "an escape": (NAME, "a\x1b[31mb"),
    "an escape that is quoted": (NAME, "a%1b%5b31mb"),
    "an escape of the format": (NAME, "a\\u001bb"),
    "a zero": (NAME, "a\x00b"),
}
"""What stands where a name or a version is expected: name of the case → what is replaced, and what by."""


def victim(lock_format: LockFormat) -> str | None:
    """A lock of one package in this format, ``None`` where it can hold neither of those there are."""
    conda = LockedPackage(
        kind="conda",
        name=NAME,
        version=VERSION,
        build="0",
        subdir="noarch",
        file_name=f"{NAME}-{VERSION}-0.conda",
        url=f"https://conda.example.org/main/noarch/{NAME}-{VERSION}-0.conda",
        sha256="1" * 64,
        md5="1" * 32,
    )
    wheel = LockedPackage(
        kind="pypi",
        name=f"{NAME}-py",
        version=VERSION,
        file_name=f"{NAME}_py-{VERSION}-py3-none-any.whl",
        url=f"https://files.example.org/{NAME}_py-{VERSION}-py3-none-any.whl",
        sha256="2" * 64,
    )
    if lock_format.write is None:
        return None
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(conda, wheel)),))
    return lock_format.write(lock_format.fit(lock).lock)
