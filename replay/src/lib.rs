//! Captures and cluster files to inputs of the analyzer.

pub mod cluster_file;
pub mod names_file;
pub mod scenario;

mod document;
