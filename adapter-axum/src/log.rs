//! Every decision, for the operator: exact codes and principals, and never a credential.

use doorward::gate::{Admitted, AuditEvent, Denial, Note, Notes};
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn admitted(admitted: &Admitted, event: AuditEvent<'_>) {
    notes(admitted.notes);
    let AuditEvent { decision, code, principal, auth, kind, name, address, micros, .. } = event;
    tracing::info!(
        target: "doorward",
        decision,
        code,
        principal = principal.as_deref().map(tracing::field::debug),
        auth,
        kind,
        name = name.map(tracing::field::debug),
        address = address.map(tracing::field::display),
        micros,
        "{decision}"
    );
}

pub(crate) fn denied(denial: &Denial, event: AuditEvent<'_>) {
    notes(denial.notes);
    let AuditEvent { decision, code, status, principal, auth, kind, name, address, micros, detail, .. } =
        event;
    tracing::warn!(
        target: "doorward",
        decision,
        code,
        status,
        principal = principal.as_deref().map(tracing::field::debug),
        auth,
        kind,
        name = name.map(tracing::field::debug),
        address = address.map(tracing::field::display),
        micros,
        detail,
        "{decision}"
    );
    if denial.code == doorward::gate::Code::AddressUnknown {
        tracing::error!(
            target: "doorward",
            "no request has a peer address: serve with into_make_service_with_connect_info::<SocketAddr>(), or put a \
             doorward_axum::PeerAddress into the request's extensions"
        );
    }
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
