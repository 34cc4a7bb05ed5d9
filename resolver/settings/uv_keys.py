"""The keys of ``[tool.uv]``: which are read, which say nothing about what is locked, and which cannot be honoured."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.settings.converters import Place
from resolver.settings.places import nearest

__all__ = ["refuse_what_cannot_be_honoured"]

_READ = (
    "conflicts",
    "constraint-dependencies",
    "default-groups",
    "dev-dependencies",
    "environments",
    "exclude-newer",
    "extra-index-url",
    "find-links",
    "index",
    "index-strategy",
    "index-url",
    "keyring-provider",
    "no-binary",
    "no-binary-package",
    "no-build",
    "no-build-package",
    "no-sources",
    "no-sources-package",
    "override-dependencies",
    "prerelease",
    "required-environments",
    "resolution",
    "sources",
    "workspace",
)

_SAY_NOTHING = (
    "add-bounds",
    "audit",
    "build-backend",
    "cache-dir",
    "cache-keys",
    "check-url",
    "compile-bytecode",
    "concurrent-builds",
    "concurrent-downloads",
    "concurrent-installs",
    "fork-strategy",
    "http-proxy",
    "https-proxy",
    "link-mode",
    "managed",
    "native-tls",
    "no-cache",
    "no-proxy",
    "offline",
    "package",
    "pip",
    "preview",
    "preview-features",
    "publish-url",
    "pypy-install-mirror",
    "graalpy-install-mirror",
    "pyodide-install-mirror",
    "python-downloads",
    "python-downloads-json-url",
    "python-install-mirror",
    "python-preference",
    "reinstall",
    "reinstall-package",
    "required-version",
    "system-certs",
    "trusted-publishing",
    "upgrade",
    "upgrade-package",
)
"""How uv works, fetches, installs and publishes. ``pip`` is for ``uv pip`` alone. What a project is locked for in one
fork more or less (``fork-strategy``) is no question where each platform has one Python."""

_BUILDS = (
    "build-constraint-dependencies",
    "config-settings",
    "config-settings-package",
    "extra-build-dependencies",
    "extra-build-variables",
    "no-build-isolation",
    "no-build-isolation-package",
    "require-build-hashes",
)
"""How an sdist is built. Without ``allow-builds`` none is, and they say nothing."""

_REFUSED = {
    "allow-insecure-host": "certificates are always checked; name your company's with SSL_CERT_FILE",
    "dependency-groups": "a group has no Python of its own here",
    "dependency-metadata": "metadata are always those of the files; an override can change a requirement",
    "exclude-dependencies": "nothing that a package needs can be left out",
    "exclude-newer-package": "the cut-off is one for all projects",
    "minimum-libc-version": "set __glibc in [tool.samebox.virtual-packages]",
    "no-index": "there is no way here to search folders only; map the index to a folder in [tool.samebox.mirrors]",
    "prerelease-package": "name the pre-release in the requirement itself, as 'name>=2.0rc1'",
    "torch-backend": "name the index of the backend in [tool.uv.sources]",
}

_VALUES = {
    "resolution": ("highest",),
    "prerelease": ("allow", "if-necessary-or-explicit"),
    "index-strategy": ("first-index", "unsafe-best-match"),
    "keyring-provider": ("disabled", "subprocess"),
}
"""Words that can be honoured."""


def refuse_what_cannot_be_honoured(table: Mapping[str, object], place: Place, *, builds: bool) -> None:
    """Raise ``SettingsError`` with the line for a key, or a value of it, that would change what is locked and that
    nothing here can follow. ``builds`` says whether any sdist may be built."""
    for key, value in table.items():
        here = place.below(key)
        if key in _VALUES:
            if value not in _VALUES[key]:
                known = " and ".join(repr(word) for word in _VALUES[key])
                raise here.error(f"{value!r} cannot be honoured", hint=f"only {known} can")
        elif key in _REFUSED and value not in (False, [], {}):
            raise here.error("cannot be honoured", hint=f"take it out: {_REFUSED[key]}")
        elif key in _BUILDS and builds and value not in (False, [], {}):
            raise here.error(
                "cannot be honoured, and allow-builds lets sdists be built", hint="take out one of the two"
            )
        elif key not in (*_READ, *_SAY_NOTHING, *_BUILDS, *_REFUSED):
            known_keys = (*_READ, *_SAY_NOTHING, *_BUILDS, *_REFUSED)
            raise here.error(f"unknown key {key!r}", hint=nearest(key, known_keys) or "update samebox, or take it out")
