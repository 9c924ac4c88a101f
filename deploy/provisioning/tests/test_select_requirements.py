"""An image gets exactly what its list names, with the lock's hashes, for every Python that the lock knows."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("select_requirements", ROOT / "deploy/images/select_requirements.py")
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

LOCK = """a==1 \\
    --hash=sha256:aa
b==1 ; python_full_version < '3.12' \\
    --hash=sha256:b1
b==2 ; python_full_version >= '3.12' \\
    --hash=sha256:b2
"""


def test_named_entries_are_selected_whole() -> None:
    assert module.select(LOCK, {"b"}) == LOCK[LOCK.index("b==1") :]


def test_name_that_the_lock_lacks_is_refused() -> None:
    with pytest.raises(LookupError, match="c"):
        module.select(LOCK, {"a", "c"})


@pytest.mark.parametrize("image", ["shared", "entitlement", "generation", "gallery", "download", "provisioning"])
def test_every_list_can_be_taken_from_the_lock(image: str) -> None:
    names = set((ROOT / f"deploy/images/requirements/{image}.txt").read_text().split())
    selected = module.select((ROOT / "requirements.lock").read_text(), names)
    assert "pytest" not in selected
    assert selected.count("==") >= len(names)
