"""A module whose import fails, as a handler's module with a missing dependency does."""

print("importing")  # noqa: T201 - to be found in the log
raise ImportError("no module named bananas")
