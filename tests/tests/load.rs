use doorward as _;
use rmcp as _;
use serde as _;
use tokio as _;
