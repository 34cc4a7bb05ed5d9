"""``python -m resolver``: the same as ``samebox``."""

from __future__ import annotations

from resolver.cli.main import run

run()
