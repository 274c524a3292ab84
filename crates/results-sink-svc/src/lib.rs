//! results-sink-svc

mod console;
