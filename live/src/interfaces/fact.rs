//! Facts: what a routing message says of links, addresses, routes and neighbours.
//!
//! In: a netlink message. Out: a [`Fact`], or nothing where it tells nothing of whose an interface
//! is: routes to networks, routes by way of others, neighbours without a link address.
//! **Source** Linux `uapi/linux/rtnetlink.h`, `if_link.h`, `if_addr.h`, `neighbour.h`.

use std::net::IpAddr;
use std::sync::Arc;

use crate::interfaces::message::{Message, attributes, number, short};

/// `AF_UNSPEC`.
pub(super) const ANY_FAMILY: u8 = 0;
const IPV4: u8 = 2;
/// `AF_BRIDGE`: neighbours of this family are a bridge's forwarding entries.
pub(super) const BRIDGE: u8 = 7;
const IPV6: u8 = 10;

const NEW_LINK: u16 = 16;
const DELETED_LINK: u16 = 17;
/// `RTM_GETLINK`.
pub(super) const GET_LINKS: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const DELETED_ADDRESS: u16 = 21;
/// `RTM_GETADDR`.
pub(super) const GET_ADDRESSES: u16 = 22;
const NEW_ROUTE: u16 = 24;
const DELETED_ROUTE: u16 = 25;
/// `RTM_GETROUTE`.
pub(super) const GET_ROUTES: u16 = 26;
const NEW_NEIGHBOUR: u16 = 28;
const DELETED_NEIGHBOUR: u16 = 29;
/// `RTM_GETNEIGH`.
pub(super) const GET_NEIGHBOURS: u16 = 30;

/// A hardware address.
pub(super) type Mac = [u8; 6];

/// Whether a fact holds from now on, or no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Holds {
    /// It is new, or was changed.
    Now,
    /// It was removed.
    NoLonger,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fact {
    /// Of a link.
    Link(Link),
    /// One of the machine's own addresses, at a link.
    Address(u32, IpAddr),
    /// A route to one host, or to all.
    Route(Route),
    /// Which link address a neighbour at a link has.
    Neighbour(u32, IpAddr, Mac),
    /// At which port of a bridge a link address is, within a VLAN.
    Forwarding {
        /// The bridge.
        bridge: u32,
        /// Who is there.
        mac: Mac,
        /// 0 without VLANs.
        vlan: u16,
        /// Where.
        port: u32,
    },
}

/// A link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Link {
    /// Its number.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: Arc<str>,
    /// The word for what it is (`veth`, `bridge`, …); none for hardware.
    pub(super) kind: Option<Arc<str>>,
    /// Whether it is up.
    pub(super) is_up: bool,
}

/// A route that leads to neighbours at links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Route {
    /// What tells it from other routes.
    pub(super) key: RouteKey,
    /// The links it leads out of.
    pub(super) links: Vec<u32>,
}

/// What tells routes apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct RouteKey {
    /// Where it leads.
    pub(super) to: Target,
    /// The smaller metric is taken.
    pub(super) metric: u32,
    /// The routing table.
    pub(super) table: u32,
    /// The type of service that it is for.
    pub(super) service: u8,
}

/// Where a route leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Target {
    /// To one host, at a link.
    Host(IpAddr),
    /// To everywhere, in IPv4.
    AllV4,
    /// To everywhere, in IPv6.
    AllV6,
}

impl Fact {
    /// What a message says.
    pub(super) fn read(message: &Message<'_>) -> Option<(Holds, Self)> {
        let body = message.body;
        let (holds, fact) = match message.kind {
            NEW_LINK => (Holds::Now, link(body)),
            DELETED_LINK => (Holds::NoLonger, link(body)),
            NEW_ADDRESS => (Holds::Now, address(body)),
            DELETED_ADDRESS => (Holds::NoLonger, address(body)),
            NEW_ROUTE => (Holds::Now, route(body)),
            DELETED_ROUTE => (Holds::NoLonger, route(body)),
            NEW_NEIGHBOUR => (Holds::Now, neighbour(body)),
            DELETED_NEIGHBOUR => (Holds::NoLonger, neighbour(body)),
            _ => return None,
        };
        Some((holds, fact?))
    }
}

