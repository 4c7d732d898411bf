//! From a request to a socket: which one, origin, handshake; or the refusal, and the end.
//!
//! The HTTP server hands over every request that wants to leave HTTP (a websocket upgrade, a CONNECT), to
//! whatever address, together with its connection. There is no way back from there: each is answered here.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use actix_codec::{Encoder as _, Framed};
use actix_http::body::{BodySize, BoxBody, MessageBody as _};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, Method, Request, Response, ws};
use actix_web::rt::net::TcpStream;
use actix_web::web::{Bytes, BytesMut, Data, ServiceConfig, resource};
use actix_web::{HttpResponse, ResponseError as _};
use tokio::time::timeout;

use crate::access::guard::origin_allowed;
use crate::api::only;
use crate::api::problem::Problem;
use crate::app::App;

use super::connection::Connection;
use super::console::Console;
use super::gateway::Gateway;
use super::handheld::Handheld;
use super::session::Session;
use super::socket::Socket;

/// A refused client has so long to take its answer and go.
const GO_WITHIN: Duration = Duration::from_secs(1);

const HANDHELD: &str = "/ws/handheld";
const GATEWAY: &str = "/ws/gateway";
const CONSOLE: &str = "/ws/console";

/// The sockets' addresses, for requests that do not ask for an upgrade.
pub fn routes(cfg: &mut ServiceConfig) {
    for address in [HANDHELD, GATEWAY, CONSOLE] {
        cfg.service(resource(address).get(no_upgrade).default_service(only("GET")));
    }
}

async fn no_upgrade(
    app: Data<App>,
    request: actix_web::HttpRequest,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    if !origin_allowed(&app.config, request.headers()) {
        return Err(Problem::origin());
    }
    Err(Problem::request_invalid())
}

/// What is left of a connection's life: a socket, or the way out.
pub type Rest = Pin<Box<dyn Future<Output = ()>>>;

/// Takes a connection over.
pub fn take_over(app: Data<App>, request: &Request, framed: Framed<TcpStream, Codec>) -> Rest {
    let mut parts = framed.into_parts();
    // What is left of the answers to earlier requests goes first.
    let out = &mut parts.write_buf;
    let admitted = admit(&app, request);
    let answered = match &admitted {
        Ok(()) => {
            let response = ws::handshake_response(request.head()).finish().drop_body();
            parts.codec.encode(Message::Item((response, BodySize::None)), out)
        }
        Err(problem) => refuse(problem, &mut parts.codec, out),
    };
    let connection = Connection::new(parts.io, out.split().freeze());
    if admitted.is_err() || answered.is_err() {
        return Box::pin(see_out(connection));
    }
    let mut early = parts.read_buf;
    match request.path() {
        CONSOLE => Box::pin(Socket::new(connection, Session::<Console>::new(app), &mut early)),
        GATEWAY => Box::pin(Socket::new(connection, Session::<Gateway>::new(app), &mut early)),
        _ => Box::pin(Socket::new(connection, Session::<Handheld>::new(app), &mut early)),
    }
}

fn admit(app: &App, request: &Request) -> Result<(), Problem> {
    if ![HANDHELD, GATEWAY, CONSOLE].contains(&request.path()) {
        return Err(Problem::not_found());
    }
    if *request.method() != Method::GET {
        return Err(Problem::method_not_allowed("GET"));
    }
    app.check_open()?;
    // Browsers always send an origin with a socket; the handshake does not look at it.
    if !origin_allowed(&app.config, &request.head().headers) {
        return Err(Problem::origin());
    }
    ws::verify_handshake(request.head()).map_err(|_fault| Problem::request_invalid())
}

/// Writes a refusal, and that the connection ends with it.
fn refuse(problem: &Problem, codec: &mut Codec, out: &mut BytesMut) -> std::io::Result<()> {
    let response: Response<BoxBody> = problem.error_response().into();
    let (mut response, body) = response.into_parts();
    response.head_mut().set_connection_type(ConnectionType::Close);
    let size = body.size();
    let body = body.try_into_bytes().unwrap_or_else(|_stream| Bytes::new());
    codec.encode(Message::Item((response, size)), out)?;
    codec.encode(Message::Chunk(Some(body)), out)
}

/// Lets a client take its answer, and ends the connection once it goes.
async fn see_out(mut connection: Connection) {
    let gone = async {
        poll_fn(|cx| {
            ready!(connection.poll_flush(cx))?;
            connection.end(cx);
            Poll::Ready(Ok::<_, std::io::Error>(()))
        })
        .await?;
        while poll_fn(|cx| connection.poll_read(cx, |_thrown_away| ())).await? {}
        Ok::<_, std::io::Error>(())
    };
    // Whether it goes by itself or is left: the connection ends here.
    timeout(GO_WITHIN, gone).await.ok();
}
