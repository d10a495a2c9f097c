//! Ordinary frames against another parser, etherparse: built by it, read by both.

use std::net::IpAddr;

use analyzer::frame::LinkType;
use analyzer::packet::{Packet, Parsed, Segment, Transport, parse};
use etherparse::{
    Ethernet2Header, IpHeaders, Ipv4Extensions, Ipv4Header, Ipv6Extensions, Ipv6FlowLabel,
    Ipv6Header, LaxNetSlice, LaxSlicedPacket, PacketBuilder, PacketBuilderStep, TcpHeader,
    TransportSlice, VlanId, ip_number,
};
use proptest::prelude::*;

use crate::wire::whole;

proptest! {
    #[test]
    fn ordinary_frames_are_read_as_etherparse_reads_them(
        tags in 0..3_u8,
        ip in ip(),
        transport in transport(),
        payload in prop::collection::vec(any::<u8>(), 0..100),
        padding in 0..50_usize,
    ) {
        let mut data = frame(tags, ip, transport, &payload);
        let theirs = theirs(&data);
        data.resize(data.len() + padding, 0);
        prop_assert_eq!(parse(&whole(LinkType::ETHERNET, &data)), Parsed::Packet(theirs));
    }
}

fn ip() -> impl Strategy<Value = IpHeaders> {
    let v4 = any::<([u8; 4], [u8; 4], u8, u16)>().prop_map(|(source, destination, ttl, id)| {
        let mut header = Ipv4Header::new(0, ttl, ip_number::TCP, source, destination).unwrap();
        header.identification = id;
        IpHeaders::Ipv4(header, Ipv4Extensions::default())
    });
    let v6 = any::<([u8; 16], [u8; 16], u8)>().prop_map(|(source, destination, hop_limit)| {
        let header = Ipv6Header {
            traffic_class: 0,
            flow_label: Ipv6FlowLabel::ZERO,
            payload_length: 0,
            next_header: ip_number::TCP,
            hop_limit,
            source,
            destination,
        };
        IpHeaders::Ipv6(header, Ipv6Extensions::default())
    });
    prop_oneof![v4, v6]
}

#[derive(Clone, Debug)]
enum Header {
    Tcp(Box<TcpHeader>),
    /// Ports that announce no tunnel.
    Udp(u16, u16),
}

fn transport() -> impl Strategy<Value = Header> {
    let tcp = any::<(u16, u16, u32, u32, [bool; 8], bool)>().prop_map(
        |(source, destination, seq, ack, flags, options)| {
            let mut header = TcpHeader::new(source, destination, seq, 1024);
            header.acknowledgment_number = ack;
            [
                header.fin, header.syn, header.rst, header.psh, header.ack, header.urg, header.ece,
                header.cwr,
            ] = flags;
            if options {
                header.set_options_raw(&[1; 12]).unwrap();
            }
            Header::Tcp(Box::new(header))
        },
    );
    let udp = (0..2152_u16, 8473..=u16::MAX).prop_map(|(a, b)| Header::Udp(a, b));
    prop_oneof![tcp, udp]
}

fn frame(tags: u8, ip: IpHeaders, transport: Header, payload: &[u8]) -> Vec<u8> {
    let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let tagged = |ethernet: PacketBuilderStep<Ethernet2Header>| match tags {
        0 => ethernet.ip(ip),
        1 => ethernet.single_vlan(VlanId::ZERO).ip(ip),
        _ => ethernet.double_vlan(VlanId::ZERO, VlanId::ZERO).ip(ip),
    };
    let mut data = Vec::new();
    let step = tagged(ethernet);
    match transport {
        Header::Tcp(header) => step.tcp_header(*header).write(&mut data, payload).unwrap(),
        Header::Udp(a, b) => step.udp(a, b).write(&mut data, payload).unwrap(),
    }
    data
}

/// The facts, as etherparse has them.
fn theirs(data: &[u8]) -> Packet {
    let sliced = LaxSlicedPacket::from_ethernet(data).unwrap();
    let mut packet = network(sliced.net.as_ref().unwrap(), data);
    match sliced.transport.unwrap() {
        TransportSlice::Tcp(tcp) => {
            packet.transport_offset = offset(tcp.slice(), data);
            packet.source_port = tcp.source_port();
            packet.destination_port = tcp.destination_port();
            packet.transport = Transport::Tcp(Some(Segment {
                seq: tcp.sequence_number(),
                ack: tcp.acknowledgment_number(),
                flags: tcp.slice()[13],
                payload_len: u32::try_from(tcp.payload().len()).unwrap(),
            }));
        }
        TransportSlice::Udp(udp) => {
            packet.transport_offset = offset(udp.slice(), data);
            packet.source_port = udp.source_port();
            packet.destination_port = udp.destination_port();
        }
        other @ (TransportSlice::Icmpv4(_)
        | TransportSlice::Icmpv6(_)
        | TransportSlice::Igmp(_)) => panic!("{other:?}"),
    }
    packet
}

fn network(net: &LaxNetSlice<'_>, frame: &[u8]) -> Packet {
    match net {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            Packet {
                ip_bytes: header.total_len().into(),
                ttl: header.ttl(),
                ip_id: header.identification(),
                ip_offset: offset(header.slice(), frame),
                ..udp_between(
                    header.source_addr().into(),
                    header.destination_addr().into(),
                )
            }
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            Packet {
                ip_bytes: 40 + u32::from(header.payload_length()),
                ttl: header.hop_limit(),
                ip_offset: offset(header.slice(), frame),
                ..udp_between(
                    header.source_addr().into(),
                    header.destination_addr().into(),
                )
            }
        }
        LaxNetSlice::Arp(_) => panic!("ARP"),
    }
}

fn offset(inside: &[u8], frame: &[u8]) -> u16 {
    u16::try_from(inside.as_ptr() as usize - frame.as_ptr() as usize).unwrap()
}

fn udp_between(source: IpAddr, destination: IpAddr) -> Packet {
    Packet {
        source,
        destination,
        source_port: 0,
        destination_port: 0,
        transport: Transport::Udp,
        ip_bytes: 0,
        ttl: 0,
        ip_id: 0,
        depth: 0,
        ip_offset: 0,
        transport_offset: 0,
        fragment: None,
        tunnel_fragment: None,
    }
}
