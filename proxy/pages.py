"""How much of a result goes into one response: room, shares of it, and sizes that are foreseen.

Pure. A server gives documents by the batch, up to 16 MiB at once, and what it has given it does not
give again; a response carries less than 5. So a page asks for no more documents than will fit, as
far as the sizes of those before can tell.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from itertools import accumulate
from math import ceil, sqrt
from operator import mul
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bson.int64 import Int64

from motorpool.batching.codec import RawDocument, RawDocuments
from motorpool.batching.errors import ResultTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Address: TypeAlias = "tuple[str, int | None]"

LEAST_SHARE_BYTES: Final = 64 * 1024
"""What a result leaves, where it can, to each other that waits for room in the same response."""

ENTRY_BYTES: Final = 512
"""Set aside for each operation of a batch: an entry without documents takes 100 to 400."""

BARE_ENTRY_BYTES: Final = 32
"""Set aside where an entry is its id and a document, or nothing."""

_LEAST_DOCUMENT: Final = 5
"""Bytes of an empty document."""

_GROWTH: Final = 4
"""A batch has at most so many times the documents whose sizes are known; or, where a sample of them
is, as many as fit even if they turn out so many times as large as those known."""

_SAMPLE: Final = 100
"""Documents that are a sample: a server's first batch has 101 where nobody says how many."""

_REMEMBERED: Final = 2_000
"""Sizes that count in full: older ones fade, since documents of one age are often of one size."""

_DEVIATIONS: Final = 3
"""How many standard deviations above its mean a batch may be and still fit."""


class NoRoom(Exception):
    """Others have taken the room of this response: the operation is to be sent again."""


class Sizes:
    """The sizes of documents seen, in bytes: how many, their mean, how far they spread."""

    __slots__ = ("_count", "_squares", "_sum")

    def __init__(self, count: float = 0.0, total: float = 0.0, squares: float = 0.0) -> None:
        """`total`: the sum of the sizes. `squares`: of their squares."""
        self._count, self._sum, self._squares = count, total, squares

    @classmethod
    def read(cls, told: object) -> Sizes:
        """What an earlier page told (see `told`); nothing known where it is not that."""
        fields = 3
        if (
            isinstance(told, list)
            and len(told) == fields
            and all(isinstance(number, float) and 0 <= number < float("inf") for number in told)
            and (told[1] > 0 or not told[0])
        ):
            return cls(*told)
        return cls()

    def told(self) -> list[float]:
        """What the next page needs to know, as numbers."""
        return [self._count, self._sum, self._squares]

    def add(self, sizes: Sequence[int]) -> None:
        """So many documents more."""
        at = 0
        while at < len(sizes):
            if self._count >= _REMEMBERED:
                self._count, self._sum, self._squares = (
                    value / 2 for value in (self._count, self._sum, self._squares)
                )
            # At the least one: what was told of earlier ones (see `read`) may be any number.
            some = sizes[at : at + max(1, ceil(_REMEMBERED - self._count))]
            self._count += len(some)
            self._sum += sum(some)
            self._squares += sum(map(mul, some, some))
            at += len(some)

    def fit_into(self, room: int) -> int:
        """How many further documents fit into `room` bytes, most probably; 0: not even one."""
        if room <= 0:
            return 0
        if not self._count:
            return 1
        most = _GROWTH * self._count
        if self._count >= _SAMPLE:
            most = max(most, self._in(room / _GROWTH))
        return int(min(most, self._in(room)))

    def _in(self, room: float) -> float:
        """How many most probably take no more than `room` bytes, by those that were seen."""
        mean = self._sum / self._count
        spread = _DEVIATIONS * sqrt(max(0.0, self._squares / self._count - mean * mean))
        # n documents take n * mean, give or take sqrt(n) * spread.
        root = (sqrt(spread * spread + 4 * mean * room) - spread) / (2 * mean)
        return root * root

    def __repr__(self) -> str:
        """How many, and their mean."""
        mean = self._sum / self._count if self._count else 0
        return f"<Sizes {self._count:.0f} of {mean:.0f} bytes>"


