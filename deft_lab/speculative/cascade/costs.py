"""What calls cost, as the paper counts: a fixed price a forward, nothing for Max-Gram. No clock is read.

SWI, standardised walltime improvement: (tokens x price of the target) / (sum of forwards x price), the
speed-up over the target alone if a forward of a model always took its price.

Source: CS Drafting (2312.11462). Its table of parameters has LLaMA-7B at 70000 million instead of 7000, which
makes the target look ten times as dear and flatters SWI; PUBLISHED keeps that figure, COSTS has 7000.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...errors import DraftError, check_kind, check_numbers
from .checks import check_models
from .record import Record
from .reviewers import ANY, Reviewer

# a model costs what the first key says that stands in its name
_PARAMETERS = {  # millions
    "xxl": 11300.0, "xl": 3000.0, "large": 770.0, "base": 220.0, "small": 60.0,
    "llama-68m": 68.0, "llama-160m": 160.0, "7b": 7000.0, "llama": 7000.0,
}  # fmt: skip
COSTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "model_parameters": _PARAMETERS,
        "previous_work": {"xxl": 1.0, "small": 0.02, "base": 0.04, "large": 0.11},  # of FLAN-T5-XXL's time
    }
)
PUBLISHED = MappingProxyType({**_PARAMETERS, "7b": 70000.0, "llama": 70000.0})


def find_costs(counter_version: str) -> Mapping[str, float]:
    """The table of that name.

    Raises:
        DraftError: there is none.
    """
    if not isinstance(counter_version, str) or counter_version not in COSTS:
        raise DraftError(f"no counter_version {counter_version!r}; choose one of {', '.join(COSTS)}")
    return COSTS[counter_version]


def cost_of(name: str, table: Mapping[str, float]) -> float | None:
    """Price of a model's forward by its name; None if the table does not know it."""
    check_kind(DraftError, str, "it is a model's name", name=name)
    check_kind(DraftError, Mapping, "find_costs gives one", table=table)
    return next((cost for key, cost in table.items() if key in name.lower()), None)


def unlisted(models: Sequence[Reviewer], counter_version: str) -> tuple[str, ...]:
    """Names that the table has no price for; then `costs_of` counts parameters instead."""
    table = find_costs(counter_version)
    return tuple(m.name for m in models if m.family != ANY and cost_of(m.name, table) is None)


def costs_of(models: Sequence[Reviewer], counter_version: str) -> dict[str, float]:
    """Model -> price of a forward; of unlisted models the parameters in millions, for all models alike.

    Prices of two sources do not compare: if one model is unlisted, parameters are counted for all of them, as
    shares of the last model's where the table counts in shares.

    Args:
        models: the target last.
        counter_version: in COSTS.

    Raises:
        DraftError: the models are no reviewers, or the counter version is unknown.
    """
    table = find_costs(counter_version)
    check_models(models)
    neural = [model for model in models if model.family != ANY]
    if unlisted(models, counter_version):
        unit = 1e6 if counter_version == "model_parameters" else max(1, models[-1].n_parameters)
        costs = {model.name: model.n_parameters / unit for model in neural}
    else:
        costs = {model.name: cost_of(model.name, table) or 0.0 for model in neural}
    return costs | {model.name: 0.0 for model in models if model.family == ANY}


def swi(n_tokens: int, n_forwards: Mapping[str, int], costs: Mapping[str, float], target: str) -> float:
    """Standardised walltime improvement.

    Args:
        n_tokens: that the target said.
        n_forwards: model -> forwards.
        costs: model -> price of one.
        target: its name.

    Raises:
        DraftError: a model has no price, or nothing was spent.
    """
    check_numbers(DraftError, 0, n_tokens=n_tokens)
    check_kind(DraftError, Mapping, "give {model: ...}", n_forwards=n_forwards, costs=costs)
    for name in (*n_forwards, target):
        if name not in costs:
            raise DraftError(f"no price for {name!r}; there are prices for {', '.join(costs)}")
    spent = sum(n * costs[name] for name, n in n_forwards.items())
    if not spent > 0:
        raise DraftError("all forwards together cost nothing; SWI needs a target with a price")
    return n_tokens * costs[target] / spent


def swi_of(record: Record, models: Sequence[Reviewer], counter_version: str = "model_parameters") -> float:
    """SWI of a run; `models` as in `costs_of`."""
    check_kind(DraftError, Record, "csd gives one", record=record)
    costs = costs_of(models, counter_version)
    return swi(len(record.tokens), record.n_forwards, costs, record.target)