/// `ifinfomsg`. Of the bridge's family it says only that a link joined or left a bridge.
fn link(body: &[u8]) -> Option<Fact> {
    const NAME: u16 = 3;
    const INFO: u16 = 18;
    const INFO_KIND: u16 = 1;
    const UP: u32 = 1;
    if *body.first()? != ANY_FAMILY {
        return None;
    }
    let (mut name, mut kind) = (None, None);
    for (attribute, value) in attributes(body.get(16..)?) {
        match attribute {
            NAME => name = Some(text(value)),
            INFO => {
                let nested = attributes(value).find(|(kind, _)| *kind == INFO_KIND);
                kind = nested.map(|(_, value)| text(value));
            }
            _ => {}
        }
    }
    Some(Fact::Link(Link {
        index: number(body, 4)?,
        name: name?,
        kind,
        is_up: number(body, 8)? & UP != 0,
    }))
}

/// `ifaddrmsg`. On links between two the local address is beside the other one.
fn address(body: &[u8]) -> Option<Fact> {
    const ADDRESS: u16 = 1;
    const LOCAL: u16 = 2;
    let family = *body.first()?;
    let (mut any, mut local) = (None, None);
    for (attribute, value) in attributes(body.get(8..)?) {
        match attribute {
            ADDRESS => any = ip(family, value),
            LOCAL => local = ip(family, value),
            _ => {}
        }
    }
    Some(Fact::Address(number(body, 4)?, local.or(any)?))
}

/// `rtmsg`.
fn route(body: &[u8]) -> Option<Fact> {
    const UNICAST: u8 = 1;
    const TO: u16 = 1;
    const LINK: u16 = 4;
    const GATEWAY: u16 = 5;
    const METRIC: u16 = 6;
    const SEVERAL: u16 = 9;
    const TABLE: u16 = 15;
    const VIA: u16 = 18;
    const LOCAL_TABLE: u32 = 255;
    let &[family, to_len, _, service, table, _, _, kind] = body.first_chunk::<8>()?;
    let (mut to, mut metric, mut table) = (None, 0, u32::from(table));
    let (mut links, mut has_gateway) = (Vec::new(), false);
    for (attribute, value) in attributes(body.get(12..)?) {
        match attribute {
            TO => to = ip(family, value),
            LINK => links.extend(number(value, 0)),
            GATEWAY | VIA => has_gateway = true,
            METRIC => metric = number(value, 0)?,
            SEVERAL => links.extend(next_hops(value)),
            TABLE => table = number(value, 0)?,
            _ => {}
        }
    }
    let to = match (family, to_len) {
        (IPV4, 0) => Target::AllV4,
        (IPV6, 0) => Target::AllV6,
        (IPV4, 32) | (IPV6, 128) if !has_gateway && links.len() == 1 => Target::Host(to?),
        _ => return None,
    };
    if kind != UNICAST || table == LOCAL_TABLE {
        return None;
    }
    let key = RouteKey {
        to,
        metric,
        table,
        service,
    };
    Some(Fact::Route(Route { key, links }))
}

/// The links of `rtnexthop` records.
fn next_hops(mut octets: &[u8]) -> impl Iterator<Item = u32> {
    const HEADER: usize = 8;
    std::iter::from_fn(move || {
        let len = usize::from(short(octets, 0)?).max(HEADER);
        let link = number(octets, 4)?;
        octets = octets.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(link)
    })
}

/// `ndmsg`: a neighbour's link address or, of the bridge's family, a forwarding entry. Entries
/// without a bridge are a tunnel's own and tell which node is behind it.
fn neighbour(body: &[u8]) -> Option<Fact> {
    const ADDRESS: u16 = 1;
    const LINK_ADDRESS: u16 = 2;
    const VLAN: u16 = 5;
    const BRIDGE_LINK: u16 = 9;
    let family = *body.first()?;
    let link = number(body, 4)?;
    let (mut address, mut mac, mut bridge, mut vlan) = (None, None, None, 0);
    for (attribute, value) in attributes(body.get(12..)?) {
        match attribute {
            ADDRESS => address = ip(family, value),
            LINK_ADDRESS => mac = value.first_chunk::<6>().copied(),
            VLAN => vlan = short(value, 0)?,
            BRIDGE_LINK => bridge = number(value, 0),
            _ => {}
        }
    }
    Some(match family {
        BRIDGE => Fact::Forwarding {
            bridge: bridge?,
            mac: mac?,
            vlan,
            port: link,
        },
        // A neighbour that was deleted may come without its link address.
        _ => Fact::Neighbour(link, address?, mac.unwrap_or_default()),
    })
}

fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        IPV4 => value.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        IPV6 => value
            .first_chunk::<16>()
            .map(|octets| IpAddr::from(*octets)),
        _ => None,
    }
}

/// Text that ends at its first zero.
fn text(value: &[u8]) -> Arc<str> {
    let end = value.iter().position(|octet| *octet == 0);
    let name = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
    String::from_utf8_lossy(name).into()
}
