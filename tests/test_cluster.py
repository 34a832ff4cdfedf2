"""The same rows from a real cluster of processes as from one process."""

import gzip
import os
import signal
import threading
import time

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from rejectnlp.cli import app
from rejectnlp.cluster import predict_on_cluster
from rejectnlp.errors import DataError, OutputError, UsageError
from rejectnlp.inputs import Wanted
from rejectnlp.prediction import Manner, predict_files

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    # Sockets and loops that the library leaves to the collector are not ours to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

N_PARTS, N_ROWS = 12, 60
KEEP = Manner(Wanted(keep=("town",)))


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as own:
        yield own


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    for part in range(N_PARTS):
        n = [part * N_ROWS + i for i in range(N_ROWS)]
        texts = [f"He yawned {i} times, was “rude” and they hired an internal one." for i in n]
        table = pa.table({"nr": n, "story": texts, "town": ["Leeds", None] * (N_ROWS // 2)})
        pq.write_table(table, folder / f"part-{part:02d}.parquet")
    return folder


def rows_of(folder):
    return {path.name: pq.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture(scope="module")
def expected(parts, tiny_tagger, tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    for path in parts.glob("*.parquet"):
        predict_files([path], tiny_tagger, folder / path.name, KEEP)
    return rows_of(folder)


def test_a_cluster_gives_the_rows_of_one_process(cluster, parts, expected, tiny_tagger, tmp_path):
    out = tmp_path / "out"
    address = cluster.scheduler_address
    summary = predict_on_cluster([f"{parts}/part-*.parquet"], tiny_tagger, str(out), address, KEEP)
    assert summary.n_tagged == N_PARTS * N_ROWS
    assert rows_of(out) == expected
    assert len(list(out.iterdir())) == N_PARTS
    schema = pq.read_schema(next(out.iterdir()))
    assert {str(field.type) for field in schema} == {"string", "double"}


def test_text_parts_are_read_as_always_and_bad_rows_set_aside(cluster, tiny_tagger, tmp_path):
    (tmp_path / "a.csv").write_text("id;text\n1;“Rude”, he yawned\n2;too;many\n", "cp1252")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"id,text\n3,She was rude.\n"))
    out = tmp_path / "out"
    summary = predict_on_cluster(
        [f"{tmp_path}/*.csv", f"{tmp_path}/*.csv.gz"],
        tiny_tagger,
        str(out),
        cluster.scheduler_address,
    )
    assert (summary.n_tagged, summary.n_bad) == (2, 1)
    assert summary.bad_rows[0].reason == "has 3 fields, the header has 2"
    assert sorted(path.name for path in out.iterdir()) == [
        "a.parquet",
        "a.parquet.bad.csv",
        "b.parquet",
    ]
    rows = rows_of(out)
    assert [row["id"] for part in rows.values() for row in part] == ["1", "3"]
    predict_files([tmp_path / "a.csv"], tiny_tagger, tmp_path / "one.parquet")
    assert rows["a.parquet"] == pq.read_table(tmp_path / "one.parquet").to_pylist()


def test_paths_of_fsspec_are_taken(parts, expected, tiny_tagger):
    memory = fsspec.filesystem("memory")
    for path in sorted(parts.glob("*.parquet"))[:2]:
        memory.pipe(f"/in/{path.name}", path.read_bytes())
    with distributed.LocalCluster(processes=False, dashboard_address="127.0.0.1:0") as own:
        predict_on_cluster(
            ["memory://in/part-*.parquet"], tiny_tagger, "memory://out", own.scheduler_address, KEEP
        )
    names = [path.rsplit("/", 1)[1] for path in memory.ls("/out", detail=False)]
    assert sorted(names) == ["part-00.parquet", "part-01.parquet"]
    for name in names:
        with memory.open(f"/out/{name}") as stream:
            assert pq.read_table(stream).to_pylist() == expected[name]


def test_what_is_wrong_is_said_and_leaves_nothing(cluster, parts, tiny_tagger, tmp_path):
    address = cluster.scheduler_address
    out = tmp_path / "out"

    def run(sources, manner=KEEP, to=out):
        return predict_on_cluster(sources, tiny_tagger, str(to), address, manner)

    with pytest.raises(UsageError, match=r"none-\*.parquet: matches no file"):
        run([f"{parts}/none-*.parquet"])
    with pytest.raises(UsageError, match=r"no column 'twon'. Did you mean 'town'"):
        run([f"{parts}/part-*.parquet"], Manner(Wanted(keep=("twon",))))
    with pytest.raises(OutputError, match="is read as input"):
        run([f"{parts}/part-*.parquet"], to=parts)
    (tmp_path / "a.csv").write_text("id,text,town\n1,x,y\n")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 damaged")
    with pytest.raises(DataError, match=r"b.parquet: is damaged Parquet. Write it again"):
        run([f"{tmp_path}/a.csv", f"{tmp_path}/b.parquet"])
    assert not out.exists() or list(out.iterdir()) == []
    (out / "a.parquet").parent.mkdir(exist_ok=True)
    (out / "a.parquet").write_text("mine")
    with pytest.raises(OutputError, match=r"a.parquet exists already. Use --force"):
        run([f"{tmp_path}/a.csv"])
    assert (out / "a.parquet").read_text() == "mine"


def test_a_scheduler_that_is_not_there_is_said(parts, tiny_tagger, tmp_path, monkeypatch):
    from rejectnlp.settings import SETTINGS

    monkeypatch.setitem(SETTINGS.__dict__, "longest_wait", 1)
    with pytest.raises(UsageError, match=r"tcp://127.0.0.1:9: no workers answer"):
        predict_on_cluster(
            [f"{parts}/part-00.parquet"], tiny_tagger, str(tmp_path / "o"), "tcp://127.0.0.1:9"
        )


def test_the_command_brings_its_own_workers(parts, expected, tiny_model, tmp_path):
    from rejectnlp.storage import save_model

    save_model(tiny_model, tmp_path / "tiny", "# card\n")
    command = ["predict", f"{parts}/part-0[01].parquet", "--keep", "town"]
    command += ["--scheduler", "local", "--out", f"{tmp_path}/out/"]
    command += ["--model", str(tmp_path / "tiny")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "120 accounts tagged" in result.stderr
    assert rows_of(tmp_path / "out") == dict(list(expected.items())[:2])
    result = CliRunner().invoke(app, [*command, "--resume"])
    assert result.exit_code == 2
    assert "has workers of its own. Leave out --resume" in result.stderr


def test_a_worker_killed_in_the_middle_costs_no_row(
    cluster, parts, expected, tiny_tagger, tmp_path
):
    out = tmp_path / "out"
    pids = [worker.process.pid for worker in cluster.workers.values()]
    killed = []

    def kill_one():
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            if 2 <= len(list(out.glob(".unfinished-*/*.parquet"))) < N_PARTS:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])
            time.sleep(0.001)

    thread = threading.Thread(target=kill_one)
    thread.start()
    sources = [f"file://{parts}/part-*.parquet"]
    predict_on_cluster(sources, tiny_tagger, str(out), cluster.scheduler_address, KEEP)
    thread.join()
    assert killed
    assert rows_of(out) == expected
