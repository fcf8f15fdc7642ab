"""The `motorpool` command: chooses the sub-command and turns its errors into one line.

It never imports what was not chosen, so `--help` costs nothing. A sub-command is a module with
`add_arguments(parser)` and `run(args) -> int`, or with a table of sub-commands of its own
(`COMMANDS`), and one line in the table below.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, NamedTuple, NoReturn

from motorpool.costs.errors import CostError
from motorpool.local.errors import InputError, LocalError

__all__ = ["COMMANDS", "Command", "main"]


class Command(NamedTuple):
    """Where a sub-command lives, what it is in one line, and the extra it needs."""

    module: str
    summary: str
    extra: str = "local"


COMMANDS: Final[Mapping[str, Command]] = {
    "demo": Command("motorpool.local.demo", "run the main job on this machine and count it"),
    "local": Command("motorpool.local.command", "run a Lambda service on this machine"),
    "cost": Command(
        "motorpool.costs.command.cost",
        "tell what it costs on AWS, and where every figure comes from",
        extra="costs",
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name) and return its exit code.

    0 is success, 2 bad input, 1 anything else that ends in one line on standard error.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parsed = _parser(arguments).parse_args(arguments)
        code: int = parsed.run(parsed)
    except ModuleNotFoundError as error:  # installed without the extra that brings it
        if (error.name or "motorpool").partition(".")[0] == "motorpool":
            raise
        extra = COMMANDS[arguments[0]].extra
        print(
            f"motorpool: error: motorpool {arguments[0]} needs motorpool[{extra}]: {error}",
            file=sys.stderr,
        )
        return 1
    except (LocalError, CostError) as error:
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


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="motorpool",
        description="One Lambda invocation for all the MongoDB queries of a request.",
    )
    _add_commands(parser, COMMANDS, arguments)
    return parser


def _add_commands(
    parser: argparse.ArgumentParser, table: Mapping[str, Command], arguments: Sequence[str]
) -> None:
    """Declare the commands of a table, and the options of the one that is chosen."""
    chosen = arguments[0] if arguments else None
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in table.items():
        sub = commands.add_parser(name, help=command.summary, description=command.summary)
        if name != chosen:
            continue
        module = import_module(command.module)
        if hasattr(module, "COMMANDS"):
            inner = {key: Command(*each) for key, each in module.COMMANDS.items()}
            _add_commands(sub, inner, arguments[1:])
        else:
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)


if __name__ == "__main__":
    sys.exit(main())
