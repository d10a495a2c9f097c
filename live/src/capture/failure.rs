//! Why there is no capture, and what to do about it.

use std::io;

use thiserror::Error;

/// Why a ring could not be opened or read.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The program may not capture.
    #[error(
        "cannot capture packets: the capability CAP_NET_RAW is missing; run as root (sudo), or give \
         it to the program once and for all: sudo setcap cap_net_raw=ep {program}"
    )]
    NotPermitted {
        /// Where the program is.
        program: String,
    },
    /// The kernel has no packet sockets, or none are to be had here.
    #[error("cannot capture packets: the kernel gives no packet socket (CONFIG_PACKET)")]
    Socket(#[source] io::Error),
    /// The size of the ring.
    #[error("ring size: {octets} is out of range, expected {least} to {most} octets")]
    RingSize {
        /// As asked for.
        octets: usize,
        /// The smallest that works.
        least: usize,
        /// The greatest that is made.
        most: usize,
    },
    /// How much of a frame is kept.
    #[error("{what}: {octets} is out of range, expected {least} to {most} octets")]
    Snaplen {
        /// Which one.
        what: &'static str,
        /// As asked for.
        octets: u32,
        /// The least that keeps ports.
        least: u32,
        /// The longest packet.
        most: u32,
    },
    /// No memory.
    #[error(
        "cannot make a capture ring of {octets} octets; if memory is short, ask for a smaller one"
    )]
    Memory {
        /// Of the ring.
        octets: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// One of the other steps.
    #[error("cannot make the capture ring: {what} failed; Linux 4.20 or newer is needed")]
    Making {
        /// The step.
        what: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// The ring was there, and is no more.
    #[error("cannot read the capture ring")]
    Reading(#[source] io::Error),
}

impl CaptureError {
    pub(super) fn opening(source: io::Error) -> Self {
        if source.kind() != io::ErrorKind::PermissionDenied {
            return Self::Socket(source);
        }
        let program = std::env::current_exe();
        let program = program.map_or_else(
            |_| "PROGRAM".to_owned(),
            |program| program.display().to_string(),
        );
        Self::NotPermitted { program }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_capability_is_named_with_how_to_give_it() {
        let error = CaptureError::opening(io::Error::from_raw_os_error(libc::EPERM)).to_string();
        assert!(error.contains("CAP_NET_RAW"), "{error}");
        assert!(error.contains("sudo setcap cap_net_raw=ep /"), "{error}");
        let other = CaptureError::opening(io::Error::from_raw_os_error(libc::EAFNOSUPPORT));
        assert!(matches!(other, CaptureError::Socket(_)));
    }
}
