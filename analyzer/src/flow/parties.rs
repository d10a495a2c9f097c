//! Who is at the two ends of legs that are between the same addresses.
//!
//! In: two addresses, a port, and a directory, in which they are looked up once. Out: the key of the
//! flow that packets between them were of. **Time** that of the packets.

use std::net::IpAddr;

use crate::cluster::directory::Place as Tenure;
use crate::cluster::{Directory, IdentityId};
use crate::endpoint::Endpoint;
use crate::flow::build::Knowledge;
use crate::flow::order::{Order, Place};
use crate::flow::{FlowEnd, FlowKey};
use crate::leg::LegKey;
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::vantage::Scope;

/// Who has an address, or a port of it.
#[derive(Clone, Copy)]
pub(super) struct Party<'k> {
    address: IpAddr,
    tenure: Tenure<'k>,
    /// Who it is at all times, where the address means something in one place alone.
    local: Option<IdentityId>,
    /// Who it is while no object has it, where that is known already.
    unowned: Option<IdentityId>,
    directory: &'k Directory,
}

impl<'k> Party<'k> {
    /// Looks an address up; `port` is set for a server's.
    pub(super) fn of(
        knowledge: &Knowledge<'k>,
        address: IpAddr,
        port: Option<(Protocol, u16)>,
        scope: Scope,
        unowned: Option<IdentityId>,
    ) -> Self {
        Self {
            address,
            tenure: knowledge.directory.place(address, port),
            local: knowledge.scopes.loopback_owner(scope, address),
            unowned,
            directory: knowledge.directory,
        }
    }

    /// Who it was at the time of some packets.
    pub(super) fn over(&self, times: (Timestamp, Timestamp)) -> FlowEnd {
        let held = self.local;
        let held = held.or_else(|| self.tenure.held_over(times, self.directory));
        let identity = held
            .or(self.unowned)
            .unwrap_or_else(|| self.directory.unowned(self.address));
        FlowEnd::new(self.address, identity, self.directory)
    }

    /// The same, where it is a server that was reached through a service.
    pub(super) fn called_over(
        &self,
        (protocol, service): (Protocol, Option<Endpoint>),
        times: (Timestamp, Timestamp),
    ) -> FlowEnd {
        let end = self.over(times);
        let service =
            service.and_then(|service| self.directory.service_called(protocol, service, times.0));
        service.map_or(end, |service| {
            let called = self.directory.called(end.identity, service);
            FlowEnd::new(end.address, called, self.directory)
        })
    }

    fn is_same_over(&self, times: (Timestamp, Timestamp)) -> bool {
        self.local.is_some() || self.tenure.is_same_over(times)
    }
}

/// The two ends of legs of one rank.
pub(super) struct Parties<'k> {
    protocol: Protocol,
    client: Party<'k>,
    server: Party<'k>,
    server_port: u16,
    scope: Scope,
}

impl<'k> Parties<'k> {
    /// The ends of a leg, and of all that have its rank.
    pub(super) fn of(
        knowledge: &Knowledge<'k>,
        key: &LegKey,
        (place, order): (&Place<'_>, &Order<'_>),
    ) -> Self {
        let (protocol, scope) = (key.protocol, place.scope);
        let (client, server) = place.ends(key);
        let (asks, answers) = order.unowned(place);
        let port = Some((protocol, server.port));
        Self {
            protocol,
            client: Party::of(knowledge, client, None, scope, asks),
            server: Party::of(knowledge, server.address, port, scope, answers),
            server_port: server.port,
            scope,
        }
    }

    /// The flow of packets that passed at some time, by way of a service where one was called.
    pub(super) fn over(&self, service: Option<Endpoint>, times: (Timestamp, Timestamp)) -> FlowKey {
        let called = (self.protocol, service);
        FlowKey {
            protocol: self.protocol,
            client: self.client.over(times),
            server: self.server.called_over(called, times),
            server_port: self.server_port,
            scope: self.scope,
        }
    }

    /// The one flow of all packets from one moment to another, where it is one whatever happened
    /// between.
    pub(super) fn throughout(
        &self,
        service: Option<Endpoint>,
        times: (Timestamp, Timestamp),
    ) -> Option<FlowKey> {
        let is_one =
            service.is_none() && self.client.is_same_over(times) && self.server.is_same_over(times);
        is_one.then(|| self.over(None, times))
    }
}
