//! The harness of the tests that cross crates: the real server as a process, raw HTTP to it, and tokens of any make.
//!
//! | module | what it does |
//! |---|---|
//! | [`server`] | builds and runs `doorward`, reads its log, and looks for credentials in it when it ends |
//! | [`http`] | requests as bytes on a socket, so that malformed ones can be sent too, and their answers |
//! | [`denial`] | a refusal compared whole: status, every header, body |
//! | [`jwt`] | tokens with any header, payload and signature, made without doorward's own code |
//! | [`mcp`] | JSON-RPC bodies |
//! | [`fixtures`] | the credentials and settings most tests share |

pub mod denial;
pub mod fixtures;
pub mod http;
pub mod jwt;
pub mod mcp;
pub mod server;

pub use denial::Denied;
pub use fixtures::{ADMIN_KEY, OWN_KEY, SECRET, USER_KEY};
pub use http::{Answer, Connection, Request};
pub use jwt::Token;
pub use server::{Ended, Server, Setup};
