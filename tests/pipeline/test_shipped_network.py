"""Networks that ship in the package: what is not what was shipped is not run, and people are told what to do."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from rigshot_pipeline.embedded import shipped_network as shipped
from rigshot_pipeline.errors import RigshotError
from rigshot_pipeline.options import Options
from rigshot_pipeline.run import run_job
from rigshot_pipeline.wording import sentence

EMBEDDED = files("rigshot_pipeline") / "embedded"
SAMPLE = Path(__file__).parents[2] / "samples" / "dog_in_the_park.jpg"


@pytest.mark.parametrize("name", ["cutout_network", "heading_network"])
def test_a_damaged_network_stops_the_job_with_what_to_do(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    for network in ("cutout_network", "heading_network"):
        shutil.copytree(str(EMBEDDED / network), home / network)
    data = bytearray((home / name / "network.onnx").read_bytes())
    data[5000] ^= 1
    (home / name / "network.onnx").write_bytes(data)
    monkeypatch.setattr(shipped, "_HOME", home)
    shipped.forget_networks()
    try:
        with pytest.raises(RigshotError) as refusal:
            run_job(SAMPLE, tmp_path / "stages", options=Options(name="dog"), until="standardise")
    finally:
        shipped.forget_networks()
    assert refusal.value.code == "damaged_network"
    assert name in (said := sentence(refusal.value.code, refusal.value.values, "en")) and "install" in said
