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
    Directory Specification, to which a path that is not absolute counts as none)."""
    folder = environ.get("SAMEBOX_CACHE_DIR")
    if folder:
        return folder
    if sys.platform == "win32":
        import platformdirs

        return platformdirs.user_cache_dir("samebox", appauthor=False)
    base = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return os.path.join(base, "samebox")
