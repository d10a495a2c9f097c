//! Captures and cluster files to inputs of the analyzer.
//!
//! ```text
//! file, pipe ──► source ──► octets ──► pcap, pcapng ──► capture ──► captures ──► frames
//!  (arguments)  (gzip, zstd) (window,    (records)     (one file)  (by time)
//!                             ahead)
//!
//! YAML, JSON ──► text ──► cluster_file ──► changes of the cluster
//! ```
//!
//! A folder is a [`scenario`]; without a cluster a [`names_file`] names addresses.
//! A damaged capture is read as far as it goes, and says so: only what is no capture is an error.

pub mod capture;
pub mod captures;
pub mod cluster_file;
pub mod error;
pub mod names_file;
pub mod report;
pub mod scenario;
pub mod session;
pub mod text;
mod told;
pub mod warning;

mod ahead;
mod arguments;
mod file;
mod knowledge;
mod octets;
mod pcap;
mod pcapng;
mod portions;
mod reader;
mod record;
mod source;
mod sources;

pub use crate::capture::Capture;
pub use crate::captures::{Captures, Progress};
pub use crate::error::ReplayError;
pub use crate::session::{Reading, Replay, ReplayInputs, Watch};
pub use crate::sources::Taken;
pub use crate::told::Told;
