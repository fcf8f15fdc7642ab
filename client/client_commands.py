"""A client as a whole: its databases, its server, bulk writes, and what a connection would know.

Each call is one operation. Checks arguments as the driver does and says what becomes of the answer;
sends nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from bson.codec_options import DEFAULT_CODEC_OPTIONS

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of, unchanged
from motorpool.client.client_bulk import ClientRequestList
from motorpool.client.collection_commands import no_change_streams
from motorpool.client.cursors.listed import CommandCursor
from motorpool.client.database_commands import names
from motorpool.client.indexes import nothing
from motorpool.client.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from motorpool.batching.call import Call
    from motorpool.client.proxy_client import ProxyClient
    from motorpool.client.results import ClientBulkWriteResult


def _of_a_connection(name: str) -> property:
    """A property of the driver's that tells of its connections: here there are none to tell of."""

    def refuse(self: object) -> NoReturn:
        raise NotImplementedError(
            f"{name}: a ProxyClient has no connection to a server and does not know the servers; "
            "ask the server itself: await client.admin.command('hello')"
        )

    refuse.__doc__ = "Not known without a connection. Raises NotImplementedError."
    return property(refuse)


@methods_of("ProxyClient")
class ClientCommands(Calling):
    """The methods of a client that concern all of its databases. Its namespace is `admin.$cmd`."""

    # Databases ------------------------------------------------------------------------------------

    def list_databases(
        self, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[CommandCursor]:
        """A cursor over the databases, each with name and size.

        Options: filter, nameOnly, authorizedDatabases, maxTimeMS (milliseconds).
        """
        return self._list_databases(session, {**kwargs, "comment": comment}, CommandCursor)

    def list_database_names(self, session: None = None, comment: Any = None) -> Call[list[str]]:
        """The names of the databases."""
        return self._list_databases(session, {"nameOnly": True, "comment": comment}, names)

    def _list_databases(
        self, session: Any, given: Mapping[str, Any], read: Callable[[list[Any]], Any]
    ) -> Call[Any]:
        def prepare() -> Call[Any]:
            arguments.no_session(session)
            args = arguments.options("list_databases", given)
            return self._call("list_databases", args, read, codec_options=DEFAULT_CODEC_OPTIONS)

        return self._prepared(prepare)

    def drop_database(
        self, name_or_database: Any, session: None = None, comment: Any = None
    ) -> Call[None]:
        """Drop a database, given by its name or itself."""

        def prepare() -> Call[None]:
            from motorpool.client.database import Database  # noqa: PLC0415 - its names are checked

            arguments.no_session(session)
            is_database = isinstance(name_or_database, Database)
            name = name_or_database.name if is_database else name_or_database
            if not isinstance(name, str):
                raise TypeError(
                    f"name_or_database must be an instance of str or a AsyncDatabase, "
                    f"not {type(name)}"
                )
            database = cast("ProxyClient", self).get_database(name)
            args = arguments.options("drop_database", {"comment": comment})
            return database._call(  # noqa: SLF001 - a database without options of its own
                "drop_database", args, nothing, codec_options=DEFAULT_CODEC_OPTIONS
            )

        return self._prepared(prepare)

    def server_info(self, session: None = None) -> Call[dict[str, Any]]:
        """What the server says of itself: version, modules, limits (`buildInfo`)."""

        def prepare() -> Call[dict[str, Any]]:
            arguments.no_session(session)
            args = {"command": {"buildinfo": 1}}
            return self._call("command", args, unchanged, codec_options=DEFAULT_CODEC_OPTIONS)

        return self._prepared(prepare)

    # Bulk writes ----------------------------------------------------------------------------------

    def bulk_write(
        self,
        models: Sequence[Any],
        session: None = None,
        ordered: bool = True,
        verbose_results: bool = False,
        bypass_document_validation: bool | None = None,
        comment: Any = None,
        let: Mapping[str, Any] | None = None,
        write_concern: Any = None,
    ) -> Call[ClientBulkWriteResult]:
        """Run InsertOne, UpdateOne … on any namespaces in one command; MongoDB 8.0 or newer.

        Each model names its namespace: `InsertOne({"a": 1}, namespace="shop.items")`; PyMongo's
        classes are taken, too. `verbose_results`: the result also holds one for each model.
        """

        def prepare() -> Call[ClientBulkWriteResult]:
            arguments.no_session(session)
            concern = write_concern or self.write_concern
            if not concern.acknowledged and verbose_results:
                invalid("Cannot request unacknowledged write concern and verbose results")
            if not concern.acknowledged and ordered:
                invalid("Cannot request unacknowledged write concern and ordered writes")
            if let is not None:
                arguments.document("let", let)
            requests = ClientRequestList.of(models)
            if not concern.acknowledged:
                requests.refuse_unanswered(bypass_document_validation)
            given = {
                "ordered": ordered,
                "verbose_results": verbose_results,
                "bypass_document_validation": bypass_document_validation,
                "comment": comment or None,
                "let": let or None,
            }
            args = {"requests": requests.requests, **arguments.options("client_bulk_write", given)}
            if write_concern:
                args["write_concern"] = write_concern.document
            return self._call(
                "client_bulk_write",
                args,
                lambda ok: requests.result(ok, is_verbose=verbose_results),
            )

        return self._prepared(prepare)

    # Closing --------------------------------------------------------------------------------------

    def close(self) -> Awaitable[None]:
        """Close the client: `client.close()` as with Motor, `await client.close()` as with PyMongo.

        Begun when called, where a loop runs: what is queued is sent, what is on its way is waited
        for, and the transport is closed. Awaited, it is all of that done; `aclose` is the same.
        """
        from motorpool.client.closing import Closing  # noqa: PLC0415 - it brings asyncio

        client = cast("ProxyClient", self)
        return Closing(client.aclose, client._transport.aclose)  # noqa: SLF001 - the same client

    # What has no meaning here ---------------------------------------------------------------------

    def start_session(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Sessions and transactions are not carried. Raises NotImplementedError."""
        del args, kwargs
        raise NotImplementedError(
            "start_session: sessions of an application, and so transactions and causal "
            "consistency, are not carried by the proxy yet"
        )

    def watch(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Change streams are not carried. Raises NotImplementedError."""
        del args, kwargs
        no_change_streams()

    async def aconnect(self) -> None:
        """Do nothing: there is no connection to be made, and the proxy has its own."""

    address = _of_a_connection("address")
    arbiters = _of_a_connection("arbiters")
    is_mongos = _of_a_connection("is_mongos")
    is_primary = _of_a_connection("is_primary")
    nodes = _of_a_connection("nodes")
    options = _of_a_connection("options")
    primary = _of_a_connection("primary")
    secondaries = _of_a_connection("secondaries")
    topology_description = _of_a_connection("topology_description")
    HOST = _of_a_connection("HOST")
    PORT = _of_a_connection("PORT")
