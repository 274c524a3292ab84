"""A random forest as Spark saved it, and the rows to score with it."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as parquet


class Node(NamedTuple):
    """An inner node has children and no `fraud`; a leaf has nothing but that."""

    feature: int
    threshold: float
    left: int
    right: int
    # The leaf's share of class 1.
    fraud: float


class Forest(NamedTuple):
    """The trees of a classifier of two classes, and the columns that it reads."""

    trees: list[list[Node]]
    columns: list[str]


def read_forest(model: Path) -> Forest:
    """Reads a pipeline of a VectorAssembler and a RandomForestClassifier."""
    assembler, classifier = sorted((model / "stages").iterdir())
    metadata = json.loads(next((assembler / "metadata").glob("part-*")).read_text())
    rows = parquet.read_table(classifier / "data").to_pylist()
    rows.sort(key=lambda row: (row["treeID"], row["nodeData"]["id"]))
    trees: list[list[Node]] = []
    for row in rows:
        if row["treeID"] == len(trees):
            trees.append([])
        trees[row["treeID"]].append(node(row["nodeData"]))
    return Forest(trees, metadata["paramMap"]["inputCols"])


def node(data: dict) -> Node:
    """A node of Spark's `NodeData`."""
    if data["leftChild"] == -1:
        total = sum(data["impurityStats"])
        return Node(-1, 0.0, -1, -1, data["impurityStats"][1] / total)
    split = data["split"]
    if split["numCategories"] != -1:
        raise SystemExit("bench_model.py knows no categorical splits")
    [threshold] = split["leftCategoriesOrThreshold"]
    return Node(split["featureIndex"], threshold, data["leftChild"], data["rightChild"], 0.0)


def read_rows(transactions: Path, columns: list[str]) -> np.ndarray:
    """The features of all transactions, row after row, as VectorAssembler makes them."""
    table = parquet.read_table(transactions, columns=columns)
    features = [column.to_numpy().astype(np.float64) for column in table.columns]
    return np.ascontiguousarray(np.column_stack(features))
