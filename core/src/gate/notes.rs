//! What a host should tell its operator about a request that was decided on otherwise.

/// One such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// `Authorization` had a scheme other than `Bearer`, which was ignored.
    SchemeIgnored,
    /// The API-key header was sent, and no API keys are configured.
    ApiKeyHeaderIgnored,
    /// A forwarding header came from a peer that is no configured proxy, and was ignored: behind a proxy, every
    /// caller then shares that proxy's address. The setting is `TRUSTED_PROXIES`.
    ForwardingIgnored,
}

impl Note {
    const ALL: [Self; 3] = [Self::SchemeIgnored, Self::ApiKeyHeaderIgnored, Self::ForwardingIgnored];

    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SchemeIgnored => "authorization_scheme_ignored",
            Self::ApiKeyHeaderIgnored => "api_key_header_ignored",
            Self::ForwardingIgnored => "forwarding_header_ignored",
        }
    }
}

/// A set of [`Note`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes(u8);

impl Notes {
    pub(super) const fn add(&mut self, note: Note) {
        self.0 |= 1 << note as u8;
    }

    /// Whether the note is among them.
    #[must_use]
    pub const fn contains(self, note: Note) -> bool {
        self.0 & 1 << note as u8 != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Note> {
        Note::ALL.into_iter().filter(move |note| self.contains(*note))
    }
}
