use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_lite::StreamExt;
use powersync::error::PowerSyncError;
use powersync::{BackendConnector, CrudTransaction, PowerSyncCredentials, PowerSyncDatabase};
use serde_json::{json, Map, Value};

const TURNKEY_URL: &str = "http://localhost:8080/i/todo-x1";
const MAX_TRANSACTIONS: usize = 50;
const MAX_OPERATIONS: usize = 1000;
const KNOWN: [&str; 4] = ["success", "retryable_error", "fatal_error", "not_attempted"];

/// Who uploads.
pub enum Identity {
    /// Gives the signed-in user's token of your own sign-in, None when nobody is signed in.
    Provider(Box<dyn Fn() -> Option<String> + Send + Sync>),
    /// This is a development instance: be that user, without any sign-in.
    DevelopmentUser(String),
}

/// A write that the server refused for good. It has left the queue; the server keeps it.
#[derive(Debug)]
pub struct RejectedWrite {
    pub code: String,
    pub message: String,
    pub rejection_id: Option<String>,
    pub transaction_id: Option<i64>,
}

#[derive(Clone)]
struct Token {
    token: String,
    endpoint: String,
    fetched: SystemTime,
}

/// Connects PowerSync to Turnkey: exchanges tokens, uploads whole transactions, never sticks on a refused write.
pub struct TurnkeyConnector {
    db: PowerSyncDatabase,
    identity: Identity,
    on_rejected: Box<dyn Fn(RejectedWrite) + Send + Sync>,
    http: reqwest::Client,
    cached: Mutex<Option<Token>>,
    last_error: Mutex<Option<String>>,
}

impl TurnkeyConnector {
    pub fn new(db: PowerSyncDatabase, identity: Identity, on_rejected: impl Fn(RejectedWrite) + Send + Sync + 'static) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("an HTTP client");
        Self { db, identity, on_rejected: Box::new(on_rejected), http, cached: Mutex::new(None), last_error: Mutex::new(None) }
    }

    /// One request; true when there may be more to do.
    async fn upload_once(&self) -> Result<bool, PowerSyncError> {
        let mut transactions = Box::pin(self.db.crud_transactions());
        let mut batch = Vec::new();
        let mut operations = 0;
        while batch.len() < MAX_TRANSACTIONS && operations < MAX_OPERATIONS {
            let Some(tx) = transactions.try_next().await? else { break };
            operations += tx.crud.len();
            batch.push(tx);
        }
        if batch.is_empty() {
            return Ok(false);
        }
        let (id, queued) = {
            let reader = self.db.reader().await?;
            reader.query_row("SELECT powersync_client_id(), (SELECT count(*) FROM ps_crud)", [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            })?
        };
        let mut client = json!({"id": id, "sdk": "turnkey-rust", "queue_count": queued});
        if let Some(e) = self.last_error.lock().unwrap().as_ref() {
            client["last_error"] = json!(e);
        }
        let mut wired = Vec::new();
        for tx in &batch {
            wired.push(self.wire(tx).await?);
        }
        let body = json!({"client": client, "transactions": wired});
        let results = results(self.send(&body).await?, batch.len())?;

        // Completing a transaction completes everything before it, so only a settled prefix is completed, once.
        let mut settled = None;
        let mut stopped = None;
        let mut rejected = Vec::new();
        for (tx, r) in batch.into_iter().zip(results) {
            if r["status"] == "fatal_error" && r["requires_client_handling"] == false {
                rejected.push(refused(tx.id, &r));
            } else if r["status"] != "success" {
                stopped = Some(r); // waits for the app, for a later try, or was not attempted
                break;
            }
            settled = Some(tx);
        }
        let any = settled.is_some();
        if let Some(tx) = settled {
            tx.complete().await?;
        }
        rejected.into_iter().for_each(|write| (self.on_rejected)(write));
        match stopped {
            Some(r) if r["status"] != "not_attempted" || !any => {
                pause(r["retry_after_ms"].as_u64().unwrap_or(0)).await;
                Err(failure(text(&r, "message").unwrap_or("The server asks to try again later".into())))
            }
            _ => Ok(true),
        }
    }

    /// The queue's own JSON has each operation as it was written, its kind included.
    async fn wire(&self, tx: &CrudTransaction<'_>) -> Result<Value, PowerSyncError> {
        let reader = self.db.reader().await?;
        let mut crud = Vec::new();
        for e in &tx.crud {
            let text: String = reader.query_row("SELECT data FROM ps_crud WHERE id = ?", [e.client_id], |row| row.get(0))?;
            let queued: Map<String, Value> = serde_json::from_str(&text)?;
            let mut entry = json!({"op": queued["op"], "table": e.table, "id": e.id, "op_id": e.client_id, "transaction_id": e.transaction_id});
            for (name, theirs) in [("op_data", "data"), ("previous_values", "old"), ("metadata", "metadata")] {
                if let Some(v) = queued.get(theirs) {
                    entry[name] = v.clone();
                }
            }
            crud.push(entry);
        }
        Ok(match tx.id {
            Some(id) => json!({"transaction_id": id, "crud": crud}),
            None => json!({"crud": crud}),
        })
    }

