//! An app with the generated files in it, as they are.
#[path = "generated/schema.rs"]
pub mod schema;
#[path = "generated/turnkey_connector.rs"]
pub mod turnkey_connector;
