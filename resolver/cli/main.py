"""``samebox``: the composition root. It parses the command line, calls one command, and catches errors once.

Exit 0: done. 1: stale, or findings. 2: an error or a wrong usage. stdout is data, stderr is talk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from resolver import __version__
from resolver.errors import ResolverError
from resolver.light_typing import NoReturn

__all__ = ["main", "run"]

_COMMANDS = {
    "lock": "lock the environment: solve it for every platform and write the lock",
    "add": "add requests to the manifest, and lock again",
    "remove": "remove requests from the manifest, and lock again",
    "check": "say whether the lock still satisfies its manifest (no network, writes nothing)",
    "digest": "print the identity of a lock",
    "why": "say why a package is in a lock: the chains from the requests to it",
    "tree": "show what needs what in a lock",
    "diff": "say what is other in one lock than in another",
    "export": "turn a lock into something else: another format, or a Docker build context",
    "build": "make an image of a lock with docker, podman or buildah, unless there is one already",
    "install": "install a lock into a prefix",
    "init": "set up a project: an example of the settings, and how git merges its locks",
    "git-merge-driver": "what git runs to merge two locks (see init)",
}

_EPILOG = """\
Exit codes: 0 done, 1 stale (check), 2 an error. `samebox COMMAND --help` tells the rest.
"""


def run() -> NoReturn:
    """The entry point of the ``samebox`` script.

    All that was opened is closed by then. To take the interpreter down takes a tenth of a small lock, and py-rattler's
    threads may crash it while that is done: the exit code must not depend on that.
    """
    os._exit(_flushed(main(sys.argv[1:])))


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_help(), end="")
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"samebox {__version__}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in _COMMANDS:
        return _unknown(name)
    try:
        return _run_command(name, rest)
    except ResolverError as error:
        _report(error)
        return 2
    except BrokenPipeError:
        _silence_stdout()
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130


def _flushed(code: int) -> int:
    """The exit code, once what is still in the buffers has gone out: that may fail as any other write."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        code = 2
    except OSError as error:
        print(f"error: cannot write to stdout: {error.strerror}", file=sys.stderr)
        _silence_stdout()
        code = 2
    sys.stderr.flush()
    return code


def _silence_stdout() -> None:
    """The reader of stdout has gone (`| head`): nothing more can be said there, not even by the interpreter's exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run_command(name: str, arguments: Sequence[str]) -> int:
    module = import_module(f"resolver.cli.{name.replace('-', '_')}")
    from resolver.cli.parser import Namespace, Parser  # what lists the commands needs no argparse

    parser = Parser(prog=f"samebox {name}", description=_COMMANDS[name])
    module.add_arguments(parser)
    command: Callable[[Namespace], int] = module.run
    try:
        options = parser.parse_args(arguments, Namespace(given=[name, *arguments]))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 2
    return command(options)


def _report(error: ResolverError) -> None:
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def _unknown(name: str) -> int:
    import difflib

    near = difflib.get_close_matches(name, _COMMANDS, n=1)
    print(f"error: there is no command {name!r}", file=sys.stderr)
    print(f"hint: {f'did you mean {near[0]}?' if near else 'samebox --help lists them'}", file=sys.stderr)
    return 2


def _help() -> str:
    width = max(map(len, _COMMANDS))
    rows = "".join(f"  {name:<{width}}  {text}\n" for name, text in _COMMANDS.items())
    return (
        "usage: samebox COMMAND [OPTIONS]\n\n"
        "Same lock, same box: exact locks over conda and PyPI, their identity, and images from them.\n\n"
        f"commands:\n{rows}\noptions:\n  -h, --help     show this\n  -V, --version  show the version\n\n{_EPILOG}"
    )
