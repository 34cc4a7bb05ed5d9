"""The hooks for pre-commit, run by the real one in real repositories."""
