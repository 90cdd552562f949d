//! The harness of the tests that cross crates: the real server as a process, raw HTTP to it, and tokens of any make.
//!
//! | module | what it does |
//! |---|---|
//! | [`server`] | runs `doorward`, and looks for credentials in its log when it ends |
//! | [`process`] | builds its binary, and reads its outputs as they come |
//! | [`http`] | requests as bytes on a socket, so that malformed ones can be sent too, and their answers |
//! | [`denial`] | a refusal compared whole: status, every header, body |
//! | [`jwt`] | tokens with any header, payload and signature, made without doorward's own code |
//! | [`mcp`] | JSON-RPC bodies |
//! | [`authorization_server`] | an OAuth authorization server on loopback |
//! | [`oauth_client`] | official MCP clients that go through it |
//! | [`port`] | a port that is known before anybody listens there |
//! | [`fixtures`] | the credentials and settings most tests share |

pub mod authorization_server;
pub mod denial;
pub mod fixtures;
pub mod http;
pub mod jwt;
pub mod mcp;
pub mod oauth_client;
pub mod port;
pub mod process;
pub mod server;

pub use authorization_server::AuthorizationServer;
pub use denial::Denied;
pub use fixtures::{ADMIN_KEY, OWN_KEY, SECRET, USER_KEY};
pub use http::{Answer, Connection, Request};
pub use jwt::Token;
pub use oauth_client::{OauthClient, Sdk};
pub use port::Port;
pub use process::Ended;
pub use server::{Server, Setup};
