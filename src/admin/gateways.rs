//! Gateways: added, listed, shut out.

use serde_json::{Value, json};
use tiande_core::time::UnixMillis;

use super::AdminFault;
use super::requests::{court_of, plain_name};
use crate::access::store::GatewayListed;
use crate::app::App;

pub(super) async fn add(app: &App, court: &str, name: &str) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    plain_name(name, "a gateway's name")?;
    let added = app.doors.add_gateway(&court.profile().id, name).await;
    let added = added.map_err(AdminFault::store)?;
    let (gateway, secret) = added
        .ok_or_else(|| AdminFault::new("exists", "there is a gateway of that name already"))?;
    Ok(json!({"gateway": gateway.to_string(), "name": name, "secret": secret}))
}

pub(super) async fn revoke(app: &App, name: &str) -> Result<Value, AdminFault> {
    // Its sockets are closed when they are looked at next, within seconds.
    let revoked = app.doors.revoke_gateway(name).await.map_err(AdminFault::store)?;
    if revoked {
        Ok(json!({}))
    } else {
        Err(AdminFault::new("not-found", "no gateway of that name may report"))
    }
}

pub(super) async fn list(app: &App) -> Result<Value, AdminFault> {
    let all = app.doors.gateways().await.map_err(AdminFault::store)?;
    let shape = |listed: GatewayListed| {
        let GatewayListed { gateway, court, name, added_at, revoked_at } = listed;
        json!({
            "gateway": gateway.to_string(), "court": court.as_str(), "name": name,
            "added_at": added_at.0, "revoked_at": revoked_at.map(|UnixMillis(at)| at),
        })
    };
    Ok(json!({"gateways": all.into_iter().map(shape).collect::<Vec<_>>()}))
}
