"""What client, database and collection share: a checked call, handed to the engine.

A call goes out under a namespace and with the options of its level; the answer is decoded as the
driver decodes it. Checks no arguments itself, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import bson
from bson.errors import InvalidDocument

from motorpool.client.cursors.leases import Orphan
from motorpool.client.options import Optioned

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

    from motorpool.batching.call import Call
    from motorpool.client.engine import Arrived, Engine
    from motorpool.client.options import Options
    from motorpool.client.split_write import SplitWrite

C = TypeVar("C")
T = TypeVar("T")
A = TypeVar("A", bound=Awaitable[Any])

Document = Mapping[str, Any]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def methods_of(face: str) -> Callable[[type[C]], type[C]]:
    """Name the methods of a part of `face` as that class's: in errors, tracebacks and help."""

    def named(cls: type[C]) -> type[C]:
        for name, member in vars(cls).items():
            if isinstance(member, FunctionType):
                member.__qualname__ = f"{face}.{name}"
        return cls

    return named


methods_of_collection = methods_of("Collection")


class Calling(Optioned):
    """A level as far as calls know it: where they go, under which name, with which options."""

    def __init__(self, engine: Engine, namespace: str, options: Options) -> None:
        """`namespace`: `database.collection`, or `database.$cmd` of what is no collection's."""
        self._engine = engine
        self._namespace = namespace
        self._options = options

    def _call(
        self,
        op: str,
        args: Mapping[str, Any],
        read: Callable[[Any], T],
        *,
        codec_options: CodecOptions[Any] | None = None,
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T]:
        """Queue one operation; `read` makes the caller's value of its `ok`.

        `codec_options`: in place of the level's, where the driver takes others.
        """
        options = self._options
        reply = options.codec_options_of_reply(op) if codec_options is None else codec_options
        encoding = options.codec_options if codec_options is None else codec_options
        try:
            return self._engine.call(
                op,
                self._namespace,
                options.carried(op, args),
                read,
                codec_options=encoding,
                reply_codec_options=reply,
                made_ids=made_ids,
            )
        except InvalidDocument:
            _refuse_document(op, args, encoding)
            raise

    def _write_call(
        self,
        op: str,
        args: Mapping[str, Any],
        read: Callable[[Any], T],
        *,
        items: str,
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T] | SplitWrite[T]:
        """Queue a write of many `items`, in parts where it is large: see `Engine.write_call`."""
        options = self._options
        try:
            return self._engine.write_call(
                op,
                self._namespace,
                options.carried(op, args),
                read,
                items=items,
                codec_options=options.codec_options,
                reply_codec_options=options.codec_options_of_reply(op),
                made_ids=made_ids,
            )
        except InvalidDocument:
            _refuse_document(op, args, options.codec_options)
            raise

    def _page_call(
        self, op: str, args: Mapping[str, Any], session: bytes | None = None
    ) -> Call[Arrived]:
        """Queue an operation whose result comes by the page: see `Engine.page_call`."""
        options = self._options
        return self._prepared(
            lambda: self._engine.page_call(
                op, self._namespace, options.carried(op, args), options.codec_options, session
            )
        )

    def _list_values(self, op: str, args: Mapping[str, Any]) -> Awaitable[list[Any]]:
        """Queue an operation whose values may need several responses."""
        options = self._options
        return self._engine.list_values(
            op, self._namespace, options.carried(op, args), options.codec_options
        )

    def _kill_cursor(self, cursor: dict[str, Any], session: bytes) -> Call[None]:
        """Queue the end of a cursor on the server."""
        return self._engine.kill_cursor(Orphan(self._namespace, cursor, session))

    def _prepared(self, prepare: Callable[[], A]) -> A:
        """The call, or one that fails when it is awaited.

        As with the driver's coroutines, bad arguments are raised where the answer is awaited, so
        that one bad call does not stop a `gather`.
        """
        try:
            return prepare()
        except Exception as error:  # noqa: BLE001 - whatever the check raised is the caller's
            return cast("A", self._engine.failed_call(error))

    def _refusing(self, error: Exception) -> Calling:
        """Make of this level one whose calls raise `error`, for a cursor that was refused.

        `aggregate` is a coroutine to PyMongo, and a cursor to Motor: in both, what is wrong with
        its arguments is raised where its documents are awaited.
        """
        return _Refused(self._engine, self._namespace, self._options, error)


class _Refused(Calling):
    """A level of which a cursor was asked with bad arguments: awaiting it raises the error."""

    def __init__(self, engine: Engine, namespace: str, options: Options, error: Exception) -> None:
        super().__init__(engine, namespace, options)
        self._error = error

    def _prepared(self, prepare: Callable[[], A]) -> A:
        del prepare
        return cast("A", self._engine.failed_call(self._error))


def _refuse_document(op: str, args: Mapping[str, Any], codec_options: CodecOptions[Any]) -> None:
    """Raise for the document that cannot be encoded: the driver encodes what it writes singly."""
    documents: list[Any] = []
    if op == "insert_one":
        documents = [args["document"]]
    elif op == "insert_many":
        documents = args["documents"]
    elif op == "bulk_write":
        given = [request["args"] for request in args["requests"]]
        documents = [request.get("document", request) for request in given]
    for document in documents:
        bson.encode(document, codec_options=codec_options)


def unchanged(ok: Any) -> Any:
    """The result as it is, for operations that return what the server returned."""
    return ok
