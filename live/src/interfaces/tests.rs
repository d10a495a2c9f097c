//! Whose links are, from facts; and octets that are none.

use proptest::prelude::*;

use crate::interfaces::fact::{Link, Mac, Route, RouteKey, Target};
use crate::interfaces::message::messages;
use crate::interfaces::{
    BTreeMap, Fact, GONE_LIMIT, Holds, InterfaceOwner, IpAddr, Known, PodName, Tables,
};

const WEB: &str = "10.244.1.10";
const WEB_V6: &str = "fd00:10:244:1::a";
const MAC: Mac = [2, 0, 0, 0, 0, 10];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn link(index: u32, name: &str, kind: &str) -> Fact {
    Fact::Link(Link {
        index,
        name: name.into(),
        kind: Some(kind).filter(|kind| !kind.is_empty()).map(Into::into),
        is_up: true,
    })
}

fn route(to: Target, metric: u32, links: &[u32]) -> Fact {
    let key = RouteKey {
        to,
        metric,
        table: 254,
        service: 0,
    };
    Fact::Route(Route {
        key,
        links: links.to_vec(),
    })
}

fn host(address: &str, link: u32) -> Fact {
    route(Target::Host(ip(address)), 0, &[link])
}

/// eth0 with the default route, a bridge with two ports, and a pod's link of its own.
fn node() -> Tables {
    let mut tables = Tables::default();
    for fact in [
        link(1, "lo", ""),
        link(2, "eth0", ""),
        link(3, "cni0", "bridge"),
        link(4, "flannel.1", "vxlan"),
        link(5, "veth5", "veth"),
        link(6, "veth6", "veth"),
        link(7, "cali7", "veth"),
        Fact::Address(2, ip("10.0.0.11")),
        Fact::Address(3, ip("10.244.1.1")),
        route(Target::AllV4, 100, &[2]),
        route(Target::AllV4, 600, &[6]),
    ] {
        tables.apply(Holds::Now, fact);
    }
    tables
}

/// A line for each link that somebody owns, when web has both its addresses.
fn owners(tables: &Tables) -> String {
    let web = || named("web");
    let pods = [
        (ip(WEB), web()),
        (ip(WEB_V6), web()),
        (ip("10.244.1.11"), named("api")),
        (ip("10.0.0.11"), named("on-host")),
    ];
    shown(&tables.owners(&pods.into()))
}

fn named(name: &str) -> PodName {
    PodName {
        namespace: "shop".into(),
        name: name.into(),
    }
}

fn shown(owners: &BTreeMap<u32, InterfaceOwner>) -> String {
    let line = |(link, owner): (&u32, &InterfaceOwner)| match owner {
        InterfaceOwner::Pod(pod) => format!("{link} {}\n", pod.name),
        InterfaceOwner::Uplink => format!("{link} uplink\n"),
        InterfaceOwner::Ignore => format!("{link} ignored\n"),
    };
    owners.iter().map(line).collect()
}

fn with(facts: &[Fact]) -> String {
    let mut tables = node();
    for fact in facts {
        tables.apply(Holds::Now, fact.clone());
    }
    owners(&tables)
}

fn at_port(mac: Mac, port: u32) -> Fact {
    Fact::Forwarding {
        bridge: 3,
        mac,
        vlan: 0,
        port,
    }
}

#[test]
fn the_uplink_is_where_the_best_default_route_leads() {
    assert_eq!(owners(&node()), "2 uplink\n");
    assert_eq!(
        with(&[route(Target::AllV6, 1024, &[5, 6])]),
        "2 uplink\n5 uplink\n6 uplink\n"
    );
}

#[test]
fn a_host_route_leads_to_a_pod() {
    assert_eq!(with(&[host(WEB, 7)]), "2 uplink\n7 web\n");
    assert_eq!(with(&[host(WEB_V6, 7)]), "2 uplink\n7 web\n");
    assert_eq!(
        with(&[host(WEB, 7), host(WEB_V6, 7)]),
        "2 uplink\n7 web\n",
        "both families agree"
    );
}

