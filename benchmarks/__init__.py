"""Benchmarks: cases × tools, each run a whole process. ``python -m benchmarks --help`` tells how."""
