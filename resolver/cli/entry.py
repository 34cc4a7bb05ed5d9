"""The entry point of ``samebox``. What `samebox check` has answered before it answers again from here, if nothing that
the answer depends on has changed; everything else is ``main``'s."""

# No `from __future__` here, and no imports but these: each is paid for by every run of a hook.
import sys

from resolver.cli import answers

__all__ = ["run"]


def run() -> None:
    """Run the command, and end the process with its exit code."""
    arguments = sys.argv[1:]
    answer = answers.given(arguments) if _asks_for_a_check(arguments) else None
    if answer is not None and _said(answer):
        sys.exit(answer.code)
    from resolver.cli.main import run as run_main

    run_main()


def _asks_for_a_check(arguments: list[str]) -> bool:
    return arguments[:1] == ["check"] or (arguments[:1] == ["lock"] and "--check" in arguments)


def _said(answer: answers.Answer) -> bool:
    """Whether it could be said: why it could not is for ``main`` to find out, and to tell."""
    try:
        print(answer.stdout, end="", flush=True)
        print(answer.stderr, end="", file=sys.stderr, flush=True)
    except OSError:
        return False
    return True
