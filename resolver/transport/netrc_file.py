"""The netrc file of the user: ``NETRC``, else ``~/.netrc``."""

from __future__ import annotations

import netrc
from collections.abc import Mapping
from pathlib import Path

from resolver.errors import SettingsError

__all__ = ["read_netrc"]


def read_netrc(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Host → (login, password). The entry ``default`` is left out: it would send a password to whatever host an index
    names. Raises ``SettingsError`` for a file that is none, without a word of its content."""
    named, home = environ.get("NETRC"), environ.get("HOME")
    if not named and not home:
        return {}
    path = Path(named) if named else Path(home or "") / ".netrc"
    try:
        entries = netrc.netrc(str(path)).hosts
    except FileNotFoundError:
        return {}
    except netrc.NetrcParseError as error:
        # The parser's message, and so a traceback with it, may quote a password.
        raise SettingsError(f"{path}:{error.lineno}: not a netrc file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as a netrc file") from error
    return {host: (login or "", password or "") for host, (login, _, password) in entries.items() if host != "default"}
