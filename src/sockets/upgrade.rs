//! The upgrade of a request to a socket: origin, limits, guard, session.

use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use actix_web_actors::ws;

use crate::access::guard::origin_allowed;
use crate::api::only;
use crate::api::problem::Problem;
use crate::app::App;

use super::console::Console;
use super::frame_guard::{FRAME_MAX, FrameGuard};
use super::gateway::Gateway;
use super::handheld::Handheld;
use super::session::{Peer, Session};

/// The sockets' addresses.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/ws/handheld").get(upgrade::<Handheld>).default_service(only("GET")))
        .service(resource("/ws/gateway").get(upgrade::<Gateway>).default_service(only("GET")))
        .service(resource("/ws/console").get(upgrade::<Console>).default_service(only("GET")));
}

async fn upgrade<P: Peer>(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    // Browsers always send an origin with a socket; the codec does not look at it.
    if !origin_allowed(&app.config, &request) {
        return Err(Problem::origin());
    }
    let session = Session::<P>::new(app);
    let mut handshake = ws::handshake(&request).map_err(|_fault| Problem::request_invalid())?;
    let codec = actix_http::ws::Codec::new().max_size(usize::try_from(FRAME_MAX).unwrap_or(65_536));
    let bytes = FrameGuard::new(payload);
    let stream = ws::WebsocketContext::with_codec(session, bytes, codec);
    Ok(handshake.streaming(stream))
}
