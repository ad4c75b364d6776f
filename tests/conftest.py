"""What all tests share: hypothesis profiles, the folder of real templates, poisoned tensors."""

import os
from pathlib import Path

import pytest

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # an image with a GPU has pytest alone; the gpu tests draw nothing
    pass
else:
    # timing never decides a test, and neither does luck: the same commit gives the same examples everywhere.
    # New examples are sought by `make test-long`, or `pytest --hypothesis-profile=explore`
    settings.register_profile(
        "deft_lab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("explore", settings.get_profile("deft_lab"), derandomize=False, print_blob=True)
    settings.load_profile("deft_lab")


@pytest.fixture(scope="session")
def templates() -> Path:
    """The folder of DeFT's templates; tests that need it are skipped where it is absent."""
    folder = os.environ.get("DEFT_LAB_TEMPLATES")
    if not folder:
        pytest.skip("no templates: python -m deft_lab fetch-templates, then set DEFT_LAB_TEMPLATES")
    return Path(folder)


@pytest.fixture
def poisoned_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.empty and its kin hand out NaN, so that what nobody wrote shows."""
    import torch

    for owner, name in ((torch, "empty"), (torch, "empty_like"), (torch.Tensor, "new_empty")):
        plain = getattr(owner, name)

        def poisoned(*args, _plain=plain, **kwargs):
            out = _plain(*args, **kwargs)
            return out.fill_(float("nan")) if out.is_floating_point() else out

        monkeypatch.setattr(owner, name, poisoned)
