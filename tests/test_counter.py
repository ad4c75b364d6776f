"""Counted bytes are those that one counts by hand, and no byte is counted that lies in no tensor."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

import tiny_kernels  # noqa: E402
from tiny_kernels import copy_kernel, count_kernel, gather_kernel, softmax_kernel, tile_kernel, wide_kernel  # noqa: E402
from triton.tools.tensor_descriptor import TensorDescriptor  # noqa: E402

from deft_lab import DeftLabError  # noqa: E402
from deft_lab.counter import Moved, Program, count_bytes  # noqa: E402

SOURCE = Path(tiny_kernels.__file__).read_text().splitlines()


def line_of(text):
    """The number of the one source line that begins with `text`."""
    (number,) = [i for i, line in enumerate(SOURCE, 1) if line.strip().startswith(text)]
    return number


def copy(x, y, n, tile=8):
    copy_kernel[(-(-n // tile),)](x, y, n, TILE=tile)


@pytest.mark.parametrize(
    ("dtype", "size"), [(torch.float32, 4), (torch.bfloat16, 2), (torch.int64, 8), (torch.int8, 1)], ids=str
)
def test_lanes_count_their_element_and_masked_lanes_nothing(dtype, size):
    x, y = torch.ones(20, dtype=dtype), torch.zeros(20, dtype=dtype)
    with count_bytes({"q": x, "o": y}) as counted:
        copy(x, y, 19)  # programs of 8, 8 and 3 lanes
    assert counted.bytes("q") == counted.bytes("o") == 19 * size
    assert (counted.by_role()["q"].loaded, counted.by_role()["q"].stored) == (19 * size, 0)
    assert (counted.by_role()["o"].loaded, counted.by_role()["o"].stored) == (0, 19 * size)
    assert counted.by_role()["kv"] == Moved()
    assert y.equal(torch.cat([x[:19], torch.zeros(1, dtype=dtype)]))


def test_an_access_without_any_lane_is_none():
    x, y = torch.ones(8), torch.zeros(8)
    with count_bytes({"q": x, "o": y}) as counted:
        copy_kernel[(3,)](x, y, 8, TILE=8)  # two programs have nothing to do
    assert counted.by_role()["q"] == Moved(loaded=32, accesses=1, sectors=1)
    assert list(counted.by_program()) == [Program(0, "copy_kernel", 0, 0, 0)]


def gathered(index, start, tile=8):
    x, y = torch.randn(64, dtype=torch.float16), torch.zeros(len(start) - 1)
    index, start = torch.tensor(index, dtype=torch.int32), torch.tensor(start, dtype=torch.int32)
    with count_bytes({"kv": x, "index": [index, start], "o": y}) as counted:
        gather_kernel[(len(start) - 1,)](x, index, start, y, TILE=tile)
    return counted


def test_lanes_at_one_address_count_each_and_unique_bytes_once():
    counted = gathered([5] * 12, [0, 12])
    assert counted.by_role()["kv"] == Moved(loaded=12 * 2, accesses=2, sectors=2)
    assert counted.unique_bytes("kv") == 2


def test_scalars_and_every_tensor_of_a_role_count():
    counted = gathered([1, 2, 3, 4, 5], [0, 3, 5])
    # two int32 bounds for each of two programs, and each int32 entry once
    assert counted.bytes("index") == 2 * 2 * 4 + 5 * 4
    assert counted.unique_bytes("index") == 3 * 4 + 5 * 4
    assert counted.bytes("o") == 2 * 4


def test_scattered_slots_touch_more_sectors():
    near, far = gathered(range(8), [0, 8]), gathered(range(0, 64, 8), [0, 8])
    assert near.bytes("kv") == far.bytes("kv") == 16
    # 64 halves are 128 bytes, four sectors; torch begins a tensor at a multiple of 64
    assert (near.by_role()["kv"].sectors, far.by_role()["kv"].sectors) == (1, 4)


def test_bytes_are_told_by_source_line_also_in_helpers():
    x, y = torch.randn(3, 13), torch.zeros(3, 13)
    with count_bytes({"q": x, "o": y}) as counted:
        softmax_kernel[(1, 3)](x, y, 13, TILE=16)
    load, store = counted.by_line()
    assert load[1:] == (line_of("return tl.load("), "load", "q") and load.text == "return tl.load("
    assert store[1:] == (line_of("tl.store(y_ptr + row * n + i, e"), "store", "o")
    assert Path(store.file) == Path(tiny_kernels.__file__)
    assert counted.by_line()[load] == Moved(loaded=3 * 13 * 4, accesses=3, sectors=3 * 2 + 1)


def test_every_line_that_touches_memory_is_told():
    counted = gathered(range(9), [0, 9])
    told = [(line.number, moved.bytes, moved.accesses) for line, moved in counted.by_line().items()]
    assert told == [
        (line_of("first, stop = tl.load(start_ptr"), 2 * 4, 2),
        (line_of("slot = tl.load(index_ptr"), 9 * 4, 2),
        (line_of("total += tl.load(x_ptr + slot"), 9 * 2, 2),
        (line_of("tl.store(y_ptr + row, tl.sum"), 4, 1),
    ]


def test_bytes_are_told_by_program_and_launch():
    x, y = torch.randn(3, 13), torch.zeros(3, 13)
    with count_bytes({"q": x, "o": y}) as counted:
        copy(x, y, 10)
        softmax_kernel[(1, 2)](x, y, 13, TILE=16)
    table = {program: moved["q"].loaded for program, moved in counted.by_program().items()}
    assert table == {
        Program(0, "copy_kernel", 0, 0, 0): 32,
        Program(0, "copy_kernel", 1, 0, 0): 8,
        Program(1, "softmax_kernel", 0, 0, 0): 52,
        Program(1, "softmax_kernel", 0, 1, 0): 52,
    }


def test_an_atomic_operation_loads_and_stores():
    x, count, lock = (torch.zeros(n, dtype=torch.int32) for n in (5, 4, 1))
    x += 2
    with count_bytes({"index": x, "partials": count, "lse": lock}) as counted:
        count_kernel[(1,)](x, count, lock, 5, TILE=8)
    assert count.tolist() == [0, 0, 5, 0] and lock.item() == 1
    assert counted.by_role()["partials"] == Moved(loaded=20, stored=20, accesses=1, sectors=1)
    assert counted.by_role()["lse"] == Moved(loaded=4, stored=4, accesses=1, sectors=1)
    assert [line.op for line in counted.by_line()] == ["load", "atomic", "atomic"]


def test_a_tile_of_a_descriptor_counts_what_lies_inside():
    x, y = torch.randn(11, 16, dtype=torch.float16), torch.ones(16, 16, dtype=torch.float16)
    with count_bytes({"kv": x, "o": y}) as counted:
        tile_kernel[(2,)](TensorDescriptor.from_tensor(x, [8, 16]), y, ROWS=8, D=16)
    assert y[:11].equal(x) and not y[11:].any()
    assert (counted.bytes("kv"), counted.bytes("o")) == (11 * 16 * 2, 16 * 16 * 2)
    load, store = counted.by_line()
    assert load.number == store.number == line_of("tl.store(y_ptr + rows[:, None] * D")


def test_a_load_beyond_a_tensor_names_the_line():
    x, y = torch.randn(16), torch.zeros(16)
    with pytest.raises(DeftLabError) as refused, count_bytes({"q": x[2:12], "o": y}):
        copy(x[2:], y, 16)
    assert re.fullmatch(
        rf"tiny_kernels.py:{line_of('x = tl.load(x_ptr + i, mask=i < n)')} `x = tl.load\(x_ptr .*`, "
        r"program \(1, 0, 0\) of copy_kernel: a load of 4 bytes 0 bytes behind the nearest tensor that has "
        r"a role, 'q'; mend the address or the mask, or give that tensor a role",
        str(refused.value),
    )


def test_nothing_is_stored_where_no_tensor_is():
    x, y = torch.ones(8), torch.zeros(8)
    with (
        pytest.raises(DeftLabError, match="a store of 4 bytes 20 bytes before the nearest tensor"),
        count_bytes({"q": x, "o": y[5:]}),
    ):
        copy(x, y, 1)
    assert not y.any()


def test_an_address_between_two_tensors_is_in_neither():
    x, index = torch.randn(64, dtype=torch.float16), torch.tensor([1, 30, 50], dtype=torch.int32)
    start, y = torch.tensor([0, 3], dtype=torch.int32), torch.zeros(1)
    with (
        pytest.raises(DeftLabError, match="a load of 2 bytes 20 bytes .* nearest .* 'kv'"),
        count_bytes({"kv": [x[:20], x[41:]], "index": [index, start], "o": y}),
    ):
        gather_kernel[(1,)](x, index, start, y, TILE=4)
    with count_bytes({"kv": x[:20], "q": x[30:], "index": [index, start], "o": y}) as counted:
        gather_kernel[(1,)](x, index, start, y, TILE=4)  # one load that reads two tensors
    assert (counted.bytes("kv"), counted.bytes("q")) == (2, 4)


def test_an_address_that_the_element_does_not_divide_is_refused():
    x, y = torch.arange(6, dtype=torch.int32), torch.zeros(1, dtype=torch.int64)
    with count_bytes({"mask": x, "o": y}) as counted:
        wide_kernel[(1,)](x, y, 2)
    assert counted.bytes("mask") == 8 and y.item() == 2 + (3 << 32)
    with (
        pytest.raises(DeftLabError, match=r"wide_kernel: a load of 8 bytes at an address that 8 does not"),
        count_bytes({"mask": x, "o": y}),
    ):
        wide_kernel[(1,)](x, y, 3)


def test_unique_bytes_join_accesses_of_two_sizes():
    x, wide, y = torch.arange(6, dtype=torch.int32), torch.zeros(1, dtype=torch.int64), torch.zeros(6)
    y = y.int()
    with count_bytes({"mask": x[1:], "o": [y, wide]}) as counted:
        wide_kernel[(1,)](x, wide, 4)  # elements 4 and 5
        copy(x[1:], y, 4)  # elements 1 to 4
    assert counted.bytes("mask") == 8 + 16
    assert counted.unique_bytes("mask") == 5 * 4


def test_tensors_of_one_role_may_overlap_but_not_of_two():
    x, y = torch.ones(8), torch.zeros(8)
    with count_bytes({"q": [x, x[3:5], x[:2]], "o": y}) as counted:
        copy(x, y, 8)
    assert counted.bytes("q") == counted.unique_bytes("q") == 32
    with (
        pytest.raises(DeftLabError, match="roles 'q' and 'kv' overlap in memory; a byte has one role"),
        count_bytes({"kv": x[4:], "q": x[:5]}),
    ):
        pass


def test_an_unknown_role_lists_the_known_ones():
    with (
        pytest.raises(DeftLabError, match="no role 'v'; choose one of kv, q, o, partials, lse, mask, index"),
        count_bytes({"v": torch.ones(3)}),
    ):
        pass
    with count_bytes({}) as counted, pytest.raises(DeftLabError, match="no role 'v'"):
        counted.bytes("v")


def test_tensors_elsewhere_are_refused():
    with (
        pytest.raises(DeftLabError, match="a tensor of role 'q' is on meta; count on the CPU"),
        count_bytes({"q": torch.ones(3, device="meta")}),
    ):
        pass


def test_counts_become_traffic():
    x, y = torch.ones(8), torch.zeros(8)
    with count_bytes({"q": x, "o": y}) as counted:
        copy(x, y, 8)
    traffic = counted.traffic("radix")
    assert (traffic.account, traffic.method, traffic.q, traffic.o) == ("counted", "radix", 32, 32)
    assert traffic.kv == traffic.index == 0 and traffic.total == 64


def test_counts_inside_counts_agree_and_end():
    x, y = torch.ones(8), torch.zeros(8)
    with count_bytes({"q": x, "o": y}) as outer:
        with count_bytes({"kv": x, "partials": y}) as inner:
            copy(x, y, 8)
        copy(x, y, 4)
    assert (inner.bytes("kv"), outer.bytes("q")) == (32, 48)
