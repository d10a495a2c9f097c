//! The pace of clients: so many requests a second of one address, and a second's worth at once.
//!
//! **Shape** for each address the moment at which its requests are worked off; who is idle needs no
//! record, so their number is bounded. The addresses of IPv6 are taken by their first 64 bits,
//! which is what one client has to choose from.
//! **Source** the generic cell rate algorithm, ITU-T I.371.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;

use crate::error::Refusal;

/// Clients that are remembered at once.
const CLIENTS_MAX: usize = 4096;
/// What may come at once, as a time.
const BURST: Duration = Duration::from_secs(1);

/// The pace of all clients.
pub(super) struct Pace {
    per_second: NonZeroU32,
    due: Mutex<BTreeMap<IpAddr, Instant>>,
}

impl Pace {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let due = Mutex::default();
        Self { per_second, due }
    }

    /// Takes a request of `client`, or refuses it.
    pub(super) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Refusal> {
        let client = network(client);
        let each = BURST / self.per_second.get();
        let mut all = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let due = all.get(&client).map_or(now, |due| now.max(*due)) + each;
        if due > now + BURST {
            return Err(self.too_many());
        }
        all.insert(client, due);
        if all.len() > CLIENTS_MAX {
            forget(&mut all, now);
        }
        Ok(())
    }

    fn too_many(&self) -> Refusal {
        let error = format!(
            "too many requests of one client, expected at most {} a second; ask again in a \
             second, for more at once (limit, aggregate), or raise --max-rps",
            self.per_second
        );
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, error)
    }
}

/// Forgets who is idle; where nobody is, who is nearest to it.
fn forget(all: &mut BTreeMap<IpAddr, Instant>, now: Instant) {
    all.retain(|_, due| *due > now);
    if all.len() > CLIENTS_MAX
        && let Some((&nearest, _)) = all.iter().min_by_key(|(_, due)| **due)
    {
        all.remove(&nearest);
    }
}

/// What one client has to choose its addresses from.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pace: &Pace, client: &str, times: usize, now: Instant) -> usize {
        let client = client.parse().unwrap();
        (0..times)
            .filter(|_| pace.take(client, now).is_ok())
            .count()
    }

    #[test]
    fn a_second_s_worth_at_once_and_then_at_the_pace() {
        let pace = Pace::new(NonZeroU32::new(50).unwrap());
        let start = Instant::now();
        assert_eq!(taken(&pace, "10.0.0.1", 60, start), 50);
        assert_eq!(taken(&pace, "10.0.0.2", 60, start), 50, "by address");
        let tenth = start + Duration::from_millis(100);
        assert_eq!(taken(&pace, "10.0.0.1", 60, tenth), 5);
        assert_eq!(
            taken(&pace, "::ffff:10.0.0.1", 1, tenth),
            0,
            "the same address"
        );
        let later = start + Duration::from_secs(60);
        assert_eq!(
            taken(&pace, "10.0.0.1", 60, later),
            50,
            "not more for waiting longer"
        );
    }

    #[test]
    fn the_addresses_of_a_network_of_ipv6_are_one_client() {
        let pace = Pace::new(NonZeroU32::MIN);
        let now = Instant::now();
        assert_eq!(taken(&pace, "fd00::1", 1, now), 1);
        assert_eq!(taken(&pace, "fd00::2", 1, now), 0);
        assert_eq!(taken(&pace, "fd00:0:0:1::1", 1, now), 1);
    }

    #[test]
    fn few_clients_are_remembered_however_many_come() {
        let pace = Pace::new(NonZeroU32::MIN);
        let now = Instant::now();
        for number in 0..10_000_u32 {
            pace.take(std::net::Ipv4Addr::from_bits(number).into(), now)
                .unwrap();
        }
        assert_eq!(pace.due.lock().unwrap().len(), CLIENTS_MAX);
        pace.take([1, 2, 3, 4].into(), now + BURST * 2).unwrap();
        assert_eq!(pace.due.lock().unwrap().len(), 1);
    }
}