class Room:
    """What one response has for results, in bytes, and how many results wait for some of it."""

    def __init__(
        self,
        total: int,
        results: int,
        size: Callable[[bytes], int] | None = None,
        *,
        beside: int = 0,
        can_compress: bool = False,
    ) -> None:
        """`results`: how many will ask. `size`: bytes that an encoded document takes up.

        `beside`: where there is no `size`, what each document takes up beside its own bytes.
        `can_compress`: whether the caller reads compressed responses.
        """
        self.total = total
        self.left = total
        self._size = size
        self._beside = beside
        self.can_compress = can_compress
        self._waiting = results
        self._held = 0
        self._least = min(LEAST_SHARE_BYTES, total // (2 * results)) if results else 0

    def size(self, document: bytes) -> int:
        """Bytes that a document takes up."""
        return len(document) + self._beside if self._size is None else self._size(document)

    def sizes(self, documents: Sequence[bytes]) -> list[int]:
        """The same of each: a page has thousands, so this is no call for each of them."""
        if self._size is not None:
            return list(map(self._size, documents))
        beside = self._beside
        return [len(document) + beside for document in documents]

    def share(self, taken: int) -> int:
        """What a result that has taken so much may count on further: every result as much."""
        return (self.left + taken) // max(1, self._waiting) - taken

    @property
    def most(self) -> int:
        """What a result may take of it for what it has already: the others keep the least."""
        return self.most_of(1)

    def most_of(self, results: int) -> int:
        """What so many results, all of which wait for some of it, may take together."""
        return self.left - self._least * max(0, self._waiting - results)

    def is_all(self, taken: int) -> bool:
        """Whether a result that has taken so much has the room for itself."""
        return self.left + taken == self.total and self._waiting <= 1

    @property
    def is_full(self) -> bool:
        """Whether not even an empty document fits any more."""
        return self.left < _LEAST_DOCUMENT

    def take(self, size: int) -> None:
        """So many bytes are taken; negative: given back."""
        self.left -= size

    def size_of(self, result: object) -> int:
        """Bytes that a result takes up; 0 where it has no documents."""
        if isinstance(result, RawDocument):
            return self.size(result)
        return sum(self.sizes(result)) if isinstance(result, RawDocuments) else 0

    def has_held(self, document: RawDocument) -> bool:
        """Take up a single document, if there is room for it beside what the others keep.

        One that has the whole response for itself is taken whatever its size: it may compress.
        """
        size = self.size(document)
        if size > self.most_of(0) and (self.left < self.total or self._waiting):
            return False
        self.take(size)
        return True

    def hold(self, document: RawDocument) -> None:
        """Take up a single document that cannot be asked for again.

        It is held as long as all such documents are no more than the whole room, whatever others
        have taken: those can be asked for again. Raises ResultTooLarge beyond that.
        """
        size = self.size(document)
        if self._held and self._held + size > self.total:
            raise ResultTooLarge(
                f"the result is {size} bytes, more than fits into a response beside others; "
                "the write was applied",
                may_have_applied=True,
            )
        self._held += size
        self.take(size)

    def leave(self) -> None:
        """A result is complete: what it left is the others'."""
        self._waiting -= 1

    def __repr__(self) -> str:
        """How much is left, for how many."""
        return f"<Room {self.left} of {self.total} for {self._waiting}>"


class Page:
    """Documents of one result that are certain to fit into the response."""

    def __init__(self, room: Room, length: int | None) -> None:
        """`length`: how many are wanted; None: as many as fit."""
        self.documents = RawDocuments()
        self._taken = 0
        self._room = room
        self._length = length

    def add(self, documents: Sequence[bytes], sizes: Sizes | None) -> int:
        """Take as many of them, from the first on, as fit; how many that were.

        `sizes`: is told each one's; None where they are the last.
        """
        lengths = self._room.sizes(documents)
        kept, whole, most = len(lengths), sum(lengths), self._room.most
        if whole > most:
            kept = bisect_right(list(accumulate(lengths)), most)
            whole = sum(lengths[:kept])
        if sizes is not None:
            sizes.add(lengths[: kept + 1])  # also the first that does not fit
        self._take(documents[:kept], whole)
        return kept

    def add_alone(self, document: bytes) -> None:
        """Take a document that fits only if it is compressed.

        Raises ResultTooLarge where it does not even then.
        """
        room = self._room
        if not room.can_compress or room.size(zlib.compress(document, 1)) > room.most:
            raise ResultTooLarge(
                f"the document is {len(document)} bytes, more than fits into a response (some "
                f"{room.total} bytes); ask for less of it with a projection"
            )
        self._take([document], room.size(document))

    def _take(self, documents: Sequence[bytes], size: int) -> None:
        self.documents += documents
        self._taken += size
        self._room.take(size)

    def give_back(self) -> None:
        """Begin again, with nothing."""
        self._room.take(-self._taken)
        self.documents, self._taken = RawDocuments(), 0

    @property
    def share(self) -> int:
        """Bytes that it may count on further."""
        return self._room.share(self._taken)

    @property
    def missing(self) -> int | None:
        """How many documents are still wanted; None: as many as fit."""
        return None if self._length is None else self._length - len(self.documents)

    @property
    def is_alone(self) -> bool:
        """Whether it has the whole response for itself."""
        return self._room.is_all(self._taken)

    def __repr__(self) -> str:
        """How much is in it."""
        return f"<Page {len(self.documents)} documents, {self._taken} bytes>"


def cursor_of(told: Mapping[str, Any]) -> tuple[int, Address | None, Sizes]:
    """The cursor that a page told of: its id, its server's address, the sizes seen so far.

    Raises ValueError, saying what is wrong, for what no page tells.
    """
    id_, address = told.get("id"), told.get("address")
    if isinstance(id_, bool) or not isinstance(id_, int):
        raise ValueError(  # noqa: TRY004 - one error for all that no page tells
            "'cursor' must be the cursor that came with a page, with its 'id'"
        )
    if address is None:
        return int(id_), None, Sizes.read(told.get("sizes"))
    host, _, port = str(address).rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"'cursor.address' must be 'host:port', not {str(address)[:80]!r}")
    return int(id_), (host, int(port)), Sizes.read(told.get("sizes"))


def tell_cursor(id_: int, address: Address | None, sizes: Sizes) -> dict[str, Any]:
    """What goes out with a page so that the next can be asked for: see `cursor_of`."""
    told: dict[str, Any] = {"id": Int64(id_), "sizes": sizes.told()}
    if address is not None and address[1] is not None:  # a Unix socket has no port, nor a choice
        told["address"] = f"{address[0]}:{address[1]}"
    return told
