"""The most memory that an environment has taken, from files of /proc that are made up here."""

import os
import shutil
from pathlib import Path

import pytest

from motorpool.local import memory
from motorpool.local.memory import PeakMemory


def add_process(
    proc: Path, pid: int, peak_kib: int | None, children: dict[int, str] | None = None
) -> None:
    """A process in `proc`; `children` are the children of each of its threads."""
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    peak = "" if peak_kib is None else f"VmPeak:\t 9999999 kB\nVmHWM:\t {peak_kib:7} kB\n"
    (folder / "status").write_text(
        f"Name:\tVmHWM: 7\nPid:\t{pid}\n{peak}VmRSS:\t 1 kB\n", encoding="ascii"
    )
    for thread, pids in (children or {pid: ""}).items():
        (folder / "task" / str(thread)).mkdir(parents=True, exist_ok=True)
        (folder / "task" / str(thread) / "children").write_text(pids, encoding="ascii")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "self").mkdir()
    (tmp_path / "thread-self").mkdir()
    (tmp_path / "thread-self" / "children").touch()
    return tmp_path


@pytest.mark.parametrize(("kib", "mib"), [(1, 1), (1024, 1), (1025, 2), (51 * 1024, 51)])
async def test_the_peak_is_rounded_up_to_whole_mebibytes(kib: int, mib: int, proc: Path) -> None:
    add_process(proc, 7, kib)
    assert await PeakMemory(proc).look(7) == mib


async def test_children_of_every_thread_and_theirs_are_added(proc: Path) -> None:
    add_process(proc, 7, 10 * 1024, {7: "8 9 ", 70: "10 "})
    for child in (8, 9):
        add_process(proc, child, 1024)
    add_process(proc, 10, 1024, {10: "11 "})
    add_process(proc, 11, 1024)
    add_process(proc, 12, 1024)  # nobody's
    assert await PeakMemory(proc).look(7) == 14


async def test_where_the_kernel_names_no_children_the_process_stands_alone(proc: Path) -> None:
    (proc / "thread-self" / "children").unlink()
    add_process(proc, 7, 10 * 1024)
    (proc / "7" / "task" / "7" / "children").unlink()
    assert await PeakMemory(proc).look(7) == 10


async def test_of_what_has_gone_the_last_reading_stands(proc: Path) -> None:
    add_process(proc, 7, 10 * 1024, {7: "8 ", 70: ""})
    add_process(proc, 8, 1024)
    peak = PeakMemory(proc)
    assert await peak.look(7) == 11
    shutil.rmtree(proc / "8")
    (proc / "7" / "task" / "7" / "children").unlink()  # the thread, too
    assert await peak.look(7) == 11
    add_process(proc, 7, None)  # dead, and not waited for
    assert await peak.look(7) == 11
    shutil.rmtree(proc / "7")
    assert await peak.look(7) == 11
    assert peak.mib == 11
    assert await PeakMemory(proc).look(7) == 0


async def test_a_thread_that_ends_meanwhile_hides_no_other(proc: Path) -> None:
    add_process(proc, 7, 1024, {thread: f"{thread + 100} " for thread in range(7, 12)})
    for thread in range(7, 12):
        add_process(proc, thread + 100, 1024)
    (proc / "7" / "task" / "9" / "children").unlink()
    assert await PeakMemory(proc).look(7) == 5


async def test_the_real_proc_knows_the_peak_of_this_process() -> None:
    assert await PeakMemory().look(os.getpid()) > 5


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps on this machine")
async def test_without_proc_ps_is_asked_for_the_process_group(tmp_path: Path) -> None:
    assert await PeakMemory(tmp_path).look(os.getpgid(0)) > 5
    assert await PeakMemory(tmp_path).look(2**30) == 0


async def test_ps_is_asked_once_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [2048, 1024, 4096]
    monkeypatch.setattr(memory, "_resident", lambda _: answers.pop(0))
    monkeypatch.setattr(memory, "_PS_EVERY_S", 3600.0)
    peak = PeakMemory(tmp_path)
    assert [await peak.look(7), await peak.look(7)] == [2, 2]
    assert answers == [1024, 4096]
    monkeypatch.setattr(memory, "_PS_EVERY_S", 0.0)
    assert [await peak.look(7), await peak.look(7)] == [2, 4]


async def test_where_there_is_neither_proc_nor_ps_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await PeakMemory(tmp_path).look(os.getpgid(0)) == 0
