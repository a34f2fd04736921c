//! A DOUBLE of PowerSync's Rust SDK, written for tests from its public interface (0.1): what a connector meets of it, over
//! an upload queue in a real SQLite. It syncs nothing. Futures are ready at once, or stay for ever in no test.
use std::sync::{Arc, Mutex, MutexGuard};

use futures_lite::stream::{self, Stream};
use rusqlite::Connection;
use serde_json::{Map, Value};

pub mod error;
pub mod schema;

use error::PowerSyncError;

/// What an app implements.
#[async_trait::async_trait]
pub trait BackendConnector: Send + Sync {
    async fn fetch_credentials(&self) -> Result<PowerSyncCredentials, PowerSyncError>;
    async fn upload_data(&self) -> Result<(), PowerSyncError>;
}

pub struct PowerSyncCredentials {
    pub endpoint: String,
    pub token: String,
}

/// The SDK's own type is not exported: a connector cannot name it, nor its variants.
mod kind {
    pub enum UpdateType {
        Put,
        Patch,
        Delete,
    }
}

pub struct CrudEntry {
    pub client_id: i64,
    pub transaction_id: i64,
    pub update_type: kind::UpdateType,
    pub table: String,
    pub id: String,
    pub metadata: Option<String>,
    pub data: Option<Map<String, Value>>,
    pub previous_values: Option<Map<String, Value>>,
}

pub struct CrudTransaction<'a> {
    db: &'a PowerSyncDatabase,
    last_item_id: i64,
    pub id: Option<i64>,
    pub crud: Vec<CrudEntry>,
}

impl CrudTransaction<'_> {
    /// Takes it, and everything before it, off the queue.
    pub async fn complete(self) -> Result<(), PowerSyncError> {
        self.db.lock().execute("DELETE FROM ps_crud WHERE id <= ?", [self.last_item_id])?;
        Ok(())
    }
}

#[derive(Clone)]
pub struct PowerSyncDatabase {
    connection: Arc<Mutex<Connection>>,
}

/// What `reader` and `writer` lease: a connection of rusqlite.
pub trait LeasedConnection: std::ops::DerefMut<Target = Connection> {}
impl LeasedConnection for MutexGuard<'_, Connection> {}

impl PowerSyncDatabase {
    /// Not the SDK's: a database that has only the queue.
    pub fn double(queue: &[(i64, i64, String)]) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT, tx_id INTEGER)").unwrap();
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        connection.create_scalar_function("powersync_client_id", 0, flags, |_| Ok("device-1")).unwrap();
        for (id, tx, data) in queue {
            connection.execute("INSERT INTO ps_crud (id, tx_id, data) VALUES (?, ?, ?)", rusqlite::params![id, tx, data]).unwrap();
        }
        Self { connection: Arc::new(Mutex::new(connection)) }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.try_lock().expect("the pool has one connection, which is leased")
    }

    pub async fn reader(&self) -> Result<impl LeasedConnection + '_, PowerSyncError> {
        Ok(self.lock())
    }

    pub async fn writer(&self) -> Result<impl LeasedConnection + '_, PowerSyncError> {
        Ok(self.lock())
    }

    pub fn crud_transactions(&self) -> impl Stream<Item = Result<CrudTransaction<'_>, PowerSyncError>> + '_ {
        stream::try_unfold(-1, move |last| async move {
            let Some(tx) = self.after(last)? else { return Ok(None) };
            let last = tx.last_item_id;
            Ok(Some((tx, last)))
        })
    }

    fn after(&self, last: i64) -> Result<Option<CrudTransaction<'_>>, PowerSyncError> {
        let connection = self.lock();
        let mut rows = connection.prepare("SELECT id, tx_id, data FROM ps_crud WHERE tx_id = (SELECT tx_id FROM ps_crud WHERE id > ?1 ORDER BY id LIMIT 1) AND id > ?1 ORDER BY id")?;
        let mut rows = rows.query([last])?;
        let mut crud = Vec::new();
        while let Some(row) = rows.next()? {
            let text: String = row.get(2)?;
            let data: Value = serde_json::from_str(&text)?;
            let object = |name: &str| data.get(name).and_then(Value::as_object).cloned();
            let string = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_string);
            crud.push(CrudEntry {
                client_id: row.get(0)?,
                transaction_id: row.get(1)?,
                update_type: match data["op"].as_str() {
                    Some("PUT") => kind::UpdateType::Put,
                    Some("PATCH") => kind::UpdateType::Patch,
                    _ => kind::UpdateType::Delete,
                },
                table: string("type").unwrap(),
                id: string("id").unwrap(),
                metadata: string("metadata"),
                data: object("data"),
                previous_values: object("old"),
            });
        }
        let (Some(id), Some(last_item_id)) = (crud.first().map(|e| e.transaction_id), crud.last().map(|e| e.client_id)) else { return Ok(None) };
        Ok(Some(CrudTransaction { db: self, last_item_id, id: Some(id), crud }))
    }
}
