"""Searches, ensembles and worker processes, with activations, losses and metrics that only a script has registered."""

import subprocess
import sys

import numpy as np
import pytest
from joblib import Parallel, delayed
from nnframe_sklearn import NNClassifier, NNRegressor, blas
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingRegressor, StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from threadpoolctl import threadpool_info

FAST = {"layers": (8,), "epochs": 30, "optimizer": "adam(learning_rate=0.02)", "random_state": 0}

# As in a notebook: nothing of it can be imported by a worker.
SCRIPT = """
import numpy as np
import nnframe
from nnframe import Activation, Loss, registry
from nnframe_sklearn import MLPClassifier, NNClassifier
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

slope = 1.5
registry.register(Activation("steep", lambda z: np.tanh(slope * z)))
registry.register(Loss("twice_squared", lambda a, y: 2 * ((a - y) ** 2).sum(axis=0)))

if __name__ == "__main__":
    X, y = load_iris(return_X_y=True)
    net = NNClassifier((8,), epochs=30, optimizer="adam(learning_rate=0.02)", random_state=0)
    search = GridSearchCV(net, {"activation": ["relu", "steep"], "loss": ["auto", "twice_squared"]}, n_jobs=2, cv=3)
    assert search.fit(X, y).best_score_ > 0.9
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    mlp = MLPClassifier(activation="steep", max_iter=100, learning_rate_init=0.02, tol=1e-2, random_state=0)
    scores = cross_val_score(make_pipeline(StandardScaler(), mlp), X, y, n_jobs=2, cv=3, error_score="raise")
    assert scores.mean() > 0.9
    {more}
    print("done")
"""
DASK = """
    import joblib
    from dask.distributed import Client, LocalCluster
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster), joblib.parallel_backend("dask"):
            search = GridSearchCV(net, {"activation": ["relu", "steep"]}, cv=3, error_score="raise")
            assert search.fit(X, y).best_score_ > 0.9
"""
RAY = """
    import joblib
    import ray
    from ray.util.joblib import register_ray
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    register_ray()
    with joblib.parallel_backend("ray"):
        search = GridSearchCV(net, {"activation": ["relu", "steep"]}, cv=3, error_score="raise")
        assert search.fit(X, y).best_score_ > 0.9
    ray.shutdown()
"""


def run_script(folder, more="pass"):
    path = folder / "notebook.py"
    path.write_text(SCRIPT.replace("{more}", more.strip()))
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=300, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "done"


def test_worker_processes_know_what_the_script_registered(tmp_path):
    run_script(tmp_path)


def test_a_dask_cluster_knows_what_the_script_registered(tmp_path):
    pytest.importorskip("distributed")
    run_script(tmp_path, DASK)


def test_a_ray_cluster_knows_what_the_script_registered(tmp_path):
    pytest.importorskip("ray")
    run_script(tmp_path, RAY)


def test_a_halving_search_in_threads():
    search = HalvingGridSearchCV(
        NNClassifier(**FAST), {"activation": ["relu", "tanh"]}, resource="epochs", max_resources=30, random_state=0
    )
    assert search.set_params(n_jobs=2, cv=3).fit(*load_iris(return_X_y=True)).best_score_ > 0.8


def test_ensembles():
    X, y = load_diabetes(return_X_y=True)
    assert BaggingRegressor(NNRegressor(**FAST), n_estimators=3, random_state=0).fit(X, y).score(X, y) > 0.4
    X, y = load_iris(return_X_y=True)
    net = make_pipeline(MinMaxScaler(), NNClassifier(**FAST))
    assert CalibratedClassifierCV(net, cv=3).fit(X, y).score(X, y) > 0.9
    stack = StackingClassifier([("net", net), ("linear", LogisticRegression(max_iter=1000))], cv=3)
    assert cross_val_score(stack, X, y, cv=3).mean() > 0.9


def test_fits_in_threads_give_what_they_give_alone():
    X, y = load_iris(return_X_y=True)
    alone = [NNClassifier(**{**FAST, "random_state": seed}).fit(X, y).predict_proba(X) for seed in range(4)]
    fitted = Parallel(n_jobs=4, backend="threading")(
        delayed(NNClassifier(**{**FAST, "random_state": seed}).fit)(X, y) for seed in range(4)
    )
    for each, wanted in zip(fitted, alone, strict=True):
        np.testing.assert_array_equal(each.predict_proba(X), wanted)


def test_small_products_run_in_one_blas_thread_and_the_number_comes_back():
    def threads():
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    before = threads()
    with blas.single_thread(1000), blas.single_thread(1000):
        assert set(threads()) == {1}
    assert threads() == before
    with blas.single_thread(10**9):
        assert threads() == before
