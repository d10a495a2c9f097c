//! What is sent, as the command line says.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

/// As many clients as their addresses can tell apart.
const CONNECTIONS: RangeInclusive<i64> = 1..=(1 << 20);

/// What is sent.
pub(crate) struct Arguments {
    /// Where all of the clients' goes, whatever address it has.
    pub(crate) next_hop: Ipv4Addr,
    /// The network namespace that servers send from.
    pub(crate) far: PathBuf,
    /// Where all of theirs goes.
    pub(crate) far_hop: Ipv4Addr,
    /// Connections that take turns.
    pub(crate) connections: u32,
    /// Packets altogether.
    pub(crate) packets: u64,
    /// Packets a second; 0 for as many as can be.
    pub(crate) rate: u64,
}

impl Arguments {
    /// Reads the command line; where it is wrong the process ends.
    pub(crate) fn parse() -> Self {
        let number = |id: &'static str| {
            let arg = Arg::new(id).long(id).value_name("NUMBER").required(true);
            arg.value_parser(value_parser!(u64))
        };
        let hop = |id: &'static str| {
            let arg = Arg::new(id).long(id).value_name("ADDRESS").required(true);
            arg.value_parser(value_parser!(Ipv4Addr))
        };
        let matches = Command::new("pilotfish-sender")
            .about("Send segments of many TCP connections at a steady rate")
            .arg(
                Arg::new("far")
                    .long("far")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .required(true)
                    .help("network namespace that servers send from"),
            )
            .arg(hop("next-hop").help("neighbour that takes all that clients send"))
            .arg(hop("far-hop").help("neighbour of the other namespace, for what servers send"))
            .arg(
                Arg::new("connections")
                    .long("connections")
                    .value_name("NUMBER")
                    .value_parser(value_parser!(u32).range(CONNECTIONS))
                    .required(true)
                    .help("connections that take turns"),
            )
            .arg(number("packets").help("packets altogether"))
            .arg(number("rate").help("packets a second; 0 for as many as can be"))
            .get_matches();
        let number = |id| matches.get_one::<u64>(id).copied().unwrap_or_default();
        let hop = |id| {
            let hop = matches.get_one::<Ipv4Addr>(id).copied();
            hop.unwrap_or(Ipv4Addr::LOCALHOST)
        };
        Self {
            next_hop: hop("next-hop"),
            far: matches.get_one("far").cloned().unwrap_or_default(),
            far_hop: hop("far-hop"),
            connections: matches.get_one("connections").copied().unwrap_or(1),
            packets: number("packets"),
            rate: number("rate"),
        }
    }
}
