"""What both ends share: operations, envelope and encodings, coalescer, errors.

Pure: nothing here opens a socket, knows AWS or imports a driver (`bson`, the format, is shared;
`pymongo`, the client, is not). Read in this order: `operations` (what can be asked), `envelope`
and `codec` (how it travels), `coalescer` (when it leaves), `errors` (what can go wrong).

Nothing is imported here: the client and the proxy each pay, at their cold start, only for the
modules they use.
"""
