//! TLS to the server: rustls, the system's certificate authorities or the operator's own, and no way around verifying.
//!
//! redis-rs takes rustls's cryptography from what the whole process has chosen, and panics where there are two to choose
//! from. Where the program has chosen none by the first connection, aws-lc-rs's is, which is also what key sets are fetched
//! with. A program that prefers another installs it first.

use super::RedisError;
use redis::{Client, ConnectionAddr, TlsCertificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// A client of that address, which is `rediss:` or `valkeys:`.
pub(super) fn client(url: &str, authorities: Option<&[u8]>) -> Result<Client, RedisError> {
    let plain = Client::open(url).map_err(|_| RedisError::Address).and_then(verifying)?;
    let Some(pem) = authorities else { return Ok(plain) };
    // redis-rs takes a file without certificates for one that trusts nobody.
    let mut all = CertificateDer::pem_slice_iter(pem).peekable();
    if all.peek().is_none() || all.any(|one| one.is_err()) {
        return Err(RedisError::Authorities);
    }
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
    Client::build_with_tls(url, certificates).map_err(|_| RedisError::Authorities)
}

/// redis-rs knows an address that ends in `#insecure`.
fn verifying(client: Client) -> Result<Client, RedisError> {
    match client.get_connection_info().addr() {
        ConnectionAddr::TcpTls { insecure: false, .. } => Ok(client),
        _ => Err(RedisError::Unverified),
    }
}

/// Sees to it that there is cryptography before a connection is made.
pub(super) fn provide() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been first: then there is one.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}
