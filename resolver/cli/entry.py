"""The entry point of ``samebox``. What `samebox check` has answered before it answers again from here, if nothing that
the answer depends on has changed; everything else is ``main``'s."""

# No `from __future__` here, and no imports but these: each is paid for by every run of a hook.
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from resolver.cli.answers import Answer

__all__ = ["run"]


def run() -> None:
    """Run the command, and end the process with its exit code."""
    arguments = sys.argv[1:]
    if _asks_for_a_check(arguments):
        from resolver.cli import answers

        answer = answers.given(arguments)
        if answer is not None and _said(answer):
            sys.exit(answer.code)
    import gc

    # a command is short, and what it makes it keeps: looking for cycles over and over costs a sixth of a solve
    gc.set_threshold(200_000, 50, 50)
    from resolver.cli.main import run as run_main

    run_main()


def _asks_for_a_check(arguments: list[str]) -> bool:
    return arguments[:1] == ["check"] or (arguments[:1] == ["lock"] and "--check" in arguments)


def _said(answer: "Answer") -> bool:
    """Whether it could be said: why it could not is for ``main`` to find out, and to tell."""
    try:
        print(answer.stdout, end="", flush=True)
        print(answer.stderr, end="", file=sys.stderr, flush=True)
    except OSError:
        return False
    return True
