"""Services of different kinds can be written down, and editors agree with the reader."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gonogo.spec import json_schema, load

SERVICES = sorted((Path(__file__).parent / "services").glob("*.yaml"))


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.stem)
def test_a_service_is_read_and_its_schema_agrees(file: Path) -> None:
    assert load(file.read_bytes(), str(file)).service == file.stem
    Draft202012Validator(json_schema()).validate(YAML(typ="safe", pure=True).load(file))
