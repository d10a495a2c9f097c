//! Kubernetes objects as documents, and what they say of the cluster.
//!
//! ```text
//! YAML, JSON ──► document ──► field ──► decoded ──► changes of the cluster
//!      watch ──► watched ─────────────────┘
//! ```
//!
//! The one place that knows how an object of the API becomes one of the analyzer: a replay reads
//! its files through it, and a live node what it watches, so both know the same cluster. Texts
//! come and go as arguments: nothing here reads a file.

pub mod decoded;
pub mod document;
pub mod kept;
pub mod watched;

mod endpoint;
mod metadata;
mod node;
mod pod;
mod range;
mod service;
