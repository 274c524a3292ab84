//! What Spark wrote on disk: folders, metadata, Parquet tables, vectors,
//! matrices and trees. Everything here is data from outside: each file is
//! checked, and an error names the file.

pub(crate) mod folder;
mod linalg;
mod parquet;
mod stage;
mod trees;

pub(crate) use linalg::{SavedMatrix, SavedVector};
pub(crate) use parquet::{Record, Table};
pub(crate) use stage::SavedStage;
pub(crate) use trees::{
    Rule, SavedEnsemble, SavedNode, SavedTree, Split, TreeKind, read_ensemble, read_tree,
    tree_weights,
};

/// The greatest width of a vector, and of all vectors of a pipeline together:
/// far above real pipelines, far below what a broken file could make us allocate.
pub(crate) const MAX_WIDTH: usize = 1 << 20;
