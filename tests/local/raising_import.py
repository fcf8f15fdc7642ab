"""A module whose import raises what is no error of the runtime's."""

raise ValueError("a setting is missing")
