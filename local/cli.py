"""The `motorpool` command: chooses the sub-command and turns its errors into one line.

It never imports what was not chosen, so `--help` costs nothing. A sub-command is a module with
`add_arguments(parser)` and `run(args) -> int`, and one line in the table below.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple, NoReturn

from motorpool.local.errors import InputError, LocalError

__all__ = ["COMMANDS", "Command", "main"]


class Command(NamedTuple):
    """Where a sub-command lives, and what it is in one line."""

    module: str
    summary: str


COMMANDS: Final = {
    "demo": Command("motorpool.local.demo", "run the main job on this machine and count it"),
    "local": Command("motorpool.local.command", "run a Lambda service on this machine"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name) and return its exit code.

    0 is success, 2 bad input, 1 anything else that ends in one line on standard error.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parsed = _parser(arguments[0] if arguments else None).parse_args(arguments)
        code: int = parsed.run(parsed)
    except ModuleNotFoundError as error:  # installed without the extra that brings it
        if (error.name or "motorpool").partition(".")[0] == "motorpool":
            raise
        command = f"motorpool {arguments[0]}"
        print(
            f"motorpool: error: {command} needs motorpool[local]: {error}",
            file=sys.stderr,
        )
        return 1
    except LocalError as error:
        print(f"motorpool: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells have it
    except SystemExit as done:  # argparse after --help
        return done.code if isinstance(done.code, int) else 1
    return code


class _Parser(argparse.ArgumentParser):
    """argparse, which says what is wrong in one line instead of after the usage."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} --help)")


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="motorpool",
        description="One Lambda invocation for all the MongoDB queries of a request.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.summary, description=command.summary)
        if name == chosen:
            module = import_module(command.module)
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
