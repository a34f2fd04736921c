use std::fmt;
use std::sync::Arc;

/// The SDK's error: an app makes one only from what it is `From`.
#[derive(Debug, Clone)]
pub struct PowerSyncError {
    inner: Arc<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for PowerSyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl std::error::Error for PowerSyncError {}

impl From<rusqlite::Error> for PowerSyncError {
    fn from(e: rusqlite::Error) -> Self {
        Self { inner: Arc::new(e) }
    }
}

impl From<serde_json::Error> for PowerSyncError {
    fn from(e: serde_json::Error) -> Self {
        Self { inner: Arc::new(e) }
    }
}
