//! results-sink-svc
