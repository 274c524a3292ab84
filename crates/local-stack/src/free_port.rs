//! Ports for servers that are told their port.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which systems take the ports of outgoing connections
/// (32768 on Linux, 49152 elsewhere): while a server restarts, no client's
/// connection may sit on its port, not even its own, reconnecting to itself.
const FIRST_PORT: u16 = 12_000;
const PORTS: u16 = 20_000;

/// A port on 127.0.0.1 on which nobody listens, and which this process hands out
/// once. Another process could take it before its server does: whoever starts a
/// server tries again with another port.
pub fn free_port() -> u16 {
    // Two processes begin at different places.
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(rand::random_range(0..PORTS)));
    loop {
        let port = FIRST_PORT + next.fetch_add(1, Ordering::Relaxed) % PORTS;
        if is_free(port) {
            return port;
        }
    }
}

/// `preferred` if nobody listens there, else a free port.
pub fn preferred_port(preferred: u16) -> u16 {
    if is_free(preferred) {
        preferred
    } else {
        free_port()
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
