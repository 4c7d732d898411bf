//! The program with its journal in PostgreSQL: the same rules, seen from outside.

use std::time::Duration;

use crate::databases::{Database, is_here, run};
use crate::restart::{is_killed_and_knows_everything, is_killed_under_load};
use crate::support::tips::good_tip;
use crate::support::waiting::until;
use crate::support::{Court, Server};

/// Waits for something of the database.
fn wait<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(what)
}

/// The section of the settings, for the database at that address.
pub fn store(url: &str) -> String {
    format!("[store]\nurl = {url:?}")
}

/// A fresh server on a fresh database, or SKIP.
pub fn server() -> Option<(Server, Database)> {
    if !is_here() {
        return None;
    }
    let database = wait(Database::fresh());
    Some((Server::start_with(&store(&database.url)), database))
}

#[test]
fn a_killed_server_knows_everything_it_has_answered_in_postgres() {
    let Some((mut server, _database)) = server() else { return };
    is_killed_and_knows_everything(&mut server);
}

#[test]
fn ten_kills_under_load_lose_nothing_and_bind_nobody_twice_in_postgres() {
    let Some((mut server, _database)) = server() else { return };
    is_killed_under_load(&mut server);
}

#[test]
fn a_second_server_on_the_database_says_so_in_one_line_and_ends() {
    let Some((server, database)) = server() else { return };
    let other = crate::support::server::Folder::new();
    let data = other.0.join("data");
    let text = format!(
        "listen = \"127.0.0.1:{}\"\ndata = {data:?}\n{}\n",
        crate::support::server::free_port(),
        store(&database.url)
    );
    let config = other.file("tiande.toml", &text).display().to_string();
    let said = crate::support::server::run(&["serve", "--config", &config], "");
    assert_eq!(said.code, Some(75), "{}", said.err);
    let lines: Vec<&str> = said.err.lines().filter(|line| line.starts_with("tiande:")).collect();
    assert_eq!(lines.len(), 1, "{}", said.err);
    assert!(lines[0].contains("another tiande works on the database"), "{}", lines[0]);
    // The first one is as it was.
    Court::add(&server, "alpha").source.incident(&server, "m1", &good_tip("alpha"));
}

#[test]
fn a_server_that_was_replaced_steps_down() {
    let Some((mut server, database)) = server() else { return };
    let court = Court::add(&server, "alpha");
    court.source.incident(&server, "m1", &good_tip("alpha"));
    wait(run(&database.url, &["UPDATE owner SET epoch = epoch + 1"]));
    let reply = court.source.try_send(&server, "m2", good_tip("alpha").to_string().as_bytes());
    assert!(reply.is_none_or(|reply| reply.status == 503), "it is not the owner any more");
    let status = server.ended(Duration::from_secs(20)).expect("it ends by itself");
    assert_eq!(status.code(), Some(74));
    // Its next start takes the database over again, and the sender sends again.
    server.start_again();
    let taken = until(Duration::from_secs(20), "an answer", || {
        court.source.try_send(&server, "m2", good_tip("alpha").to_string().as_bytes())
    });
    assert_eq!(taken.status, 202);
    let said = server.command(&["journal", "verify"], "");
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}
