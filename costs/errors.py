"""What can be wrong with a question about costs, as one line for the person who asked.

    CostError                root; `exit_code` is what the command ends with
    ├── InputError      2    a figure out of its range, an option that does not fit another
    ├── PricesError     2    a price table that cannot be read, a region or a price it has not
    ├── UsageError      2    recorded usage that cannot be read
    └── RefreshError    1    AWS's price list could not be had

Imports nothing, so that naming an error costs nothing.
"""

from typing import ClassVar

__all__ = ["CostError", "InputError", "PricesError", "RefreshError", "UsageError"]


class CostError(Exception):
    """Root of this room's errors; its text is one line, fit to be shown as it stands."""

    exit_code: ClassVar[int] = 1


class InputError(CostError, ValueError):
    """A figure cannot be used: `name` is the figure's, `reason` what it must be and what it was."""

    exit_code = 2

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


class PricesError(CostError):
    """A price table cannot be read, or has no such region or price."""

    exit_code = 2


class UsageError(CostError):
    """Recorded usage cannot be read; the text names the file and the line."""

    exit_code = 2


class RefreshError(CostError):
    """AWS's price list could not be had or holds what this program does not understand."""
