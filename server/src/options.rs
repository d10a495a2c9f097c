//! What a server is told beside its listener and its source.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::host::AllowedHosts;
use crate::log::Log;
use crate::memory::Memory;
use crate::tls::TlsFiles;
use crate::token::TokenFile;

/// How a server works.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names it may be called by, beside `localhost` and addresses.
    pub allowed_hosts: AllowedHosts,
    /// What clients must show; without, all are answered.
    pub token: Option<TokenFile>,
    /// Its certificate and key; without, it speaks HTTP in the clear.
    pub tls: Option<TlsFiles>,
    /// How much it does at once, and for how long.
    pub limits: Limits,
    /// What it logs; without, nothing.
    pub log: Option<Log>,
    /// What tells how much memory it has, for the metrics.
    pub memory: Memory,
}

/// How much a server does at once, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Open connections. Beyond them the one that is idle for longest gives way; where none is,
    /// further clients wait in the listener's backlog.
    pub connections: usize,
    /// Requests that are being read, answered or sent; more are refused at once.
    pub requests: usize,
    /// Requests a second of one client's address; more are refused.
    pub requests_per_second: Option<NonZeroU32>,
    /// Answers being made or sent. An answer of ten thousand rows takes some 15 MB until its
    /// client has taken it.
    pub answers: usize,
    /// From the last answer (or the start) of a connection until the headers of its next request.
    pub header_time: Duration,
    /// From a request's headers to the last octet of its body.
    pub body_time: Duration,
    /// A request's wait for its turn, and then its query.
    pub answer_time: Duration,
    /// How long a client may take nothing of its answer.
    pub write_time: Duration,
    /// The age at which a connection ends after the answer under way.
    pub connection_time: Duration,
    /// What is left for that answer; then the connection is cut.
    pub last_answer_time: Duration,
    /// What is left for answers under way when the server stops.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            requests: 256,
            requests_per_second: None,
            answers: 16,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(30),
            write_time: Duration::from_secs(20),
            connection_time: Duration::from_secs(60),
            // Its wait, its query, and a minute to take it.
            last_answer_time: Duration::from_secs(120),
            stop_time: Duration::from_secs(5),
        }
    }
}
