//! The peers: `jsonwebtoken` in this process, PyJWT and jose in processes of their own.

pub(crate) mod jsonwebtoken;
pub(crate) mod scripts;
