"""Metadata in files of nets."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from nnframe import (
    ArgumentError,
    ArgumentTypeError,
    load_with_metadata,
)

sys.path.insert(0, str(Path(__file__).parent))
from saved_nets import net_with, same_bits


def test_metadata_comes_back_unchanged(path):
    metadata = {"columns": ["age", "größe"], "scale": [0.1, 1e-300], "missing": None, "deep": {"a": [[], {}]}}
    net_with("relu").save(path, metadata)
    assert load_with_metadata(path)[1] == metadata


def test_without_metadata_there_is_an_empty_dict(path):
    net_with("relu").save(path)
    assert load_with_metadata(path)[1] == {}


@pytest.mark.parametrize("metadata", [[1], "text", 5])
def test_metadata_that_is_not_a_dict_is_refused(path, metadata):
    with pytest.raises(ArgumentTypeError, match=r"metadata is .*; expected a dict"):
        net_with("relu").save(path, metadata)


def test_metadata_that_json_would_change_is_refused_with_its_place(path):
    with pytest.raises(ArgumentTypeError, match=re.escape("metadata']['scale'] is (1, 2), of type tuple; expected")):
        net_with("relu").save(path, metadata={"scale": (1, 2)})
    assert not path.exists()


def test_arrays_in_metadata_come_back_bit_for_bit(path):
    scale, codes = np.array([0.1, np.nan, -0.0]), np.arange(6, dtype=np.uint8).reshape(2, 3)
    net_with("relu").save(path, metadata={"scale": scale, "deep": [{"codes": codes}], "text": "some"})
    metadata = load_with_metadata(path)[1]
    assert same_bits([metadata["scale"], metadata["deep"][0]["codes"]], [scale, codes])
    assert metadata["text"] == "some"


def test_the_key_that_stands_for_arrays_is_reserved_in_metadata(path):
    with pytest.raises(ArgumentError, match=re.escape("metadata has the key '$array', which is reserved")):
        net_with("relu").save(path, metadata={"deep": [{"$array": "layers/0/linear"}]})


def test_an_array_of_objects_in_metadata_is_refused(path):
    with pytest.raises(ArgumentTypeError, match=re.escape("arrays['metadata/0'] has dtype object")):
        net_with("relu").save(path, metadata={"x": np.array([None])})


def test_metadata_of_100_000_columns_or_long_texts_can_be_saved(path):
    columns = [{"kind": "category", "name": f"column {i}", "categories": ["a" * 50, "b" * 50]} for i in range(100_000)]
    net_with("relu").save(path, metadata={"columns": columns})
    assert load_with_metadata(path)[1] == {"columns": columns}


def test_an_array_whose_mask_would_be_lost_is_refused(path):
    with pytest.raises(ArgumentTypeError, match="an array of metadata is a masked array with masked values"):
        net_with("relu").save(path, metadata={"scale": np.ma.masked_equal([1.0, 2.0], 2.0)})
    assert not path.exists()
