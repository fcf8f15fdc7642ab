"""Refusals in the driver's own classes, which are imported when one of them is raised.

Who catches `pymongo.errors.X` has imported it already; who sees no error never pays for it.
"""

from __future__ import annotations

from typing import NoReturn


def misconfigured(message: str) -> NoReturn:
    """Raise `pymongo.errors.ConfigurationError`."""
    from motorpool.client.driver_errors import ConfigurationError  # noqa: PLC0415 - see above

    raise ConfigurationError(message)


def invalid(message: str) -> NoReturn:
    """Raise `pymongo.errors.InvalidOperation`."""
    from motorpool.client.driver_errors import InvalidOperation  # noqa: PLC0415 - see above

    raise InvalidOperation(message)


def invalid_name(message: str) -> NoReturn:
    """Raise `pymongo.errors.InvalidName`."""
    from motorpool.client.driver_errors import InvalidName  # noqa: PLC0415 - see above

    raise InvalidName(message)


def failed(message: str) -> NoReturn:
    """Raise `pymongo.errors.OperationFailure`."""
    from motorpool.client.driver_errors import OperationFailure  # noqa: PLC0415 - see above

    raise OperationFailure(message)
