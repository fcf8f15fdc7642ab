"""`motorpool demo`: the main job, on this machine, in under a minute.

A shop page that needs many queries runs one query per invocation and then coalesced, through a
local Lambda and aioboto3. Every number that it prints was counted.
"""

from motorpool.local.demo.command import add_arguments, run

__all__ = ["add_arguments", "run"]
