//! What a user would pick instead, as a process of its own: private, on the measured core, gone with
//! its handle.

pub mod bullmq;
pub mod node;
mod npm;
pub mod postgis;
pub mod postgres;
pub mod redis;
