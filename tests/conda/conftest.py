from __future__ import annotations

from tests.loopback import start_server

__all__ = ["start_server"]
