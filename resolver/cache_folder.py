"""Where Samebox caches. Every run asks, so that even `platformdirs`, which says the same, would be a sixth of one."""

# No `from __future__` here, and no imports but these: see `cli.answers`.
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["cache_folder"]


def cache_folder(environ: "Mapping[str, str]") -> str:
    """``SAMEBOX_CACHE_DIR``, else the user's cache directory, as platformdirs names it (on Linux by the XDG Base
    Directory Specification). A path that is not absolute counts as none: a cache never lies where a command happens to
    run. Raises ``FileNotFoundError`` for a user who has no home."""
    folder = environ.get("SAMEBOX_CACHE_DIR")
    if folder:
        return folder
    if sys.platform == "win32":
        import platformdirs

        return platformdirs.user_cache_dir("samebox", appauthor=False)
    base = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(_home(environ), "Library/Caches" if sys.platform == "darwin" else ".cache")
    return os.path.join(base, "samebox")


def _home(environ: "Mapping[str, str]") -> str:
    home = environ.get("HOME", "")
    if os.path.isabs(home):
        return home
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError as error:
        raise FileNotFoundError(2, "this user has no home to cache in; SAMEBOX_CACHE_DIR names a place") from error
