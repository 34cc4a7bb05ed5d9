"""``sha256`` without OpenSSL: to load that takes three milliseconds, and a command mostly hashes a few kilobytes.

What hashes artifacts takes ``hashlib``, whose sha256 is several times as fast. The standard library's ``random`` takes
its hash in the same way.
"""

from __future__ import annotations

import sys

from resolver.light_typing import TYPE_CHECKING

__all__ = ["sha256"]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:  # Python can be built without it
        from hashlib import sha256
