"""A forest in the formats that the other engines read. They add the leaves
up, so each leaf holds its share of fraud over the number of trees; values not
above the threshold go left, and NaN goes right, as in Spark."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from saved_forest import Forest, Node

# LightGBM's bits: missing values are NaN, and go right.
NAN_GOES_RIGHT = 2 << 2


def write_lightgbm(forest: Forest, path: Path) -> None:
    """Writes a LightGBM model file, which lleaves and treelite read too."""
    features = len(forest.columns)
    header = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        "objective=regression",
        f"feature_names={' '.join(forest.columns)}",
        f"feature_infos={' '.join(['[-1e300:1e300]'] * features)}",
    ]
    blocks = [lightgbm_tree(index, tree, len(forest.trees)) for index, tree in enumerate(forest.trees)]
    sizes = " ".join(str(len(block)) for block in blocks)
    text = "\n".join(header) + f"\ntree_sizes={sizes}\n\n" + "".join(blocks)
    path.write_text(text + "end of trees\n\nparameters:\nend of parameters\n\npandas_categorical:null\n")


def lightgbm_tree(index: int, tree: list[Node], trees: int) -> str:
    """One block of the file. It numbers inner nodes and leaves apart; a child
    that is a leaf is the complement of its number."""
    number, inner, leaves = {}, [], []
    for id, node in enumerate(tree):
        kind = leaves if node.left == -1 else inner
        number[id] = ~len(leaves) if node.left == -1 else len(inner)
        kind.append(node)
    fields = {
        "Tree": [index],
        "num_leaves": [len(leaves)],
        "num_cat": [0],
        "split_feature": [node.feature for node in inner],
        "split_gain": [1] * len(inner),
        "threshold": [repr(node.threshold) for node in inner],
        "decision_type": [NAN_GOES_RIGHT] * len(inner),
        "left_child": [number[node.left] for node in inner],
        "right_child": [number[node.right] for node in inner],
        "leaf_value": [repr(node.fraud / trees) for node in leaves],
        "leaf_weight": [1] * len(leaves),
        "leaf_count": [1] * len(leaves),
        "internal_value": [0] * len(inner),
        "internal_weight": [1] * len(inner),
        "internal_count": [1] * len(inner),
        "is_linear": [0],
        "shrinkage": [1],
    }
    lines = [f"{key}={' '.join(str(value) for value in values)}" for key, values in fields.items()]
    return "\n".join(lines) + "\n\n\n"


def write_onnx(forest: Forest, path: Path) -> None:
    """Writes an ONNX TreeEnsembleRegressor: doubles in, floats out."""
    nodes = [(tree_id, id, node) for tree_id, tree in enumerate(forest.trees) for id, node in enumerate(tree)]
    leaves = [(tree_id, id, node) for tree_id, id, node in nodes if node.left == -1]
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["fraud"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[tree_id for tree_id, _, _ in nodes],
        nodes_nodeids=[id for _, id, _ in nodes],
        nodes_featureids=[max(node.feature, 0) for _, _, node in nodes],
        nodes_modes=["LEAF" if node.left == -1 else "BRANCH_LEQ" for _, _, node in nodes],
        nodes_truenodeids=[max(node.left, 0) for _, _, node in nodes],
        nodes_falsenodeids=[max(node.right, 0) for _, _, node in nodes],
        nodes_missing_value_tracks_true=[0] * len(nodes),
        nodes_values_as_tensor=doubles("nodes", [node.threshold for _, _, node in nodes]),
        target_treeids=[tree_id for tree_id, _, _ in leaves],
        target_nodeids=[id for _, id, _ in leaves],
        target_ids=[0] * len(leaves),
        target_weights_as_tensor=doubles("leaves", [node.fraud / len(forest.trees) for _, _, node in leaves]),
    )
    graph = helper.make_graph(
        [ensemble],
        "forest",
        [helper.make_tensor_value_info("features", TensorProto.DOUBLE, [None, len(forest.columns)])],
        [helper.make_tensor_value_info("fraud", TensorProto.FLOAT, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def doubles(name: str, values: list[float]) -> onnx.TensorProto:
    """A tensor of doubles."""
    return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], np.array(values))
