//! The server of Tiande: everything around the actors.
//!
//! The way in: [`intake`] (tips), [`sockets`] (handhelds, consoles), [`gateway`] (positions of many),
//! [`api`] (the rest of HTTP), each through [`access`]. The way down: [`journal`]. [`server`] is the one file that wires everything.

pub mod access;
pub mod admin;
pub mod api;
pub mod app;
pub mod assignment;
pub mod config;
pub mod demo;
pub mod documents;
pub mod entropy;
pub mod fault;
pub mod gateway;
pub mod housekeeping;
pub mod identity;
pub mod import;
pub mod intake;
pub mod journal;
pub mod keys;
pub mod listener;
pub mod machine_clock;
pub mod papers;
pub mod pictures;
pub mod portal;
pub mod procedure;
pub mod proof;
pub mod server;
pub mod shapes;
pub mod sockets;
pub mod storage;
pub mod strict_json;
pub mod telemetry;
pub mod tracks;
pub mod urgent;
