//! Errors: what keeps a capture from being read at all.
//!
//! What is met later, in the middle of a capture, is a [`crate::warning::Warning`].

use std::io;
use std::path::PathBuf;

use crate::cluster_file::ClusterFileError;
use crate::names_file::NamesFileError;
use crate::scenario::ScenarioError;
use crate::warning::Damage;

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Something named can not be read as a capture.
    #[error("{}: {reason}", path.display())]
    Capture {
        /// As it was named.
        path: PathBuf,
        /// Why.
        reason: CaptureError,
    },
    /// A folder without captures.
    #[error(
        "{}: no capture in this folder: expected pcap or pcapng files in it; \
         folders within it are not searched, name them",
        path.display()
    )]
    NoCaptureInFolder {
        /// As it was named.
        path: PathBuf,
    },
    /// A pattern that matches nothing, or is none.
    #[error(
        "{pattern}: {reason}: expected a file, a folder, a pattern such as `node-*.pcap` or `-`"
    )]
    Pattern {
        /// As it was typed.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// A cluster file can not be used.
    #[error(transparent)]
    Cluster(#[from] ClusterFileError),
    /// A names file can not be used.
    #[error(transparent)]
    Names(#[from] NamesFileError),
    /// A scenario can not be used.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// Standard input is to be a capture and the cluster's objects.
    #[error(
        "-: standard input is named as a capture and as a cluster file, expected one of them; \
         write the other to a file and name that"
    )]
    StandardInputTwice,
    /// Where a capture was taken is said twice.
    #[error("{}: said twice where it was taken, expected once", path.display())]
    PlaceTwice {
        /// As it was named.
        path: PathBuf,
    },
    /// Where a capture was taken is said of one that is not read.
    #[error(
        "{}: said where it was taken, but it is not read: name it as a capture as well",
        path.display()
    )]
    NotRead {
        /// As it was named.
        path: PathBuf,
    },
    /// No capture was named.
    #[error("no capture was named: expected a file, a folder, a pattern or `-`")]
    NothingNamed,
}

/// Why a file, or a pipe, can not be read as a capture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// It is not there, not allowed, or fails before its first frame.
    #[error("can not be read: {cause}{advice}", cause = .0, advice = advice(.0))]
    Unreadable(io::Error),
    /// It has no octets.
    #[error(
        "empty: expected a pcap or pcapng capture; \
         was its recording stopped before anything was written?"
    )]
    Empty,
    /// It starts like no capture.
    #[error(
        "not a capture: starts with `{start}`, expected pcap or pcapng, plain or compressed with \
         gzip or zstd; other formats become pcapng with `editcap -F pcapng IN OUT`"
    )]
    NotACapture {
        /// The first octets, in hexadecimal.
        start: String,
    },
    /// It starts like a capture and ends within its header.
    #[error(
        "the capture's header is cut: {had} of {needed} octets are there; copy or record it again"
    )]
    HeaderCut {
        /// Octets that are there.
        had: usize,
        /// Octets that should be.
        needed: usize,
    },
    /// A pcap version that tcpdump and Wireshark refuse as well.
    #[error(
        "pcap version {major}.{minor} at byte 4 is not known: expected {expected}; \
         convert it with the tool that wrote it"
    )]
    Version {
        /// The version read.
        major: u16,
        /// The version read.
        minor: u16,
        /// The versions that are known.
        expected: &'static str,
    },
    /// The first pcapng section header is wrong.
    #[error("the section header at byte 0 is damaged: {0}; copy or record it again")]
    SectionHeader(Damage),
}

/// What to do about a file that can not be read, where that can be said.
fn advice(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::NotFound {
        ": expected a file, a folder, a pattern such as `node-*.pcap` or `-`; check its name and \
         the folder you are in"
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        ": this user may not; read it as one who may, or change whose it is"
    } else {
        ""
    }
}
