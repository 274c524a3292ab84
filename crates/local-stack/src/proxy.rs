//! A TCP proxy that spoils what goes through it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// A client that sends nothing for so long has said all of its request.
const REQUEST_PAUSE: Duration = Duration::from_millis(50);

/// What happens to the connections through a [`Proxy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Nothing.
    Clear,
    /// Everything arrives so much later, both ways.
    Slow(Duration),
    /// On every other connection everything arrives so much later, so that messages
    /// overtake each other.
    Uneven(Duration),
    /// Requests arrive, and their answers are lost.
    LosesAnswers,
    /// No connection lasts, and no new one comes about.
    Down,
    /// Each request gets this answer, and the server never sees it.
    Answers(&'static str),
}

/// Listens on 127.0.0.1 and connects its clients with a server. Ends with its process.
#[derive(Debug, Clone)]
pub struct Proxy {
    address: SocketAddr,
    sky: Arc<Mutex<Sky>>,
}

#[derive(Debug)]
struct Sky {
    weather: Weather,
    /// Both ends of each connection, to be cut.
    connections: Vec<[TcpStream; 2]>,
    accepted: usize,
}

impl Proxy {
    /// A proxy on a free port, for a server that need not be there yet.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::free_port()))
            .context("listening for a proxy's clients")?;
        let proxy = Self {
            address: listener.local_addr()?,
            sky: Arc::new(Mutex::new(Sky {
                weather: Weather::Clear,
                connections: Vec::new(),
                accepted: 0,
            })),
        };
        let accepting = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Who can't be connected is closed, as by a server that isn't there.
                let _ = accepting.connect(client, server);
            }
        });
        Ok(proxy)
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather. Connections that lost bytes are cut, so that nobody waits
    /// for the rest of half an answer.
    pub fn set(&self, weather: Weather) {
        let before = std::mem::replace(&mut self.lock().weather, weather);
        let is_torn = matches!(before, Weather::LosesAnswers | Weather::Answers(_));
        if is_torn || weather == Weather::Down {
            self.cut();
        }
    }

    /// Cuts all connections; new ones may come.
    pub fn cut(&self) {
        for ends in self.lock().connections.drain(..) {
            for end in ends {
                // It may be closed already.
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }

    fn connect(&self, client: TcpStream, server: SocketAddr) -> io::Result<()> {
        let mut sky = self.lock();
        match sky.weather {
            Weather::Down => return Ok(()),
            Weather::Answers(answer) => {
                drop(sky);
                thread::spawn(move || answer_all(client, answer));
                return Ok(());
            }
            _ => {}
        }
        let server = TcpStream::connect(server)?;
        for end in [&client, &server] {
            end.set_nodelay(true)?;
        }
        sky.connections
            .push([client.try_clone()?, server.try_clone()?]);
        sky.accepted += 1;
        let is_uneven = sky.accepted % 2 == 1;
        drop(sky);
        for (from, to, is_answer) in [
            (client.try_clone()?, server.try_clone()?, false),
            (server, client, true),
        ] {
            let proxy = self.clone();
            thread::spawn(move || proxy.copy(from, to, is_answer, is_uneven));
        }
        Ok(())
    }

    /// Until one of the ends is closed; then closes both.
    fn copy(&self, mut from: TcpStream, mut to: TcpStream, is_answer: bool, is_uneven: bool) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let weather = self.lock().weather;
            match weather {
                Weather::LosesAnswers if is_answer => continue,
                Weather::Slow(delay) => thread::sleep(delay),
                Weather::Uneven(delay) if is_uneven => thread::sleep(delay),
                _ => {}
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        for end in [from, to] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sky> {
        self.sky.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a request to its end and answers it, once.
fn answer_all(mut client: TcpStream, answer: &str) {
    let mut bytes = vec![0; 64 * 1024];
    let mut is_asked = false;
    // An error is either the pause after the request or a client that has gone.
    let _ = client.set_read_timeout(Some(REQUEST_PAUSE));
    while let Ok(1..) = client.read(&mut bytes) {
        is_asked = true;
    }
    if is_asked {
        let _ = client.write_all(answer.as_bytes());
    }
}
