"""The rules for names of databases and collections, as the driver checks them."""

from __future__ import annotations

from motorpool.client.refusals import invalid_name

DATABASE_FORBIDDEN = (" ", ".", "$", "/", "\\", "\x00", '"')


def check_database_name(name: object) -> str:
    """`name`, if it can name a database. Raises TypeError, or `pymongo.errors.InvalidName`."""
    if not isinstance(name, str):
        message = f"name must be an instance of str, not {type(name)}"
        raise TypeError(message)
    if not name:
        invalid_name("database name cannot be the empty string")
    for character in DATABASE_FORBIDDEN:
        if character in name:
            invalid_name(f"database names cannot contain the character {character!r}")
    return name


def check_collection_name(name: object) -> str:
    """`name`, if it can name a collection. Raises TypeError, or `pymongo.errors.InvalidName`."""
    if not isinstance(name, str):
        message = f"name must be an instance of str, not {type(name)}"
        raise TypeError(message)
    if not name or ".." in name:
        invalid_name("collection names cannot be empty")
    if "$" in name and not name.startswith(("oplog.$main", "$cmd")):
        invalid_name(f"collection names must not contain '$': {name!r}")
    if name.startswith(".") or name.endswith("."):
        invalid_name(f"collection names must not start or end with '.': {name!r}")
    if "\x00" in name:
        invalid_name("collection names must not contain the null character")
    return name
