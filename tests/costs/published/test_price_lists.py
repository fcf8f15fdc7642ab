"""The pricing page's own tables: what a function of a memory costs for a millisecond, and for 100.

Every row that was found of them; each is a bill of that one duration.
"""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from motorpool.costs.bill import bill, gb_seconds
from tests.costs.published.of_the_day import CLASSIC, FREE_TIER, US_EAST_1, used

# Lambda pricing page, "price per 1 ms", x86, since December 2020 (memory up to 10,240 MB).
PER_MS = [
    (128, "0.0000000021"),
    (512, "0.0000000083"),
    (1024, "0.0000000167"),
    (1536, "0.0000000250"),
    (2048, "0.0000000333"),
    (3072, "0.0000000500"),
    (4096, "0.0000000667"),
    (5120, "0.0000000833"),
    (6144, "0.0000001000"),
    (7168, "0.0000001167"),
    (8192, "0.0000001333"),
    (9216, "0.0000001500"),
    (10240, "0.0000001667"),
]

# Lambda pricing page, early 2018: "Free tier seconds per month" and "Price per 100ms ($)".
PER_100_MS = [
    (128, 3_200_000, "0.000000208"),
    (192, 2_133_333, "0.000000313"),
    (256, 1_600_000, "0.000000417"),
    (320, 1_280_000, "0.000000521"),
    (384, 1_066_667, "0.000000625"),
    (448, 914_286, "0.000000729"),
    (512, 800_000, "0.000000834"),
    (576, 711_111, "0.000000938"),
    (640, 640_000, "0.000001042"),
    (704, 581_818, "0.000001146"),
    (768, 533_333, "0.000001250"),
    (832, 492_308, "0.000001354"),
    (896, 457_143, "0.000001459"),
    (960, 426_667, "0.000001563"),
    (1024, 400_000, "0.000001667"),
    (1088, 376_471, "0.000001771"),
    (1152, 355_556, "0.000001875"),
    (1216, 336_842, "0.000001980"),
    (1280, 320_000, "0.000002084"),
    (1344, 304_762, "0.000002188"),
    (1408, 290_909, "0.000002292"),
    (1472, 278_261, "0.000002396"),
    (1536, 266_667, "0.000002501"),
    (1600, 256_000, "0.000002605"),
    (1664, 246_154, "0.000002709"),
    (1728, 237_037, "0.000002813"),
    (1792, 228_571, "0.000002917"),
    (1856, 220_690, "0.000003021"),
    (1920, 213_333, "0.000003126"),
    (1984, 206_452, "0.000003230"),
    (2048, 200_000, "0.000003334"),
    (2112, 193_939, "0.000003438"),
    (2176, 188_235, "0.000003542"),
    (2240, 182_857, "0.000003647"),
    (2304, 177_778, "0.000003751"),
    (2368, 172_973, "0.000003855"),
    (2432, 168_421, "0.000003959"),
    (2496, 164_103, "0.000004063"),
    (2560, 160_000, "0.000004168"),
    (2624, 156_098, "0.000004272"),
    (2688, 152_381, "0.000004376"),
    (2752, 148_837, "0.000004480"),
    (2816, 145_455, "0.000004584"),
    (2880, 142_222, "0.000004688"),
    (2944, 139_130, "0.000004793"),
    (3008, 136_170, "0.000004897"),
]


@pytest.mark.parametrize(("memory_mb", "usd"), PER_MS)
def test_a_millisecond_costs_what_the_page_lists(memory_mb: int, usd: str) -> None:
    one = used(gb_seconds=gb_seconds(invocations=1, duration_ms=1, memory_mb=memory_mb))

    exact = bill([one], US_EAST_1, None).usd

    assert exact.quantize(Decimal("1e-10"), ROUND_HALF_UP) == Decimal(usd)


@pytest.mark.parametrize(("memory_mb", "_free_seconds", "usd"), PER_100_MS)
def test_100_milliseconds_cost_what_the_page_listed(
    memory_mb: int, _free_seconds: int, usd: str
) -> None:
    one = used(gb_seconds=gb_seconds(invocations=1, duration_ms=100, memory_mb=memory_mb))

    exact = bill([one], CLASSIC, None).usd

    assert exact.quantize(Decimal("1e-9"), ROUND_HALF_UP) == Decimal(usd)


@pytest.mark.parametrize(("memory_mb", "free_seconds", "_usd"), PER_100_MS)
def test_as_many_seconds_are_free_as_the_page_listed(
    memory_mb: int, free_seconds: int, _usd: str
) -> None:
    def usd_of(seconds: int) -> Decimal:
        ran = gb_seconds(invocations=seconds, duration_ms=1000, memory_mb=memory_mb)
        return bill([used(gb_seconds=ran)], CLASSIC, FREE_TIER).usd

    # The page rounds them to whole seconds.
    assert usd_of(free_seconds - 1) == 0
    assert usd_of(free_seconds + 1) > 0
