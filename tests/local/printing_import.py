"""A module that prints while it is imported, and whose handler prints too."""

print("loading")  # noqa: T201 - to be found in the log


def handler(_: object, __: object) -> None:
    print("handling")  # noqa: T201 - same
