"""A folder of parquet files is read and trained on by several processes, each with its own files."""

import numpy as np
import pytest

nnframe_table = pytest.importorskip("nnframe_table")
pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

LENGTHS = (70, 1, 41, 0, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng, place = np.random.default_rng(0), tmp_path_factory.mktemp("table")
    for i, n in enumerate(LENGTHS):
        words = rng.choice(["north", "south", "west"][: 1 + i], size=n)
        columns = {"size": rng.normal(50, 10, size=n), "place": pa.array(words.tolist(), pa.string())}
        parquet.write_table(pa.table(columns | {"price": rng.normal(size=n)}), place / f"{i}.parquet")
    return place


def test_the_net_does_not_depend_on_the_number_of_processes(run_job, folder):
    ((names, X, weights, history),) = run_job("table_shards.py", 1, str(folder))
    np.testing.assert_array_equal(X, nnframe_table.read(folder, "price").train.X)
    for n in (2, 3):
        ends = run_job("table_shards.py", n, str(folder))
        # What is merged has other rounding.
        np.testing.assert_allclose(np.concatenate([end[1] for end in ends]), X, rtol=1e-5, atol=1e-6)
        for other_names, _, other, other_history in ends:
            assert other_names == names
            assert all(map(np.array_equal, other, ends[0][2]))
            np.testing.assert_allclose(other_history.validation_loss, history.validation_loss, rtol=1e-4)
            for mine, wanted in zip(other, weights, strict=True):
                np.testing.assert_allclose(mine, wanted, rtol=1e-3, atol=1e-4)
