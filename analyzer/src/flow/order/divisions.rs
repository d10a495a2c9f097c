//! Legs divided by client, in the order of clients.
//!
//! In: legs and their ranks, in any order. Out: the same, those of a client together, and where to
//! cut. **Shape** legs are taken in the order of flows, each from anywhere in memory, and a machine
//! remembers where few pages are: within a division they lie near each other, and divisions can be
//! worked on side by side. They change places among themselves, as in an American flag sort: each is
//! moved about once, to where it stays.

use std::mem;

use crate::flow::order::{CLIENT, PROTOCOL, Ranked};

/// How many legs a division has at least, but for the last one. One client's are together.
pub(super) const TOGETHER: usize = 4_096;

/// Divides `ranked`, of which each is the rank of the leg at its place, and the legs with them, by
/// `together`. Clients have numbers below `addresses`. Says where each division ends.
pub(super) fn divide<L>(
    ranked: &mut [Ranked],
    legs: &mut [L],
    (addresses, together): (usize, usize),
) -> Vec<usize> {
    let client = |ranked: &Ranked| {
        let protocol = ranked.number(PROTOCOL) as usize;
        protocol * addresses + ranked.number(CLIENT) as usize
    };
    let clients = ranked.iter().map(client).max().map_or(0, |last| last + 1);
    let mut divisions = vec![0_u32; clients];
    for ranked in ranked.iter() {
        if let Some(legs) = divisions.get_mut(client(ranked)) {
            *legs += 1;
        }
    }
    // How many legs a client has makes room for which division it is in.
    let (mut ends, mut start) = (Vec::new(), 0);
    for division in &mut divisions {
        let legs = mem::replace(division, number(ends.len())) as usize;
        start += legs;
        if start - ends.last().copied().unwrap_or(0) >= together {
            ends.push(start);
        }
    }
    if ends.last().copied().unwrap_or(0) < start {
        ends.push(start);
    }
    let division = |ranked: &Ranked| {
        let division = divisions.get(client(ranked));
        division.copied().unwrap_or_default() as usize
    };
    let mut next: Vec<usize> = [0].into_iter().chain(ends.iter().copied()).collect();
    for (here, end) in ends.iter().enumerate() {
        while let Some(at) = next.get(here).copied().filter(|at| at < end) {
            let Some(to) = ranked.get(at).map(division) else {
                break;
            };
            let Some(free) = next.get_mut(to) else {
                break;
            };
            if to != here {
                ranked.swap(at, *free);
                legs.swap(at, *free);
            }
            *free += 1;
        }
    }
    ends
}

/// There are fewer than legs.
fn number(division: usize) -> u32 {
    u32::try_from(division).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::flow::Basis;
    use crate::flow::order::{Forward, Oriented, halves, of_addresses};

    fn ranked(udp: bool, client: u32, server: u32) -> Ranked {
        Ranked {
            rank: halves(u128::from(udp) << PROTOCOL | of_addresses(client, server)),
            leg: 0,
            roles: Oriented {
                basis: Basis::Syn,
                forward: Forward::Client,
            },
        }
    }

    proptest! {
        #[test]
        fn legs_lie_in_the_order_of_clients_each_with_its_rank(
            clients in prop::collection::vec((any::<bool>(), 0..9_u32), 0..200), together in 1..40_usize,
        ) {
            let mut ranks: Vec<Ranked> =
                clients.iter().zip(0..).map(|((udp, client), leg)| ranked(*udp, *client, leg)).collect();
            let mut legs: Vec<u128> = ranks.iter().map(Ranked::rank).collect();
            let mut expected = legs.clone();
            let ends = divide(&mut ranks, &mut legs, (9, together));
            prop_assert!(ranks.iter().map(Ranked::rank).eq(legs.iter().copied()));
            prop_assert_eq!(ends.last().copied().unwrap_or(0), legs.len());
            let (mut start, mut division_of) = (0, BTreeMap::new());
            for (division, end) in ends.iter().enumerate() {
                prop_assert!(end - start >= together || *end == legs.len());
                for leg in &legs[start..*end] {
                    let client = leg >> CLIENT;
                    prop_assert_eq!(*division_of.entry(client).or_insert(division), division);
                }
                start = *end;
            }
            prop_assert!(division_of.values().is_sorted());
            legs.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(legs, expected);
        }
    }
}
