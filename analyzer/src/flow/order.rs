//! The order of flows: by protocol, client, server and its port.
//!
//! In: legs. Out: their places, with their roles decided, so that flows are made in order.
//! **Shape** there are far fewer addresses than legs: each is numbered, the numbers are put in the
//! order of the addresses, and legs are compared by them, within divisions.

mod divisions;

use std::net::IpAddr;

use hashbrown::HashMap;

use crate::cluster::{Directory, IdentityId};
use crate::endpoint::{Endpoint, Side};
use crate::flow::Basis;
use crate::flow::build::first_packets;
use crate::flow::join::decide::Joined;
use crate::flow::join::{Joins, Stage};
use crate::flow::order::divisions::{TOGETHER, divide};
use crate::flow::roles::{Roles, Uncertain};
use crate::hop::HopId;
use crate::keyed::Keyed;
use crate::leg::{Ends, Leg, LegKey};
use crate::translation::form::Form;
use crate::vantage::Scope;

/// A leg's rank in the order of flows. There are as many as legs, and they are moved about when
/// they are put in order: they are kept small.
#[derive(Clone, Copy)]
pub struct Ranked {
    /// The halves of what is ordered, so that comparing two is all that is done then.
    rank: (u64, u64),
    /// The index of the leg within its division.
    leg: u32,
    roles: Oriented,
}

const _: () = assert!(size_of::<Ranked>() == 24);

/// A leg's place among flows: which flow it is of.
#[derive(Clone, Copy)]
pub struct Place<'j> {
    /// Its roles.
    pub roles: Oriented,
    /// Its hop, with the client as forward.
    pub hop: HopId,
    /// Where its addresses mean something.
    pub scope: Scope,
    /// How it is one flow with legs on another side of a translation.
    pub joined: Option<&'j Joined>,
    /// The numbers of the client's and the server's address, in the order of addresses.
    addresses: (u32, u32),
}

/// Where in a rank the protocol is.
const PROTOCOL: u32 = 112;
/// Where in a rank the number of the client's address is, and the server's.
const CLIENT: u32 = 80;
const SERVER: u32 = 48;
const NUMBER: u128 = 0xffff_ffff;
/// Where in a rank the server's port is; the scope is below.
const PORT: u32 = 32;
/// What is known of the places of legs beside their ranks.
pub struct Order<'j> {
    joins: &'j Joins,
    /// Who an address is, by its rank, while no object has it.
    unowned: Vec<IdentityId>,
}

impl<'j> Order<'j> {
    /// The place of a leg of this rank and key.
    #[must_use]
    pub fn place(&self, ranked: &Ranked, key: &LegKey) -> Place<'j> {
        let Ranked { roles, .. } = *ranked;
        Place {
            roles,
            hop: match roles.forward {
                Forward::Client => key.hop,
                Forward::Server => key.hop.reversed(),
            },
            scope: Scope::new(ranked.number(0)),
            joined: self.joins.of(key),
            addresses: ranked.addresses(),
        }
    }

    /// Who the client's and the server's address of a place are, while no object has them.
    #[must_use]
    pub fn unowned(&self, place: &Place<'_>) -> (Option<IdentityId>, Option<IdentityId>) {
        let of = |rank: u32| self.unowned.get(rank as usize).copied();
        let (client, server) = place.addresses;
        (of(client), of(server))
    }
}

/// How the roles of a leg's ends are known.
#[derive(Clone, Copy)]
pub struct Oriented {
    /// How it is known who is client.
    pub basis: Basis,
    /// Whose side is forward in the leg.
    pub forward: Forward,
}

/// Whose side is forward in a leg.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The client's, as in a flow.
    Client,
    /// The server's.
    Server,
}

impl Ranked {
    /// The index of its leg within the division.
    #[must_use]
    pub const fn leg(&self) -> usize {
        self.leg as usize
    }

    /// What is ordered; equal for the flows between the same ends.
    #[inline]
    #[must_use]
    pub fn rank(&self) -> u128 {
        let (high, low) = self.rank;
        u128::from(high) << u64::BITS | u128::from(low)
    }

    /// The numbers of the client's and the server's address.
    fn addresses(&self) -> (u32, u32) {
        (self.number(CLIENT), self.number(SERVER))
    }

    fn number(&self, at: u32) -> u32 {
        u32::try_from(self.rank() >> at & NUMBER).unwrap_or_default()
    }

    /// Replaces the numbers of addresses by their places in order.
    fn renumber(&mut self, ranks: &[u32]) {
        let (client, server) = self.addresses();
        let place = |number: u32| ranks.get(number as usize).copied().unwrap_or(number);
        let others = self.rank() & !(NUMBER << CLIENT | NUMBER << SERVER);
        self.rank = halves(others | of_addresses(place(client), place(server)));
    }
}

impl Place<'_> {
    /// The client's address and the server's endpoint of the leg's flow.
    #[must_use]
    pub fn ends(&self, key: &LegKey) -> (IpAddr, Endpoint) {
        ends(key, self.roles, self.joined)
    }

    /// On which side of a translation the leg is; after it, where there is none.
    #[must_use]
    pub fn stage(&self, key: &LegKey) -> Stage {
        let (client, server) = self.roles.ends(key);
        let form = Form { client, server };
        self.joined
            .map_or(Stage::After, |joined| joined.stage(form))
    }
}

