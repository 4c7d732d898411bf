//! The HTTP server: actix-web's application in actix-http's server, put together as
//! `actix_web::HttpServer` does it, but that connections which leave HTTP are handed over to
//! [`crate::sockets`].
//!
//! The hand-over leaves nothing of HTTP behind: the dispatcher with its buffers is one box, which is gone
//! when the socket begins. What stays is the connection's place among those of its worker, so that
//! sockets count against `connections_max`, and the end of the server waits for them.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::Framed;
use actix_http::h1::Codec;
use actix_http::{HttpService, Request};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory as _, Service, ServiceFactory, ServiceFactoryExt as _, fn_service,
    map_config,
};
use actix_web::App as WebApp;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::web::Data;
use futures_util::future::LocalBoxFuture;
use metrics_exporter_prometheus::PrometheusHandle;
use socket2::{SockRef, TcpKeepalive};
use tracing::warn;

use crate::app::App;
use crate::procedure::Published;
use crate::{api, gateway, intake, sockets};

/// A connection whose peer takes nothing for so long is cut by the kernel.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(20);
/// Idle connections are probed from then on.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// A request's head has to be there after this.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// A client that is done has so long to close its side.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(1);
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// What is under way at the end has so long, seconds.
const END_WITHIN_S: u64 = 2;

/// Starts to listen. The server runs once it is polled.
///
/// # Errors
/// The address cannot be listened on.
pub fn listen(
    app: &Data<App>,
    metrics: &Data<PrometheusHandle>,
    rules: &Data<Published>,
) -> std::io::Result<Server> {
    let (listen, workers) = (app.config.listen, app.config.workers);
    let builder = Server::build();
    let ending = builder.graceful_shutdown_signal();
    let (app, metrics, rules) = (app.clone(), metrics.clone(), rules.clone());
    let (connections, of_worker) = (app.config.connections_max / workers, move || {
        let web = WebApp::new()
            .app_data(app.clone())
            .app_data(metrics.clone())
            .app_data(rules.clone())
            .configure(intake::routes)
            .configure(sockets::routes)
            .configure(gateway::routes)
            .configure(api::routes)
            .into_factory()
            .map_err(|fault: actix_web::Error| fault.error_response());
        let handed_over = Rc::new(HandedOver::default());
        let (upgrades, ending) = (Rc::clone(&handed_over), ending.clone());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
            .client_request_timeout(HEAD_WITHIN)
            .client_disconnect_timeout(DISCONNECT_WITHIN)
            .local_addr(listen)
            .on_connect_ext(|connection: &TcpStream, _| tune(connection))
            .upgrade(fn_service(move |upgrade: Upgrade| {
                upgrades.set(Some(upgrade));
                std::future::ready(Ok::<_, actix_http::Error>(()))
            }))
            // Nobody asks the application for its address, and only actix-web itself may set it.
            .finish(map_config(web, |()| AppConfig::default()))
            .tcp();
        Connections { http, handed_over, app: app.clone() }
    });
    let builder = builder
        .workers(workers)
        .max_concurrent_connections(connections)
        .backlog(BACKLOG)
        .shutdown_timeout(END_WITHIN_S)
        .disable_signals();
    Ok(builder.bind("http", listen, of_worker)?.run())
}

/// Bounds what a connection that does not read can cost.
fn tune(connection: &TcpStream) {
    let socket = SockRef::from(connection);
    let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE);
    let tuned = socket
        .set_tcp_user_timeout(Some(TCP_USER_TIMEOUT))
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| socket.set_tcp_nodelay(true));
    if let Err(fault) = tuned {
        warn!(%fault, "a connection could not be tuned");
    }
}

type Upgrade = (Request, Framed<TcpStream, Codec>);

/// The connection that has just left HTTP. The dispatcher ends in the very poll in which it puts one in,
/// and the [`Conversation`] that polled it takes it out: so one place serves all of a worker.
type HandedOver = Cell<Option<Upgrade>>;

/// All connections of one worker: HTTP first, and a socket then if one is asked for.
struct Connections<H> {
    http: H,
    handed_over: Rc<HandedOver>,
    app: Data<App>,
}

impl<H> ServiceFactory<TcpStream> for Connections<H>
where
    H: ServiceFactory<TcpStream, Config = (), Response = ()>,
    H::Future: 'static,
{
    type Response = ();
    type Error = H::Error;
    type Config = ();
    type Service = Connections<H::Service>;
    type InitError = H::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let http = self.http.new_service(());
        let (handed_over, app) = (Rc::clone(&self.handed_over), self.app.clone());
        Box::pin(async move { Ok(Connections { http: http.await?, handed_over, app }) })
    }
}

impl<H: Service<TcpStream, Response = ()>> Service<TcpStream> for Connections<H> {
    type Response = ();
    type Error = H::Error;
    type Future = Conversation<H::Future>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), H::Error>> {
        self.http.poll_ready(cx)
    }

    fn call(&self, connection: TcpStream) -> Self::Future {
        let http = Box::pin(self.http.call(connection));
        Conversation::Http(http, Rc::clone(&self.handed_over), self.app.clone())
    }
}

/// One connection, from its beginning to its end.
enum Conversation<H> {
    /// It speaks HTTP.
    Http(Pin<Box<H>>, Rc<HandedOver>, Data<App>),
    /// It does not any more.
    Beyond(sockets::Rest),
}

impl<H, E> Future for Conversation<H>
where
    H: Future<Output = Result<(), E>>,
{
    type Output = Result<(), E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Self::Http(http, handed_over, app) = &mut *self {
            let ended = ready!(http.as_mut().poll(cx));
            let Some((request, framed)) = handed_over.take() else { return Poll::Ready(ended) };
            let rest = sockets::take_over(app.clone(), &request, framed);
            *self = Self::Beyond(rest);
        }
        match &mut *self {
            Self::Beyond(rest) => rest.as_mut().poll(cx).map(Ok),
            Self::Http(..) => Poll::Pending,
        }
    }
}
