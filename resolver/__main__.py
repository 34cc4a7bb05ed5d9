"""``python -m resolver``: the same as ``samebox``."""

from resolver.cli.entry import run

run()
