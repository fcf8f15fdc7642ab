"""What an application imports: the client, its transports, its bulk requests, its errors.

    from motorpool.client import ProxyClient

Importing it costs `bson` and little else: no driver, no AWS library, no event loop before a client
is made. Errors are caught by the driver's classes (`except pymongo.errors.DuplicateKeyError`) or by
these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.batching.bounds import Bounds
from motorpool.batching.errors import (
    BatchAbandoned,
    ClientClosed,
    ConnectionLost,
    FunctionFailed,
    InvalidOperationError,
    MotorpoolError,
    NotInvoked,
    OperationTimeout,
    OperationTooLarge,
    OutcomeUnknown,
    ProtocolError,
    QueueFull,
    ResultTooLarge,
    Throttled,
    TransportError,
)
from motorpool.client.bulk import (
    DeleteMany,
    DeleteOne,
    InsertOne,
    ReplaceOne,
    UpdateMany,
    UpdateOne,
)
from motorpool.client.collection import Collection
from motorpool.client.collection_commands import SearchIndexModel
from motorpool.client.concerns import ReadConcern, WriteConcern
from motorpool.client.cursors.aggregate_cursor import AggregateCursor
from motorpool.client.cursors.cursor import Cursor
from motorpool.client.cursors.listed import CommandCursor, LatentCommandCursor
from motorpool.client.cursors.raw_batches import RawBatchAggregateCursor, RawBatchCursor
from motorpool.client.database import Database
from motorpool.client.indexes import IndexModel
from motorpool.client.proxy_client import ProxyClient
from motorpool.client.read_preferences import (
    Nearest,
    Primary,
    PrimaryPreferred,
    ReadPreference,
    Secondary,
    SecondaryPreferred,
)
from motorpool.client.results import (
    BulkWriteResult,
    ClientBulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
)
from motorpool.client.retry import RetryPolicy
from motorpool.client.transports.base import Transport

if TYPE_CHECKING:
    from motorpool.client.scope import Scope
    from motorpool.client.transports.aws import LambdaTransport
    from motorpool.client.transports.in_process import InProcessTransport

__all__ = [
    "AggregateCursor",
    "BatchAbandoned",
    "Bounds",
    "BulkWriteResult",
    "ClientBulkWriteResult",
    "ClientClosed",
    "Collection",
    "CommandCursor",
    "ConnectionLost",
    "Cursor",
    "Database",
    "DeleteMany",
    "DeleteOne",
    "DeleteResult",
    "FunctionFailed",
    "InProcessTransport",
    "IndexModel",
    "InsertManyResult",
    "InsertOne",
    "InsertOneResult",
    "InvalidOperationError",
    "LambdaTransport",
    "LatentCommandCursor",
    "MotorpoolError",
    "Nearest",
    "NotInvoked",
    "OperationTimeout",
    "OperationTooLarge",
    "OutcomeUnknown",
    "Primary",
    "PrimaryPreferred",
    "ProtocolError",
    "ProxyClient",
    "QueueFull",
    "RawBatchAggregateCursor",
    "RawBatchCursor",
    "ReadConcern",
    "ReadPreference",
    "ReplaceOne",
    "ResultTooLarge",
    "RetryPolicy",
    "Scope",
    "SearchIndexModel",
    "Secondary",
    "SecondaryPreferred",
    "Throttled",
    "Transport",
    "TransportError",
    "UpdateMany",
    "UpdateOne",
    "UpdateResult",
    "WriteConcern",
]

# What needs an event loop is imported when it is chosen (PEP 562).
_CHOSEN = {
    "InProcessTransport": "motorpool.client.transports.in_process",
    "LambdaTransport": "motorpool.client.transports.aws",
    "Scope": "motorpool.client.scope",
}


def __getattr__(name: str) -> Any:
    """Import what is chosen: a transport, or the scope's class."""
    if name not in _CHOSEN:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - only here

    value = globals()[name] = getattr(import_module(_CHOSEN[name]), name)
    return value


def __dir__() -> list[str]:
    """Every public name, chosen or not."""
    return __all__
