"""Scores the forests of the fixtures with this project's engine and with
LightGBM, ONNX Runtime, tl2cgen and lleaves, one thread each, and prints
nanoseconds a row and the ratio of ours to the best of the others.

All score the same rows in batches, features in doubles in, probabilities out,
round after round, so that what else the machine does strikes all alike; the
median round counts; and all on one processor (Linux), since another may have
a busy neighbour. Before a round is timed, each scores the same rows for 20 ms,
at least once: a processor that slept, or did something else, takes some
milliseconds to reach its speed. Before anything counts, all must agree.

    python3 -m venv target/bench-venv
    target/bench-venv/bin/pip install -r crates/fraud-model/benches/peers/requirements.txt
    target/bench-venv/bin/python crates/fraud-model/benches/peers/bench_model.py

It needs cargo, gcc, and a machine with nothing else to do."""

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import engines
from saved_forest import read_forest, read_rows

ROOT = Path(__file__).resolve().parents[4]
FIXTURES = ROOT / "tests/fixtures"
WORK = ROOT / "target/bench-model"
MODELS = {"random-forest": "20 trees, depth 5", "random-forest-100x8": "100 trees, depth 8"}
BATCHES = (1, 64, 1024)
WARM_UP_SECONDS = 0.02
# ONNX Runtime answers in single precision.
SAME = 1e-6


class Ours:
    """This project's engine, in a process of its own that times itself; with
    what `this` processor has, or `any`."""

    def __init__(self, program: str, model: Path, folder: Path, processor: str) -> None:
        self.probabilities = folder / f"probabilities-{processor}"
        arguments = [program, model, folder / "rows", self.probabilities, processor]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def nanoseconds(self, batch: int) -> float:
        """Time a row of one round."""
        self.process.stdin.write(f"{batch}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def finish(self) -> np.ndarray:
        """Ends the process; the probabilities of fraud of its last round."""
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("our side failed")
        return np.fromfile(self.probabilities).reshape(-1, 2)[:, 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, default=WORK / "bench-model.json")
    arguments = parser.parse_args()
    program = build_ours()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    results = [result for model in MODELS for result in measure(program, model, arguments.rounds)]
    arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nwritten to {arguments.json}")


def build_ours() -> str:
    """Builds `ours.rs`; the path of the program."""
    command = ["cargo", "build", "--release", "--locked", "--workspace", "--bench", "peers"]
    built = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    messages = (json.loads(line) for line in built.stdout.splitlines())
    programs = [message["executable"] for message in messages if message.get("executable")]
    return programs[-1]


def measure(program: str, model: str, rounds: int) -> list[dict]:
    """Measures all engines on one model and prints a table."""
    forest = read_forest(FIXTURES / "models" / model)
    rows = read_rows(FIXTURES / "transactions.parquet", forest.columns)
    folder = WORK / model
    others = engines.build(forest, rows, folder)
    rows.tofile(folder / "rows")
    ours = {
        name: Ours(program, FIXTURES / "models" / model, folder, processor)
        for name, processor in {"ours": "this", "ours without AVX-512": "any"}.items()
    }
    scores = {name: np.zeros(len(rows)) for name in others}
    print(f"\n{model}: {MODELS[model]}, {len(rows)} rows; ns a row, median of {rounds} rounds")
    print("".join(f"{name:>21}" for name in ["batch", *ours, *others, "ours / best"]))
    results = []
    for batch in BATCHES:
        times: dict[str, list[float]] = {name: [] for name in [*ours, *others]}
        for _ in range(rounds):
            for name, engine in ours.items():
                times[name].append(engine.nanoseconds(batch))
            for name, score in others.items():
                times[name].append(seconds(lambda: score(batch, scores[name])) / len(rows) * 1e9)
        medians = {name: statistics.median(values) for name, values in times.items()}
        best = min((medians[name], name) for name in others)
        ratio = medians["ours"] / best[0]
        print(f"{batch:21}" + "".join(f"{value:21.1f}" for value in medians.values()) + f"{ratio:21.2f}")
        results.append({"model": model, "batch": batch, "ns_per_row": medians, "best": best[1], "ratio": ratio})
    for engine in ours.values():
        check(rows, engine.finish(), scores)
    return results


def seconds(score: Callable[[], None]) -> float:
    """Time of one call, after others."""
    warm = time.perf_counter()
    score()
    while time.perf_counter() - warm < WARM_UP_SECONDS:
        score()
    started = time.perf_counter()
    score()
    return time.perf_counter() - started


def check(rows: np.ndarray, ours: np.ndarray, others: dict[str, np.ndarray]) -> None:
    """Ends the program if an engine scores something else than ours.

    Code of tl2cgen takes doubles whose lower half is all ones for missing
    values, as its integer −1 for those shares their memory; it may differ on
    such rows."""
    taken_for_missing = (rows.view(np.int32)[:, ::2] == -1).any(axis=1)
    for name, scores in others.items():
        counted = ~taken_for_missing if name.startswith("tl2cgen") else ...
        worst = np.abs(scores - ours)[counted].max()
        if not worst <= SAME:
            raise SystemExit(f"{name} differs from ours by {worst}")


if __name__ == "__main__":
    main()
