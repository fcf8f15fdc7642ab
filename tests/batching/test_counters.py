from motorpool.batching.counters import Counters


def test_snapshot_has_every_counter_by_name_and_what_was_saved() -> None:
    assert Counters().snapshot() == {
        "operations": 0,
        "refused": 0,
        "deduplicated": 0,
        "cancelled": 0,
        "timed_out": 0,
        "sent": 0,
        "retried": 0,
        "throttled": 0,
        "invocations": 0,
        "invocations_saved": 0,
        "bytes_sent": 0,
        "bytes_received": 0,
        "in_flight": 0,
        "max_in_flight": 0,
        "queue_wait": 0.0,
        "max_queue_wait": 0.0,
        "flush_reasons": {},
        "batch_sizes": {},
    }


def test_batches_are_counted_by_reason_and_by_size_with_the_times_that_they_waited() -> None:
    counters = Counters()

    counters.took_off("quiet", [0.25, 0.5])
    counters.took_off("quiet", [0.125])
    counters.landed()
    counters.took_off("size", [2.0, 0.0])
    counters.invocations = 3

    assert counters.snapshot() == Counters().snapshot() | {
        "sent": 5,
        "invocations": 3,
        "invocations_saved": 2,
        "in_flight": 2,
        "max_in_flight": 2,
        "queue_wait": 2.875,
        "max_queue_wait": 2.0,
        "flush_reasons": {"quiet": 2, "size": 1},
        "batch_sizes": {2: 2, 1: 1},
    }


def test_snapshot_is_a_copy_that_later_batches_do_not_change() -> None:
    counters = Counters()
    counters.took_off("quiet", [0.0])
    before = counters.snapshot()

    counters.took_off("quiet", [0.0])
    before["batch_sizes"][7] = 7

    assert before["flush_reasons"] == {"quiet": 1}
    assert counters.batch_sizes == {1: 2}


def test_operations_that_were_sent_or_shared_save_all_but_the_invocations_made() -> None:
    counters = Counters()
    counters.sent, counters.deduplicated, counters.invocations = 10, 5, 2

    assert counters.invocations_saved == 13


def test_repeats_and_refusals_never_make_the_savings_negative() -> None:
    counters = Counters()
    counters.sent, counters.invocations = 1, 3

    assert counters.invocations_saved == 0


def test_repr_shows_the_counters_that_say_most() -> None:
    counters = Counters()
    counters.operations, counters.sent, counters.invocations = 12, 12, 1

    assert repr(counters) == "<Counters operations=12 invocations=1 saved=11 in_flight=0>"
