"""A database's commands: any that a server knows, put together and answered as the driver does.

Each call is one operation. Says nothing about which commands the proxy lets through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

import bson
from bson.codec_options import DEFAULT_CODEC_OPTIONS, CodecOptions, TypeRegistry
from bson.raw_bson import RawBSONDocument

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of, unchanged
from motorpool.client.cursors.listed import CommandCursor
from motorpool.client.read_preferences import is_read_preference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorpool.batching.call import Call

_NO_DECODERS: Final = TypeRegistry()


@methods_of("Database")
class Commands(Calling):
    """The methods of a database that run a command and return what the server says."""

    def command(
        self,
        command: str | Mapping[str, Any],
        value: Any = 1,
        check: bool = True,
        allowable_errors: Sequence[str | int] | None = None,
        read_preference: Any = None,
        codec_options: CodecOptions[Any] | None = None,
        session: None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[Any]:
        """Run a command; the server's reply. `command("count", "items", query={"n": 1})`.

        As in the driver, neither the database's read preference nor its codec options apply: both
        are given here, or are the defaults. `check`: raise OperationFailure where the reply says
        so, unless it is one of `allowable_errors` (codes, or messages where there is no code).
        """

        def prepare() -> Call[Any]:
            arguments.no_session(session)
            more = kwargs if comment is None else {**kwargs, "comment": comment}
            args = _command_arguments(command, value, more, read_preference, codec_options)
            if not check:
                args["check"] = False
            if allowable_errors is not None:
                args["allowable_errors"] = list(allowable_errors)
            return self._call("command", args, unchanged, codec_options=_reply(codec_options))

        return self._prepared(prepare)

    def cursor_command(
        self,
        command: str | Mapping[str, Any],
        value: Any = 1,
        read_preference: Any = None,
        codec_options: CodecOptions[Any] | None = None,
        session: None = None,
        comment: Any = None,
        max_await_time_ms: int | None = None,
        **kwargs: Any,
    ) -> Call[CommandCursor]:
        """Run a command whose reply is a cursor, and return that cursor.

        Its documents come all at once, and must fit into one response (6 MB; `find` and
        `aggregate` go on over several). Raises `pymongo.errors.InvalidOperation` where the command
        gives no cursor, and NotImplementedError for one that waits for documents. `comment` and
        `max_await_time_ms` are, as in the driver, for further batches alone, of which there are
        none.
        """
        del comment, max_await_time_ms

        def prepare() -> Call[CommandCursor]:
            arguments.no_session(session)
            args = _command_arguments(command, value, kwargs, read_preference, codec_options)
            if kwargs.get("tailable") or (not isinstance(command, str) and command.get("tailable")):
                raise NotImplementedError("a tailable cursor of a command: use find(cursor_type=…)")
            args["cursor"] = True
            return self._call("command", args, CommandCursor, codec_options=_reply(codec_options))

        return self._prepared(prepare)

    def validate_collection(
        self,
        name_or_collection: Any,
        scandata: bool = False,
        full: bool = False,
        session: None = None,
        background: bool | None = None,
        comment: Any = None,
    ) -> Call[dict[str, Any]]:
        """Check a collection's data and indexes on disk; what the server found.

        Raises `pymongo.errors.CollectionInvalid` where they are not as they should be.
        """

        def prepare() -> Call[dict[str, Any]]:
            arguments.no_session(session)
            name = name_of(name_or_collection)
            if not isinstance(name, str):
                raise TypeError(
                    "name_or_collection must be an instance of str or AsyncCollection, "
                    f"not {type(name)}"
                )
            command = {"validate": name, "scandata": scandata, "full": full}
            if comment is not None:
                command["comment"] = comment
            if background is not None:
                command["background"] = background
            return self._call(
                "command",
                {"command": command},
                lambda reply: _validated(name, reply),
                codec_options=DEFAULT_CODEC_OPTIONS,
            )

        return self._prepared(prepare)


def name_of(name_or_collection: Any) -> Any:
    """A collection's name, or whatever else was given in its place."""
    from motorpool.client.collection import Collection  # noqa: PLC0415 - it imports this module

    if isinstance(name_or_collection, Collection):
        return name_or_collection.name
    return name_or_collection


def _command_arguments(
    command: str | Mapping[str, Any],
    value: Any,
    more: Mapping[str, Any],
    read_preference: Any,
    codec_options: CodecOptions[Any] | None,
) -> dict[str, Any]:
    """The command as the driver puts it together: its name first, keywords last."""
    document: Any = {command: value} if isinstance(command, str) else command
    if not list(document):
        # What becomes of the driver's coroutine, which asks for the first field's name.
        raise RuntimeError("command must not be empty: its first field is the command's name")
    if more:
        document = {**document, **more}
    # Encoded here: a caller's encoders apply to a command, and the decoders do not to its reply.
    encoded = bson.encode(document, codec_options=codec_options or DEFAULT_CODEC_OPTIONS)
    args: dict[str, Any] = {"command": RawBSONDocument(encoded)}
    if read_preference is not None:
        if not is_read_preference(read_preference):
            raise TypeError(f"{read_preference!r} is not a read preference")
        args["read_preference"] = read_preference.document
    return args


def _reply(codec_options: CodecOptions[Any] | None) -> CodecOptions[Any]:
    # bson._decode_all_selective leaves the decoders out where no field is the caller's.
    options = codec_options or DEFAULT_CODEC_OPTIONS
    return options.with_options(type_registry=_NO_DECODERS)


def _validated(name: str, reply: dict[str, Any]) -> dict[str, Any]:
    """The reply, or CollectionInvalid (pymongo/asynchronous/database.py, validate_collection)."""
    shards = reply["raw"].values() if "raw" in reply and "result" not in reply else [reply]
    for each in shards:
        if "result" in each:
            info = each["result"]
            if "exception" in info or "corrupt" in info:
                _not_valid(f"{name} invalid: {info}")
        elif not each.get("valid", False):
            _not_valid(f"{name} invalid: {reply!r}")
    return reply


def _not_valid(message: str) -> NoReturn:
    from motorpool.client.driver_errors import CollectionInvalid  # noqa: PLC0415 - see there

    raise CollectionInvalid(message)
