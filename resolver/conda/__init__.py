"""The conda world, and the only package that imports py-rattler (the copy in ``prefix/slice_installer.py`` apart).

Importing it costs about 0.2 s: do so where a solve, a match or an install happens, never on the way to ``--help``.
py-rattler keeps threads after its first use: fork no process after that (spawn), and a command that used it ends
by ``os._exit``, since the interpreter's shutdown may crash.
"""

from __future__ import annotations

from resolver.conda.channels import Channels, canonical_channel_url
from resolver.conda.mixed import MadeUpRecord, MixedProblem, MixedSolution, conda_records, solve_mixed
from resolver.conda.records import CondaRecord
from resolver.conda.solve import CondaProblem, CondaSolution, CondaUnsolvable, solve_all
from resolver.conda.specs import constraint_matches, matches, parse_constraint, record_matches

__all__ = [
    "Channels",
    "CondaProblem",
    "CondaRecord",
    "CondaSolution",
    "CondaUnsolvable",
    "MadeUpRecord",
    "MixedProblem",
    "MixedSolution",
    "canonical_channel_url",
    "conda_records",
    "constraint_matches",
    "matches",
    "parse_constraint",
    "record_matches",
    "solve_all",
    "solve_mixed",
]
