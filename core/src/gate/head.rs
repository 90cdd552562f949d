//! What of a request's head the gate decides by, picked out in one pass.

use core::net::IpAddr;

/// The most lines of a forwarding header that are looked at.
const MAX_LINES: usize = 8;

/// A header that should be there at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Field<'a> {
    #[default]
    None,
    One(&'a [u8]),
    Several,
}

impl<'a> Field<'a> {
    pub(super) fn add(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::None => Self::One(value),
            _ => Self::Several,
        };
    }

    /// The values, as many as matter: none, one, or more than one.
    pub(super) const fn as_slice(&self) -> &[&'a [u8]] {
        match self {
            Self::None => &[],
            Self::One(value) => core::slice::from_ref(value),
            Self::Several => &[&[], &[]],
        }
    }

    /// The value, where there is just one.
    pub(super) const fn one(self) -> Option<&'a [u8]> {
        match self {
            Self::One(value) => Some(value),
            _ => None,
        }
    }
}

/// A request's head: method, peer, and those of its headers that matter. Made by
/// [`Gate::head`](super::Gate::head), which knows the configured header names.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    pub(super) method: &'a str,
    pub(super) peer: Option<IpAddr>,
    pub(super) host: Field<'a>,
    pub(super) origin: Field<'a>,
    pub(super) fetch_site: Field<'a>,
    pub(super) authorization: Field<'a>,
    pub(super) api_key: Field<'a>,
    pub(super) content_type: Field<'a>,
    pub(super) content_encoding: Field<'a>,
    pub(super) protocol_version: Field<'a>,
    pub(super) mcp_method: Field<'a>,
    pub(super) mcp_name: Field<'a>,
    pub(super) session: Field<'a>,
    /// Whether the query names one: the transport that does so knows no revisions.
    pub(super) session_in_query: bool,
    forwarded: [&'a [u8]; MAX_LINES],
    forwarded_len: usize,
}

/// The header names that a configuration may change, in lower case.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) api_key: alloc::string::String,
    pub(super) forwarded: alloc::string::String,
}

impl<'a> Head<'a> {
    pub(super) fn read<'h>(
        names: &Names,
        method: &'a str,
        peer: Option<IpAddr>,
        headers: impl IntoIterator<Item = (&'h str, &'a [u8])>,
    ) -> Self {
        let mut head = Self {
            method,
            peer,
            host: Field::None,
            origin: Field::None,
            fetch_site: Field::None,
            authorization: Field::None,
            api_key: Field::None,
            content_type: Field::None,
            content_encoding: Field::None,
            protocol_version: Field::None,
            mcp_method: Field::None,
            mcp_name: Field::None,
            session: Field::None,
            session_in_query: false,
            forwarded: [&[]; MAX_LINES],
            forwarded_len: 0,
        };
        for (name, value) in headers {
            head.add(names, name, value);
        }
        head
    }

    fn add(&mut self, names: &Names, name: &str, value: &'a [u8]) {
        // Nearly always in lower case: then it is a word or two, and no letter is looked at by itself.
        let is = |other: &str| name == other || name.eq_ignore_ascii_case(other);
        // The configured names first, so that nobody need wonder which wins: `Config` refuses the fixed ones.
        if is(&names.api_key) {
            self.api_key.add(value);
        } else if is(&names.forwarded) {
            self.add_forwarded(value);
        } else {
            let field = match name.len() {
                4 if is("host") => &mut self.host,
                6 if is("origin") => &mut self.origin,
                8 if is("mcp-name") => &mut self.mcp_name,
                10 if is("mcp-method") => &mut self.mcp_method,
                12 if is("content-type") => &mut self.content_type,
                14 if is("mcp-session-id") => &mut self.session,
                14 if is("sec-fetch-site") => &mut self.fetch_site,
                13 if is("authorization") => &mut self.authorization,
                16 if is("content-encoding") => &mut self.content_encoding,
                20 if is("mcp-protocol-version") => &mut self.protocol_version,
                _ => return,
            };
            field.add(value);
        }
    }

    /// Keeps the last lines: the trusted end of the list is on the right.
    fn add_forwarded(&mut self, value: &'a [u8]) {
        if self.forwarded_len == MAX_LINES {
            self.forwarded.rotate_left(1);
            self.forwarded_len -= 1;
        }
        if let Some(line) = self.forwarded.get_mut(self.forwarded_len) {
            *line = value;
            self.forwarded_len += 1;
        }
    }

    pub(super) fn forwarded_lines(&self) -> &[&'a [u8]] {
        self.forwarded.get(..self.forwarded_len).unwrap_or(&[])
    }
}
