//! Plays scenarios, one a line, and says what the connector concluded, one a line.
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};

use app::turnkey_connector::{Identity, TurnkeyConnector};
use powersync::{BackendConnector, PowerSyncDatabase};
use serde_json::{json, Value};

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(app::schema::app_schema().tables.iter().any(|t| t.name == "turnkey_rejections"));
    for line in std::io::stdin().lock().lines() {
        let order: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let said = runtime.block_on(play(&order));
        println!("{said}");
        std::io::stdout().flush().unwrap();
    }
}

async fn play(order: &Value) -> Value {
    let queue: Vec<_> = order["queue"].as_array().unwrap().iter()
        .map(|r| (r["id"].as_i64().unwrap(), r["tx_id"].as_i64().unwrap(), r["data"].as_str().unwrap().to_string())).collect();
    let db = PowerSyncDatabase::double(&queue);
    let identity = match (order["user"].as_str().unwrap(), order["token"].as_str().unwrap()) {
        ("", "") => Identity::Provider(Box::new(|| None)),
        ("", token) => {
            let token = token.to_string();
            Identity::Provider(Box::new(move || Some(token.clone())))
        }
        (user, _) => Identity::DevelopmentUser(user.to_string()),
    };
    let rejected = Arc::new(Mutex::new(Vec::new()));
    let told = rejected.clone();
    let connector = TurnkeyConnector::new(db.clone(), identity, move |w| {
        told.lock().unwrap().push(format!("{}|{}|{}", w.code, w.message, w.rejection_id.unwrap_or_default()));
    });
    let mut steps = Vec::new();
    for step in order["steps"].as_array().unwrap() {
        let mut said = json!({"error": null});
        if step == "credentials" {
            // The Rust SDK has no credentials of nobody: an error means that.
            if let Ok(c) = connector.fetch_credentials().await {
                said = json!({"error": null, "endpoint": c.endpoint, "token": c.token});
            }
        } else if let Err(e) = connector.upload_data().await {
            said = json!({"error": e.to_string()});
        }
        let reader = db.reader().await.unwrap();
        let mut statement = reader.prepare("SELECT id FROM ps_crud ORDER BY id").unwrap();
        let left: Vec<i64> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        said["left"] = json!(left);
        steps.push(said);
    }
    let rejected = rejected.lock().unwrap().clone();
    json!({"steps": steps, "rejected": rejected})
}