fn ends(key: &LegKey, roles: Oriented, joined: Option<&Joined>) -> (IpAddr, Endpoint) {
    joined.map_or_else(|| roles.ends(key), Joined::ends)
}

/// Legs, divided.
pub struct Divided<'j> {
    /// The rank of the leg at each place.
    pub ranked: Vec<Ranked>,
    /// Where each division ends. Between the same ends are legs of one division only, and those of a
    /// later one come later in the order of flows.
    pub ends: Vec<usize>,
    /// What else is known of them.
    pub order: Order<'j>,
}

/// Decides the roles of all legs and divides them; `scope` says where the addresses of a leg, or
/// those it is joined with, mean something.
#[must_use]
pub fn divided<'j>(
    legs: &mut [(LegKey, Leg)],
    (roles, directory): (&Roles<'_>, &Directory),
    joins: &'j Joins,
    scope: impl Fn(HopId, (IpAddr, IpAddr)) -> Scope,
) -> Divided<'j> {
    let mut addresses = Addresses(HashMap::with_hasher(roles.hashes()));
    let rank = |(key, counted): &(LegKey, Leg)| {
        let joined = joins.of(key);
        let roles = Oriented::of(key, counted, roles, joined);
        let (client, server) = ends(key, roles, joined);
        let scope = scope(key.hop, (client, server.address));
        let numbers = (addresses.number(client), addresses.number(server.address));
        let rank = u128::from(key.protocol as u8) << PROTOCOL
            | of_addresses(numbers.0, numbers.1)
            | u128::from(server.port) << PORT
            | u128::from(scope.number());
        Ranked {
            rank: halves(rank),
            leg: 0,
            roles,
        }
    };
    let mut ranked: Vec<Ranked> = legs.iter().map(rank).collect();
    let (ranks, unowned) = addresses.ranks(directory);
    for ranked in &mut ranked {
        ranked.renumber(&ranks);
    }
    let ends = divide(&mut ranked, legs, (ranks.len(), TOGETHER));
    Divided {
        ranked,
        ends,
        order: Order { joins, unowned },
    }
}

/// Puts the ranks of a division in order; each knows its leg, wherever it goes.
pub fn sort(ranked: &mut [Ranked]) {
    // There are fewer: their intervals are limited.
    for (leg, ranked) in (0..).zip(&mut *ranked) {
        ranked.leg = leg;
    }
    ranked.sort_unstable_by_key(Ranked::rank);
}

/// The part of a rank that is two numbers.
fn of_addresses(client: u32, server: u32) -> u128 {
    u128::from(client) << CLIENT | u128::from(server) << SERVER
}

/// The two halves of a rank.
fn halves(rank: u128) -> (u64, u64) {
    let low = u64::try_from(rank & u128::from(u64::MAX));
    let high = u64::try_from(rank >> u64::BITS);
    (high.unwrap_or_default(), low.unwrap_or_default())
}

impl Oriented {
    fn of(key: &LegKey, leg: &Leg, roles: &Roles<'_>, joined: Option<&Joined>) -> Self {
        let (mut client, mut basis) = match key.ends {
            Ends::Roles { .. } => (Side::Low, Basis::Syn),
            Ends::Ports { low, high } => roles.client_of(&Uncertain {
                protocol: key.protocol,
                low,
                high,
                first: first_packets(leg),
            }),
        };
        if let Ends::Ports { low, high } = key.ends {
            (client, basis) = in_join((client, basis), joined, low, high);
        }
        let forward = match client {
            Side::Low => Forward::Client,
            Side::High => Forward::Server,
        };
        Self { basis, forward }
    }

    /// The client's address and the server's endpoint.
    #[must_use]
    pub fn ends(self, key: &LegKey) -> (IpAddr, Endpoint) {
        match (key.ends, self.forward) {
            (Ends::Roles { client, server }, _) => (client, server),
            (Ends::Ports { low, high }, Forward::Client) => (low.address, high),
            (Ends::Ports { low, high }, Forward::Server) => (high.address, low),
        }
    }
}

/// The roles of two endpoints, when one of them is known to be a service's or a backend's.
pub(super) fn in_join(
    (client, basis): (Side, Basis),
    joined: Option<&Joined>,
    low: Endpoint,
    high: Endpoint,
) -> (Side, Basis) {
    match joined.map(|joined| joined.client_of(low, high)) {
        Some(known) if known != client => (known, Basis::ServicePort),
        Some(_) | None => (client, basis),
    }
}

/// Addresses, numbered as they come.
struct Addresses(HashMap<IpAddr, u32, Keyed>);

impl Addresses {
    fn number(&mut self, address: IpAddr) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(address).or_insert(next)
    }

    /// The place of every number in the order of the addresses, and in that order who they are
    /// while no object has them.
    fn ranks(self, directory: &Directory) -> (Vec<u32>, Vec<IdentityId>) {
        let mut addresses: Vec<(IpAddr, u32)> = self.0.into_iter().collect();
        addresses.sort_unstable();
        let mut ranks = vec![0; addresses.len()];
        for (rank, (_, number)) in (0..).zip(&addresses) {
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = rank;
            }
        }
        let unowned = addresses.iter();
        let unowned = unowned.map(|(address, _)| directory.unowned(*address));
        (ranks, unowned.collect())
    }
}
