"""What `with_options` sets: codec options, read preference, read concern, write concern.

A client hands its options to its databases, a database to its collections; a level that says
nothing inherits. What was never said on the client's side is not sent, so that what the proxy's
URI says holds. Checks as the driver does; sends nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bson.codec_options import DEFAULT_CODEC_OPTIONS, CodecOptions, TypeRegistry

from motorpool.batching.operations import OPERATIONS, is_write
from motorpool.client.concerns import (
    ReadConcern,
    WriteConcern,
    is_read_concern,
    is_write_concern,
)
from motorpool.client.read_preferences import ReadPreference, is_read_preference

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_READ_CONCERN: Final = ReadConcern()
DEFAULT_WRITE_CONCERN: Final = WriteConcern()

READS: Final = frozenset(
    {
        "find",
        "find_one",
        "explain",
        "aggregate",
        "count_documents",
        "estimated_document_count",
        "distinct",
    }
)
"""Operations that the driver runs with the level's read preference and read concern. It lists
collections and indexes, and runs commands, from the primary unless the call itself says other."""

HOLD_DOCUMENTS: Final = frozenset(
    {
        "find",
        "find_one",
        "explain",
        "aggregate",
        "get_more",
        "distinct",
        "find_one_and_update",
        "find_one_and_replace",
        "find_one_and_delete",
    }
)
"""Operations whose reply holds the caller's own documents, decoded as the caller wants them. Every
other reply is the server's: to the driver a dict, whatever the codec options say."""

_NO_DECODERS: Final = TypeRegistry()


class Options(NamedTuple):
    """The options of one level. None: nothing was said, here or above."""

    codec_options: CodecOptions[Any] = DEFAULT_CODEC_OPTIONS
    read_preference: Any = None
    write_concern: Any = None
    read_concern: Any = None
    reply_codec_options: CodecOptions[Any] = DEFAULT_CODEC_OPTIONS
    """How replies that hold no documents of the caller's are decoded: made from `codec_options`."""

    def but(
        self,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Options:
        """These options with what is given in place of theirs. Raises TypeError as the driver."""
        # As in the driver, what is false is as if it were not given: `codec_options or …`.
        if not (codec_options or read_preference or write_concern or read_concern):
            return self
        if codec_options and not isinstance(codec_options, CodecOptions):
            raise TypeError("codec_options must be an instance of bson.codec_options.CodecOptions")
        if read_preference and not is_read_preference(read_preference):
            raise TypeError(
                f"{read_preference!r} is not valid for read_preference. See "
                "pymongo.read_preferences for valid "
                "options."
            )
        if write_concern and not is_write_concern(write_concern):
            raise TypeError(
                f"write_concern must be an instance of "
                f"pymongo.write_concern.WriteConcern, not {type(write_concern)}"
            )
        if read_concern and not is_read_concern(read_concern):
            raise TypeError(
                f"read_concern must be an instance of "
                f"pymongo.read_concern.ReadConcern, not {type(read_concern)}"
            )
        return Options(
            codec_options or self.codec_options,
            read_preference or self.read_preference,
            write_concern or self.write_concern,
            read_concern or self.read_concern,
            _reply_codec_options(codec_options) if codec_options else self.reply_codec_options,
        )

    @property
    def said(self) -> tuple[CodecOptions[Any], Any, Any, Any]:
        """Codec options, read preference, write concern, read concern: as levels take them."""
        return self.codec_options, self.read_preference, self.write_concern, self.read_concern

    @property
    def is_acknowledged(self) -> bool:
        """Whether writes are answered, as far as is known here; the proxy's URI may say w=0."""
        return self.write_concern is None or self.write_concern.acknowledged

    def carried(self, op: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments with what these options say of such an operation, unless they say it."""
        said: dict[str, Any] = {}
        if op in READS:
            if self.read_preference is not None:
                said["read_preference"] = self.read_preference.document
            if self.read_concern is not None:
                said["read_concern"] = self.read_concern.document
        # As in the driver, an aggregation has a write concern only where it writes.
        if (
            self.write_concern is not None
            and "write_concern" in OPERATIONS[op].arguments
            and (op not in READS or is_write(op, args))
        ):
            said["write_concern"] = self.write_concern.document
        return {**said, **args} if said else args

    def codec_options_of_reply(self, op: str) -> CodecOptions[Any]:
        """How the reply of an operation is decoded."""
        return self.codec_options if op in HOLD_DOCUMENTS else self.reply_codec_options


def _reply_codec_options(codec_options: CodecOptions[Any]) -> CodecOptions[Any]:
    # pymongo/asynchronous/collection.py, `_write_response_codec_options`; and without the caller's
    # decoders, which `bson._decode_all_selective` leaves out where no field is the caller's.
    return codec_options.with_options(
        document_class=dict,
        unicode_decode_error_handler="replace",
        type_registry=_NO_DECODERS,
    )


class Optioned:
    """What client, database and collection have in common: options, and what they read as."""

    _options: Options

    @property
    def codec_options(self) -> CodecOptions[Any]:
        """How documents are encoded and decoded."""
        return self._options.codec_options

    @property
    def read_preference(self) -> Any:
        """Which members may answer reads; the primary where nothing was said on this side."""
        said = self._options.read_preference
        return ReadPreference.PRIMARY if said is None else said

    @property
    def write_concern(self) -> Any:
        """How far writes must have come; the server's default where nothing was said here."""
        said = self._options.write_concern
        return DEFAULT_WRITE_CONCERN if said is None else said

    @property
    def read_concern(self) -> Any:
        """How isolated reads are; the server's default where nothing was said on this side."""
        said = self._options.read_concern
        return DEFAULT_READ_CONCERN if said is None else said
