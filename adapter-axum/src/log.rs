//! Every decision, for the operator: exact codes and principals, and never a credential.

use doorward::gate::{Admitted, Denial, Note, Notes};
use doorward::mcp::Kind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

fn micros(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

pub(crate) fn admitted(admitted: &Admitted, began: Instant) {
    notes(admitted.notes);
    let (kind, name) = target(admitted.target.as_ref());
    tracing::info!(
        target: "doorward",
        code = "admitted",
        principal = ?Quoted(admitted.principal.id()),
        method = admitted.principal.method().name(),
        kind,
        name,
        address = %admitted.address,
        micros = micros(began),
        "admitted"
    );
}

pub(crate) fn denied(denial: &Denial, began: Instant) {
    notes(denial.notes);
    let (kind, name) = target(denial.target.as_ref());
    let principal = denial.principal.as_ref().map(|principal| tracing::field::debug(Quoted(principal.id())));
    tracing::warn!(
        target: "doorward",
        code = denial.code.as_str(),
        status = denial.status,
        detail = denial.detail,
        principal,
        kind,
        name,
        address = denial.address.map(tracing::field::display),
        micros = micros(began),
        "denied"
    );
    if denial.code == doorward::gate::Code::AddressUnknown {
        tracing::error!(
            target: "doorward",
            "no request has a peer address: serve with into_make_service_with_connect_info::<SocketAddr>(), or put a \
             doorward_axum::PeerAddress into the request's extensions"
        );
    }
}

/// What was asked for, where that was read by then; fields without a value are left out.
fn target(target: Option<&(Kind, String)>) -> (Option<&'static str>, Option<impl tracing::Value + '_>) {
    let (kind, name) = target.map(|(kind, name)| (kind.name(), tracing::field::debug(Quoted(name)))).unzip();
    (kind, name)
}

fn notes(notes: Notes) {
    static FORWARDING: AtomicBool = AtomicBool::new(false);
    for note in notes.iter() {
        match note {
            Note::ForwardingIgnored if FORWARDING.swap(true, Ordering::Relaxed) => {}
            Note::ForwardingIgnored => tracing::warn!(
                target: "doorward",
                code = note.code(),
                "a forwarding header came from a peer that is no trusted proxy and was ignored; if that peer is your \
                 proxy, name it in TRUSTED_PROXIES, or all its callers share one address (told once)"
            ),
            other => tracing::debug!(target: "doorward", code = other.code(), "ignored"),
        }
    }
}

/// A text from outside, cut at 128 bytes, its control characters and quotes escaped.
struct Quoted<'a>(&'a str);

impl std::fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = (0..=128.min(self.0.len())).rev().find(|at| self.0.is_char_boundary(*at)).unwrap_or(0);
        write!(f, "{:?}", &self.0[..end])?;
        if end < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}
