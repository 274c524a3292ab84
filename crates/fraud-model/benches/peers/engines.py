"""The other engines, each as a function that scores all rows in batches on one
thread. All but ONNX Runtime are called from C, so that Python's calls don't
count; ONNX Runtime, which needs microseconds a call, by bound arrays."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import lightgbm
import lleaves
import numpy as np
import onnxruntime
import tl2cgen
import treelite

from convert import write_lightgbm, write_onnx
from saved_forest import Forest

# Scores all rows in batches of so many into the array.
Engine = Callable[[int, np.ndarray], None]


def build(forest: Forest, rows: np.ndarray, folder: Path) -> dict[str, Engine]:
    """Converts the forest and compiles what is to be compiled, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "lightgbm.txt"
    write_lightgbm(forest, model)
    write_onnx(forest, folder / "forest.onnx")
    library = folder / "drivers.so"
    source = Path(__file__).with_name("drivers.c")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    drivers = ctypes.CDLL(str(library))
    return {
        "lightgbm": lightgbm_engine(model, rows, drivers),
        "onnxruntime": onnxruntime_engine(folder / "forest.onnx", rows),
        "tl2cgen": tl2cgen_engine(model, rows, folder, drivers, quantize=False),
        "tl2cgen, quantized": tl2cgen_engine(model, rows, folder, drivers, quantize=True),
        "lleaves": lleaves_engine(model, rows, drivers),
    }


def lightgbm_engine(model: Path, rows: np.ndarray, drivers: ctypes.CDLL) -> Engine:
    """Single rows by its fast call for those."""
    booster = lightgbm.Booster(model_file=model)
    library = lightgbm.basic._LIB
    config = ctypes.c_void_p()
    count, width = rows.shape
    library.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, -1, 1, width, b"num_threads=1", ctypes.byref(config)
    )

    def score(batch: int, out: np.ndarray) -> None:
        if batch == 1:
            call = library.LGBM_BoosterPredictForMatSingleRowFast
            drivers.drive_lightgbm_row(call, config, pointer(rows), pointer(out), count, width)
        else:
            call = library.LGBM_BoosterPredictForMat
            drivers.drive_lightgbm(call, booster._handle, pointer(rows), pointer(out), count, width, batch)

    return score


def lleaves_engine(model: Path, rows: np.ndarray, drivers: ctypes.CDLL) -> Engine:
    """The function that it compiles."""
    compiled = lleaves.Model(model_file=model)
    compiled.compile()
    count, width = rows.shape

    def score(batch: int, out: np.ndarray) -> None:
        drivers.drive_lleaves(compiled._c_entry_func, pointer(rows), pointer(out), count, width, batch)

    return score


def tl2cgen_engine(model: Path, rows: np.ndarray, folder: Path, drivers: ctypes.CDLL, quantize: bool) -> Engine:
    """The function for one row that it generates, compiled by gcc; it has no other."""
    library = folder / f"tl2cgen{'-quantized' * quantize}.so"
    if not library.exists():
        trees = treelite.frontend.load_lightgbm_model(model)
        parameters = {"parallel_comp": 8} | ({"quantize": 1} if quantize else {})
        tl2cgen.export_lib(trees, toolchain="gcc", libpath=library, params=parameters, nthread=1)
    predict = ctypes.CDLL(str(library)).predict
    drive = drivers.drive_tl2cgen_copying if quantize else drivers.drive_tl2cgen
    count, width = rows.shape

    def score(batch: int, out: np.ndarray) -> None:
        drive(predict, pointer(rows), pointer(out), count, width)

    return score


def onnxruntime_engine(model: Path, rows: np.ndarray) -> Engine:
    """One thread, arrays bound."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    floats = np.zeros(len(rows), np.float32)

    def score(batch: int, out: np.ndarray) -> None:
        binding = session.io_binding()
        for start in range(0, len(rows), batch):
            part, result = rows[start : start + batch], floats[start : start + batch]
            binding.bind_input("features", "cpu", 0, np.float64, part.shape, part.ctypes.data)
            binding.bind_output("fraud", "cpu", 0, np.float32, (len(part), 1), result.ctypes.data)
            session.run_with_iobinding(binding)
        out[:] = floats

    return score


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    """The address of an array's values."""
    return ctypes.c_void_p(array.ctypes.data)
