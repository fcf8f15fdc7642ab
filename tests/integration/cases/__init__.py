"""The script of operations that must give the same answers directly and through the proxy.

Adding a case is one line in the module of its subject:

    case("find sorted", lambda c: c.find({}).sort("n", -1).to_list(None))

`c` is the collection `items` of `dataset`; `c.database[...]` reaches the others. A case of several
operations is a list of such lambdas, run in order whatever the earlier ones raise, or an async
function. A module's first lines say whether its cases change anything.
"""

from tests.integration.cases import (
    administration,
    aggregations,
    bulk,
    change_one,
    client_bulk,
    mistakes,
    options,
    reads,
    values,
    writes,
)
from tests.integration.cases.table import Case

ALL: tuple[Case, ...] = (
    *reads.case.table,
    *options.case.table,
    *aggregations.case.table,
    *aggregations.writing_case.table,
    *writes.case.table,
    *change_one.case.table,
    *bulk.case.table,
    *values.case.table,
    *mistakes.case.table,
    *mistakes.write_case.table,
    *mistakes.server_case.table,
    *administration.case.table,
    *administration.change.table,
    *administration.wire.table,
    *administration.wire_change.table,
    *client_bulk.case.table,
)
