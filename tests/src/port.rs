//! A port that is ours before anybody listens there: a server's own URL is part of its configuration.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};

/// A port of loopback, held without listening: connections are refused, and the system gives it to nobody else. A
/// server that reuses addresses, as Unix ones do, can listen there meanwhile.
#[derive(Debug)]
pub struct Port {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Port {
    /// A free one.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn free() -> Self {
        Self::at(([127, 0, 0, 1], 0).into())
    }

    /// That one.
    ///
    /// # Panics
    /// Somebody listens there.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option of every socket");
        socket.bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        let address = socket.local_addr().expect("it is bound");
        Self { socket, address }
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens there, inside a runtime.
    pub(crate) fn listen(self) -> TcpListener {
        self.socket.listen(128).unwrap_or_else(|error| panic!("{}: {error}", self.address))
    }
}