    /// Sends with the current token; a refused one is replaced once.
    async fn send(&self, body: &Value) -> Result<Value, PowerSyncError> {
        for attempt in 1.. {
            let t = self.current().await?.ok_or_else(|| failure("Nobody is signed in, so nothing can be uploaded".into()))?;
            let (status, after, answer) = self.post("/api/data", Some(&t.token), body).await?;
            match status {
                200 => return Ok(answer),
                401 if attempt == 1 => *self.cached.lock().unwrap() = None,
                _ => {
                    pause(after * 1000).await;
                    return Err(problem("The upload was not accepted", status, &answer));
                }
            }
        }
        unreachable!()
    }

    async fn current(&self) -> Result<Option<Token>, PowerSyncError> {
        let cached = self.cached.lock().unwrap().clone();
        match cached {
            // Tokens live five minutes unless configured otherwise; a 401 replaces one that lived shorter.
            Some(t) if t.fetched.elapsed().map(|age| age < Duration::from_secs(240)).unwrap_or(false) => Ok(Some(t)),
            _ => self.exchange().await,
        }
    }

    async fn exchange(&self) -> Result<Option<Token>, PowerSyncError> {
        let (bearer, ask) = match &self.identity {
            Identity::Provider(get) => match get() {
                Some(token) => (Some(token), json!({})),
                None => return Ok(None),
            },
            Identity::DevelopmentUser(user) => (None, json!({"user_id": user})),
        };
        let (status, _, b) = self.post("/token", bearer.as_deref(), &ask).await?;
        match (status, text(&b, "token"), text(&b, "powersync_url")) {
            (200, Some(token), Some(url)) => {
                let t = Token { token, endpoint: url.trim_end_matches('/').to_string(), fetched: SystemTime::now() };
                *self.cached.lock().unwrap() = Some(t.clone());
                Ok(Some(t))
            }
            _ => Err(problem("No token", status, &b)),
        }
    }

    async fn post(&self, path: &str, bearer: Option<&str>, body: &Value) -> Result<(u16, u64, Value), PowerSyncError> {
        let mut request = self.http.post(format!("{TURNKEY_URL}{path}")).header("content-type", "application/json").body(body.to_string());
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|e| failure(format!("No answer: {e}")))?;
        let status = answer.status().as_u16();
        let after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).unwrap_or(0);
        let text = answer.text().await.map_err(|e| failure(format!("No answer: {e}")))?;
        Ok((status, after, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

#[async_trait]
impl BackendConnector for TurnkeyConnector {
    async fn fetch_credentials(&self) -> Result<PowerSyncCredentials, PowerSyncError> {
        let t = self.exchange().await?.ok_or_else(|| failure("Nobody is signed in".into()))?;
        Ok(PowerSyncCredentials { endpoint: t.endpoint, token: t.token })
    }

    async fn upload_data(&self) -> Result<(), PowerSyncError> {
        loop {
            match self.upload_once().await {
                Ok(true) => continue,
                Ok(false) => {
                    *self.last_error.lock().unwrap() = None;
                    return Ok(());
                }
                Err(e) => {
                    *self.last_error.lock().unwrap() = Some(e.to_string());
                    return Err(e); // PowerSync keeps the queue and tries again
                }
            }
        }
    }
}

/// An answer that is not exactly what the contract promises must never complete a transaction.
fn results(mut answer: Value, sent: usize) -> Result<Vec<Value>, PowerSyncError> {
    let list = match answer.get_mut("results").map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let whole = |r: &Value| {
        r["status"].as_str().is_some_and(|s| KNOWN.contains(&s))
            && (r["status"] != "fatal_error" || r["requires_client_handling"].is_boolean() && r["failed_operation"]["error_code"].is_string())
    };
    if list.len() != sent || !list.iter().all(whole) {
        return Err(failure("Malformed answer".into()));
    }
    Ok(list)
}

fn refused(transaction_id: Option<i64>, r: &Value) -> RejectedWrite {
    let failed = &r["failed_operation"];
    RejectedWrite {
        code: text(failed, "error_code").unwrap_or_default(),
        message: text(failed, "message").or_else(|| text(r, "message")).unwrap_or("The write was refused.".into()),
        rejection_id: text(r, "rejection_id"),
        transaction_id,
    }
}

fn text(v: &Value, name: &str) -> Option<String> {
    v[name].as_str().map(str::to_string)
}

fn problem(what: &str, status: u16, body: &Value) -> PowerSyncError {
    let why = text(body, "detail").or_else(|| text(body, "message")).unwrap_or(format!("HTTP {status}"));
    failure(format!("{what}: {why}"))
}

fn failure(message: String) -> PowerSyncError {
    PowerSyncError::from(<serde_json::Error as serde::de::Error>::custom(message))
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms.min(60_000))).await;
}
