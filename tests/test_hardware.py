"""Profiles of machines: dense rates in SI units, a source for each figure, bad figures refused."""

import copy
import pickle

import pytest

from deft_lab.errors import DeftLabError
from deft_lab.hardware import FIGURES, H200, HARDWARE, KINDS, Hardware, Source, find_hardware

every_machine = pytest.mark.parametrize("machine", HARDWARE.values(), ids=HARDWARE)


def changed(**figures) -> Hardware:
    values = {name: getattr(H200, name) for name in FIGURES} | figures
    return Hardware(name="changed", sources=H200.sources, **values)


@every_machine
def test_every_figure_says_where_it_comes_from(machine):
    assert set(machine.sources) == set(FIGURES)
    for source in machine.sources.values():
        assert source.kind in KINDS and len(source.text) > 5


@every_machine
def test_rates_are_in_si_units_and_in_the_order_of_the_hierarchy(machine):
    assert 1e9 < machine.clock_hz < 6e9
    assert 1e10 < machine.hbm_bytes_per_s < machine.l2_bytes_per_s < 1e14
    assert machine.sm_bytes_per_s < machine.l2_bytes_per_s <= machine.n_sms * machine.sm_bytes_per_s
    assert 1e11 < machine.flop_per_s < 5e15
    assert 1e-6 < machine.launch_s < 1e-4


@pytest.mark.parametrize(
    ("name", "flop_per_clock"),
    [("h200", 4096), ("h100", 4096), ("a100", 2048), ("rtx4090", 512), ("l40s", 1024)],
)
def test_the_tensor_rate_is_the_dense_one_of_the_chip(name, flop_per_clock):
    # FLOP an SM does a clock, from the makers' descriptions of the chips; sparsity would double it
    machine = HARDWARE[name]
    assert machine.flop_per_s == pytest.approx(machine.n_sms * machine.clock_hz * flop_per_clock, rel=0.02)


def test_the_h200_is_an_h100_with_a_faster_memory():
    h100 = HARDWARE["h100"]
    differ = {name for name in FIGURES if getattr(H200, name) != getattr(h100, name)}
    assert differ == {"hbm_bytes_per_s"}
    assert H200.hbm_bytes_per_s / h100.hbm_bytes_per_s == pytest.approx(4.8 / 3.35)


def test_a_measured_figure_replaces_the_sheet_and_says_so():
    measured = H200.with_measured("a copy of 1 GiB", hbm_bytes_per_s=4.25e12)
    assert measured.hbm_bytes_per_s == 4.25e12 and H200.hbm_bytes_per_s == 4.8e12
    assert measured.sources["hbm_bytes_per_s"] == Source("measured", "a copy of 1 GiB")
    assert set(measured.measured) - set(H200.measured) == {"hbm_bytes_per_s"}
    assert measured != H200


def test_a_profile_is_a_value():
    assert pickle.loads(pickle.dumps(H200)) == H200 == copy.deepcopy(H200)
    assert hash(changed()) == hash(changed())
    with pytest.raises(AttributeError):
        H200.n_sms = 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: changed(n_sms=0), "n_sms=0; it must be an integer of at least 1"),
        (lambda: changed(n_sms=13.2), "n_sms=13.2; it must be an integer"),
        (lambda: changed(shared_bytes_per_sm=0), "shared_bytes_per_sm=0; it must be an integer"),
        (lambda: changed(hbm_bytes_per_s=-1.0), "hbm_bytes_per_s=-1.0; it must be a positive, finite number"),
        (lambda: changed(flop_per_s=float("inf")), "flop_per_s=inf; it must be a positive, finite"),
        (lambda: changed(clock_hz=float("nan")), "clock_hz=nan; it must be a positive, finite"),
        (lambda: changed(launch_s="fast"), "launch_s='fast'; it must be a positive, finite number in SI"),
        (lambda: H200.with_measured("x", price=3.0), "no figure 'price'; choose one of n_sms, clock_hz"),
        (lambda: H200.with_measured("x", n_sms=0), "n_sms=0; it must be an integer"),
        (lambda: find_hardware("H300"), "no hardware 'H300'; choose one of h200, h100, a100"),
        (lambda: find_hardware(None), "no hardware None; choose one of h200"),
    ],
)
def test_bad_figures_are_refused(make, message):
    with pytest.raises(DeftLabError, match=message):
        make()


def test_a_figure_without_a_source_is_refused():
    values = {name: getattr(H200, name) for name in FIGURES}
    without = {name: source for name, source in H200.sources.items() if name != "l2_bytes"}
    with pytest.raises(DeftLabError, match="for nothing too many, for l2_bytes missing; every figure needs"):
        Hardware(name="x", sources=without, **values)
    with pytest.raises(DeftLabError, match="sources for price too many"):
        Hardware(name="x", sources={**H200.sources, "price": Source("maker", "x")}, **values)
    with pytest.raises(DeftLabError, match="launch_s: no kind 'hearsay'; choose one of maker"):
        Hardware(name="x", sources={**H200.sources, "launch_s": Source("hearsay", "x")}, **values)
