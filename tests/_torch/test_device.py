"""Device, precision and random numbers."""

import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._device import pick_device, pick_precision, seeded  # noqa: E402


def test_a_named_device_is_taken_as_it_is():
    assert pick_device("cpu").type == "cpu"


def test_without_a_name_an_accelerator_is_taken_if_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda: torch.device("cuda")
    )
    assert pick_device().type == "cuda"


def test_a_device_that_is_not_here_gives_way_with_a_warning(monkeypatch):
    """A model fitted on a GPU names it, and is loaded where there is none."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    with pytest.warns(UserWarning, match="device='cuda:1' is not here, so 'cpu'"):
        assert pick_device("cuda:1").type == "cpu"


@pytest.mark.parametrize(("has", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_only_where_the_processor_has_it(monkeypatch, has, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    chosen = pick_precision("auto", torch.device("cpu"))
    assert chosen == getattr(torch, expected)


def test_seeding_leaves_the_random_numbers_of_the_user_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded(0):
        torch.rand(7)
    assert torch.equal(torch.rand(3), expected)
