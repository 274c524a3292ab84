//! Real daemons over a real Kafka, as a user runs them.
//!
//! The tests share one broker and have topics, groups and folders of their own;
//! those that hurt the broker start their own. They run the daemons' binaries as they
//! lie in `target/`: `make e2e` builds them before. What is waited for is a condition
//! with a deadline, never a time.

mod bad_input;
mod broker_loss;
mod console;
mod delivery;
mod edge_cases;
mod health;
mod lost_offsets;
mod main_flow;
mod memory;
mod metrics;
mod model_sources;
mod operations;
mod other_clients;
mod producer_rights;
mod quiet;
mod rebalance;
mod refused_messages;
mod replay;
mod rights;
mod security;
mod simulated;
mod slow_store;
mod start;
mod support;
