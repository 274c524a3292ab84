//! The models in `tests/fixtures`, and some made by hand: loaded, scored and
//! broken.

mod broken;
mod contention;
mod damaged;
mod edge_cases;
mod features;
mod forest_rows;
mod golden;
mod identity;
mod input_types;
mod labels;
mod made;
mod mangled;
mod mlflow;
mod pipelines;
mod support;
