"""``python -m benchmarks``."""

from __future__ import annotations

import sys

from benchmarks.run import main

__all__: list[str] = []

sys.exit(main(sys.argv[1:]))
