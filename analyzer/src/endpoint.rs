//! The two ends of a connection: addresses with ports, and which of the two is meant.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// An address and a port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Endpoint {
    /// The IP address.
    pub address: IpAddr,
    /// The TCP or UDP port.
    pub port: u16,
}

/// Whole words are cheaper to hash than the pieces of an address.
impl Hash for Endpoint {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let port = u64::from(self.port);
        match self.address {
            IpAddr::V4(address) => state.write_u64(u64::from(address.to_bits()) << 16 | port),
            IpAddr::V6(address) => {
                state.write_u128(address.to_bits());
                state.write_u64(port | 1 << 63);
            }
        }
    }
}

/// One of the two ends of a connection, named by the order of their endpoints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The smaller endpoint.
    Low,
    /// The greater endpoint.
    High,
}

impl Side {
    /// The end across.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Two values, one for each side: what it sent, or what is known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BySide<T> {
    /// Of the smaller endpoint.
    pub low: T,
    /// Of the greater endpoint.
    pub high: T,
}

impl<T> BySide<T> {
    /// The value of `side`.
    pub const fn get(&self, side: Side) -> &T {
        match side {
            Side::Low => &self.low,
            Side::High => &self.high,
        }
    }

    /// The value of `side`, to change.
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Low => &mut self.low,
            Side::High => &mut self.high,
        }
    }
}