#[test]
fn links_that_are_not_one_pods_alone_are_nobodys() {
    assert_eq!(with(&[host(WEB, 3)]), "2 uplink\n", "a bridge");
    assert_eq!(with(&[host(WEB, 4)]), "2 uplink\n", "a tunnel");
    assert_eq!(with(&[host(WEB, 2)]), "2 uplink\n", "the way out");
    assert_eq!(
        with(&[host(WEB, 7), host("10.244.1.11", 7)]),
        "2 uplink\n",
        "two pods"
    );
    assert_eq!(
        with(&[host("10.0.0.11", 7)]),
        "2 uplink\n",
        "a pod of the node's own network"
    );
}

#[test]
fn behind_a_bridge_a_link_address_leads_to_a_port() {
    let neighbour = Fact::Neighbour(3, ip(WEB), MAC);
    assert_eq!(with(std::slice::from_ref(&neighbour)), "2 uplink\n");
    assert_eq!(
        with(&[neighbour.clone(), at_port(MAC, 5)]),
        "2 uplink\n5 web\n"
    );
    let other = [2, 0, 0, 0, 0, 11];
    assert_eq!(with(&[neighbour, at_port(other, 5)]), "2 uplink\n");
}

#[test]
fn what_a_link_led_to_goes_with_it() {
    let mut tables = node();
    for fact in [
        host("10.244.1.11", 7),
        Fact::Neighbour(3, ip(WEB), MAC),
        at_port(MAC, 5),
    ] {
        tables.apply(Holds::Now, fact);
    }
    assert_eq!(owners(&tables), "2 uplink\n5 web\n7 api\n");
    tables.apply(Holds::NoLonger, link(5, "veth5", "veth"));
    tables.apply(Holds::NoLonger, link(7, "cali7", "veth"));
    assert_eq!(owners(&tables), "2 uplink\n");
    tables.apply(Holds::Now, link(7, "cali7", "veth"));
    assert_eq!(owners(&tables), "2 uplink\n", "its route went with it");
}

#[test]
fn an_interface_that_is_gone_stays_whose_it_was() {
    let (mut tables, mut known) = (node(), Known::default());
    let pods = [(ip(WEB), named("web"))].into();
    tables.apply(Holds::Now, host(WEB, 7));
    known.see(&tables);
    known.own(tables.owners(&pods));
    tables.apply(Holds::NoLonger, link(7, "cali7", "veth"));
    // The name and the address go to another pod and another link.
    tables.apply(Holds::Now, link(9, "cali7", "veth"));
    tables.apply(Holds::Now, host(WEB, 9));
    known.see(&tables);
    known.own(tables.owners(&[(ip(WEB), named("api"))].into()));
    let owners = known.by_number.iter();
    let owners = owners.filter_map(|(number, known)| Some((*number, known.owner.clone()?)));
    assert_eq!(shown(&owners.collect()), "2 uplink\n7 web\n9 api\n");
    let names: Vec<&str> = [7, 9].map(|number| &*known.by_number[&number].name).into();
    assert_eq!(names, ["cali7", "cali7"]);
}

#[test]
fn of_interfaces_that_are_gone_the_last_are_kept() {
    let (mut tables, mut known) = (Tables::default(), Known::default());
    let last = u32::try_from(GONE_LIMIT).unwrap() + 10;
    for number in 1..=last {
        known.see_link(number, &"veth".into());
    }
    tables.apply(Holds::Now, link(last, "veth", "veth"));
    known.see(&tables);
    assert_eq!(known.by_number.len(), GONE_LIMIT + 1);
    assert!(known.by_number.contains_key(&last));
    assert!(!known.by_number.contains_key(&1));
}

proptest! {
    #[test]
    fn no_octets_are_read_beyond_their_end(
        body in prop::collection::vec(any::<u8>(), 0..200),
        kind in 16_u16..32,
        len in 0_u32..300,
    ) {
        let mut octets = Vec::from(len.to_ne_bytes());
        octets.extend(kind.to_ne_bytes());
        octets.extend([0; 10]);
        octets.extend(body);
        let mut tables = node();
        for message in messages(&octets) {
            if let Some((holds, fact)) = Fact::read(&message) {
                tables.apply(holds, fact);
            }
        }
        prop_assert!(owners(&tables).len() < 1000);
    }
}
