"""What can go wrong before the service runs, as sentences for the person who started it.

    LocalError               root; `exit_code` is what the command ends with
    ├── InputError      2    an option's value, or a setting of the function
    │   └── TemplateError    the template: missing, unreadable, or not to be resolved
    └── ListenError     1    the address is taken or is not ours

Failures of an invocation are none of these: they are answers (`outcome.py`) or refusals
(`pool.py`), and the service goes on.
"""

from typing import ClassVar

__all__ = ["InputError", "ListenError", "LocalError", "TemplateError"]


class LocalError(Exception):
    """Root of this room's errors; its text is one line, fit to be shown as it stands."""

    exit_code: ClassVar[int] = 1


class InputError(LocalError):
    """Something that the caller gave cannot be used."""

    exit_code = 2


class TemplateError(InputError):
    """The template cannot be read, or a property that is needed cannot be resolved."""


class ListenError(LocalError):
    """The service cannot listen on the address it was given."""
