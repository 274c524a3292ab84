//! A real Apache Kafka on this machine, topics on it, and the daemons as child
//! processes: what the demo, the end-to-end tests and the benchmarks stand on.
//!
//! Everything that is started here ends with the value that stands for it, and at
//! the latest with this process, even if it is killed: see [`ChildProcess`].
//!
//! No caller decides by the kind of an error, a person reads it: errors are
//! `anyhow`'s, one line each.

mod access;
mod acls;
mod authority;
mod broker;
mod child_process;
mod daemon;
mod distribution;
mod free_port;
mod http;
mod java;
mod listener;
mod messages;
mod process_group;
mod proxy;
mod records;
mod rights;
mod security;
mod simulate;
mod temporary_folder;
mod topics;
mod wait;
mod watcher;

pub use access::{Access, Login};
pub use acls::{grant, revoke};
pub use authority::{Authority, Host};
pub use broker::{Broker, BrokerOptions};
pub use child_process::{ChildProcess, Output};
pub use daemon::{Daemon, DaemonCommand, binary};
pub use distribution::{DEFAULT_KAFKA_VERSION, Distribution, checkout};
pub use free_port::{free_port, preferred_port};
pub use http::{HttpResponse, http_get};
pub use listener::Listener;
pub use messages::{Message, send};
pub use proxy::{Proxy, Weather};
pub use records::{Isolation, Record, TopicReader};
pub use rights::{USERS, least_rights, user_of};
pub use rustix::process::Signal;
pub use security::Security;
pub use simulate::simulate;
pub use temporary_folder::TemporaryFolder;
pub use topics::{
    TOPICS, Topic, add_partitions, committed_offsets, create_topics, delete, delete_records,
    end_offsets,
};
pub use wait::{wait_for, wait_until};
