"""The peers: attention that a user would pick instead of ours, where it can be imported."""

from importlib.util import find_spec

from .flashinfer_peers import FLASHINFER_PEERS
from .subjects import Subject
from .torch_peers import TORCH_PEERS

# FlexAttention last: it compiles anew for every case
PEERS: dict[str, Subject] = {
    peer.name: peer
    for peer in (*(p for p in TORCH_PEERS if p.name != "flex_attention"), *FLASHINFER_PEERS, TORCH_PEERS[-1])
}


def importable(peers: list[Subject]) -> tuple[list[Subject], dict[str, str]]:
    """(those that can be imported here, name -> why of the others)."""
    if find_spec("flashinfer"):
        return peers, {}
    why = "flashinfer is not installed: pip install flashinfer-python==0.6.6 apache-tvm-ffi==0.1.9"
    there = [peer for peer in peers if peer not in FLASHINFER_PEERS]
    return there, {peer.name: why for peer in peers if peer in FLASHINFER_PEERS}
