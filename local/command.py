"""`motorpool local`: options in, a running service out, until SIGINT or SIGTERM.

On standard output it says where it is, in one line that a program can read; the log goes to
standard error. It never shows a traceback for what it was given.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from motorpool.local import identity
from motorpool.local.config import URI_VARIABLE, FunctionConfig
from motorpool.local.errors import InputError, TemplateError
from motorpool.local.service import LocalLambda
from motorpool.local.template import load_function

__all__ = ["add_arguments", "find_template", "ready_lines", "run"]

_DEFAULT_PORT: Final = 9001
_MAX_PORT: Final = 65_535
_TEMPLATE: Final = "template.yaml"
_SETTINGS_PREFIX: Final = "MOTORPOOL_"
_NOT_SETTINGS: Final = frozenset({"MOTORPOOL_TEST_URI"})  # it names a server for the tests


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool local`."""
    parser.add_argument(
        "--template",
        type=Path,
        metavar="PATH",
        help="SAM template to read the function from (default: ./template.yaml, "
        "else motorpool's own)",
    )
    parser.add_argument(
        "--function", metavar="NAME", help="logical id or name, when the template has several"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=int,
        default=_DEFAULT_PORT,
        help="port; 0 picks a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--concurrency", type=int, metavar="N", help="reserved concurrency, over the template's"
    )
    parser.add_argument(
        "--timeout", type=float, metavar="S", help="time-out in seconds, over the template's"
    )
    parser.add_argument("--memory", type=int, metavar="MB", help="memory, over the template's")
    parser.add_argument(
        "--mongodb-uri",
        metavar="URI",
        help=f"{URI_VARIABLE} of the function; mongomock:// is the embedded database",
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="K=V",
        help="environment variable of the function, over the template's; may be repeated",
    )
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="K=V",
        help="value of a parameter of the template; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal asks to stop, then return 0. Raises `LocalError` for bad input."""
    if not 0 <= args.port <= _MAX_PORT:
        raise InputError(f"port {args.port}: from 0 to {_MAX_PORT}")
    environment = _settings_of_the_shell() | _pairs("--env", args.env)
    if args.mongodb_uri is not None:
        environment[URI_VARIABLE] = args.mongodb_uri
    config = load_function(
        args.template or find_template(),
        function=args.function,
        parameters=_pairs("--parameter", args.parameter),
        environment=environment,
    )
    given: dict[str, Any] = {
        "reserved_concurrency": args.concurrency,
        "timeout_s": args.timeout,
        "memory_mb": args.memory,
    }
    config = replace(config, **{name: value for name, value in given.items() if value is not None})
    asyncio.run(_serve(config, args.host, args.port))
    return 0


def _settings_of_the_shell() -> dict[str, str]:
    """The proxy's settings that are exported: as with SAM, they win over the template's."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_SETTINGS_PREFIX) and name not in _NOT_SETTINGS
    }


def find_template() -> Path:
    """The template that is meant when none is named: the current folder's, else motorpool's own.

    motorpool's own is beside the rooms in a source tree, and in `share/motorpool` of the
    installation otherwise. Raises `TemplateError` when there is none.
    """
    places = (
        Path.cwd(),
        Path(__file__).resolve().parents[1],
        Path(sys.prefix, "share", "motorpool"),
    )
    for place in places:
        if (place / _TEMPLATE).is_file():
            return place / _TEMPLATE
    raise TemplateError(f"no {_TEMPLATE} in this folder; name one with --template")


async def _serve(config: FunctionConfig, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with LocalLambda(config, host=host, port=port) as local:
        # In one write: who reads the first line and closes the pipe must not break the second.
        sys.stdout.write("".join(f"{line}\n" for line in ready_lines(config, local.url)))
        sys.stdout.flush()
        await stop.wait()


def ready_lines(config: FunctionConfig, url: str) -> tuple[str, str]:
    """Where the service is, and a command to try it with, for the standard output."""
    queued = ", queued" if config.is_embedded else ""
    ready = (
        f"{config.name} at {url} (concurrency {config.concurrency}{queued}, "
        f"{config.memory_mb} MB, {config.timeout_s:g} s)"
    )
    # fileb: is what both versions of the AWS tools read without an option of their own.
    hint = (
        """try: echo '{"v": 1, "ops": []}' | aws lambda invoke --no-sign-request """
        f"--region {identity.region()} --endpoint-url {url} --function-name {config.name} "
        "--payload fileb:///dev/stdin /dev/stdout"
    )
    return ready, hint


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            # Not the text itself: a password may stand in it.
            raise InputError(f"{option}: expected NAME=VALUE")
        pairs[name] = value
    return pairs
