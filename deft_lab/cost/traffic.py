"""Bytes that one attention step moves, by role, always with the name of the account that counts them."""

from dataclasses import dataclass

from ..errors import DeftLabError

ROLES = ("kv", "q", "o", "partials", "lse", "mask", "index")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes by role over all layers. A role that the account does not count is None, not 0.

    Args:
        account: who counts; see `ACCOUNTS`.
        method: whose bytes.
        kv: keys and values.
        q: queries.
        o: outputs.
        partials: partial outputs, written and read; of an unfused method, its intermediate matrices.
        lse: log-sum-exps of the partials, written and read.
        mask: dense masks or bit words.
        index: page tables, query lists and descriptors.
    """

    account: str
    method: str
    kv: int | None = None
    q: int | None = None
    o: int | None = None
    partials: int | None = None
    lse: int | None = None
    mask: int | None = None
    index: int | None = None

    @property
    def total(self) -> int:
        """Bytes of all roles that the account counts."""
        return sum(value for value in self.by_role().values() if value is not None)

    def by_role(self) -> dict[str, int | None]:
        """Role -> bytes, in a fixed order."""
        return {role: getattr(self, role) for role in ROLES}

    def __add__(self, other: "Traffic") -> "Traffic":
        """Sum of two steps.

        Raises:
            DeftLabError: the two have different accounts or methods; their bytes do not add up to anything.
        """
        if (self.account, self.method) != (other.account, other.method):
            raise DeftLabError(
                f"cannot add {other.account}/{other.method} to {self.account}/{self.method}; "
                "bytes add up within one account and method"
            )
        sums = {}
        for role in ROLES:
            mine, theirs = getattr(self, role), getattr(other, role)
            sums[role] = None if mine is None or theirs is None else mine + theirs
        return Traffic(self.account, self.method, **sums)


@dataclass(frozen=True, slots=True)
class Flops:
    """Floating-point operations of QK^T and PV over all layers, 4 d Hq per (query, token) pair and layer.

    Args:
        computed: all pairs that the plan computes, those it masks away included.
        useful: the visible pairs.
    """

    computed: int
    useful: int
