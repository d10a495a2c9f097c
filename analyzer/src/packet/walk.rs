//! From a frame's first header to its ports: one loop over layers, without recursion.
//!
//! **Shape** a link layer's file reads one header and names the next [`Layer`]; every header takes
//! octets off the front, so the frame's length bounds the loop. At IP the walk ends, or goes on
//! inside a tunnel, [`MAX_DEPTH`] times at most.

use super::cursor::Cursor;
use super::ip::{self, Header, Place};
use super::layer::Layer;
use super::transport::{self, Ports};
use super::tunnel::Tunnel;
use super::{cooked, ether_type, ethernet, gre, link, llc, mpls, ppp, protocol, wifi};
use crate::frame::{Frame, LinkType};
use crate::packet::{Fragment, FragmentKey, Packet, Parsed, Transport};
use crate::skip::SkipReason;

/// Tunnels that are unwrapped around a packet. What lies deeper is the payload of the last one.
pub(super) const MAX_DEPTH: u8 = 8;

/// Parses `frame` down to TCP or UDP.
#[inline]
pub(super) fn parse(frame: &Frame<'_>) -> Parsed {
    let mut walk = Walk::default();
    match walk.run(frame) {
        Ok(Found::Packet(facts)) => Parsed::Packet(walk.packet(&facts)),
        Ok(Found::Fragment(header)) => Parsed::Fragment(walk.fragment(&header)),
        Err(reason) => walk.give_up(reason),
    }
}

/// Where the walk ends.
enum Found<'a> {
    /// At ports.
    Packet(Facts<'a>),
    /// At a fragment without them.
    Fragment(Header<'a>),
}

/// What the innermost headers say.
#[derive(Clone, Copy)]
struct Facts<'a> {
    header: Header<'a>,
    ports: Ports,
    transport: Transport,
}

/// What the walk has met on its way.
#[derive(Default)]
struct Walk<'a> {
    /// Where the outermost IP header starts.
    ip_offset: Option<usize>,
    tunnels: Tunnels,
    /// The datagram of the last UDP tunnel and the tunnels around that, until its payload has shown
    /// an IP header.
    datagram: Option<(Facts<'a>, Tunnels)>,
}

/// The tunnels around a packet.
#[derive(Clone, Copy, Default)]
struct Tunnels {
    depth: u8,
    /// Of the outermost packet that was a first fragment.
    fragment: Option<FragmentKey>,
}

impl<'a> Walk<'a> {
    #[inline]
    fn run(&mut self, frame: &Frame<'a>) -> Result<Found<'a>, SkipReason> {
        let mut cursor = Cursor::new(frame.data, frame.original_len);
        let mut layer = Layer::Link(frame.link);
        loop {
            while layer != Layer::Ip {
                (layer, cursor) = below_ip(layer, cursor)?;
            }
            let offset = frame.data.len() - cursor.kept_len();
            let header;
            (header, cursor) = ip::parse(cursor)?;
            self.ip_offset.get_or_insert(offset);
            self.datagram = None;
            if header.place == Place::Later {
                return later_fragment(header);
            }
            (layer, cursor) = match header.protocol {
                protocol::TCP => {
                    let ports = transport::ports(&mut cursor)?;
                    let transport = transport::tcp(cursor);
                    return Ok(Found::Packet(Facts {
                        header,
                        ports,
                        transport,
                    }));
                }
                protocol::UDP => {
                    let facts = Facts {
                        header,
                        ports: transport::ports(&mut cursor)?,
                        transport: Transport::Udp,
                    };
                    match self.udp_tunnel(&facts, cursor) {
                        Some(inner) => inner,
                        None => return Ok(Found::Packet(facts)),
                    }
                }
                _ => self.ip_tunnel(&header, cursor)?,
            };
        }
    }

    /// Goes into the tunnel that a datagram opens as, if it does.
    #[inline]
    fn udp_tunnel(
        &mut self,
        datagram: &Facts<'a>,
        cursor: Cursor<'a>,
    ) -> Option<(Layer, Cursor<'a>)> {
        let tunnel = Tunnel::of(datagram.ports)?;
        if self.tunnels.depth == MAX_DEPTH {
            return None;
        }
        let inside = tunnel.open(cursor)?;
        self.datagram = Some((*datagram, self.tunnels));
        self.tunnels.enter(&datagram.header);
        Some(inside)
    }

    /// Goes into the tunnel that an IP protocol is, or says why there is none.
    #[cold]
    fn ip_tunnel(
        &mut self,
        header: &Header<'a>,
        mut cursor: Cursor<'a>,
    ) -> Result<(Layer, Cursor<'a>), SkipReason> {
        if !protocol::is_tunnel(header.protocol) || self.tunnels.depth == MAX_DEPTH {
            return Err(protocol::skip_reason(header.protocol));
        }
        self.tunnels.enter(header);
        let inside = match header.protocol {
            protocol::GRE => gre::next(&mut cursor)?,
            _ => Layer::Ip,
        };
        Ok((inside, cursor))
    }

    /// The answer when a header could not be read: a tunnel's payload that contradicts itself
    /// was none, so the datagram counts.
    #[cold]
    fn give_up(mut self, reason: SkipReason) -> Parsed {
        match self.datagram {
            Some((datagram, tunnels)) if reason == SkipReason::Malformed => {
                self.tunnels = tunnels;
                Parsed::Packet(self.packet(&datagram))
            }
            _ => Parsed::Skip(reason),
        }
    }

    #[inline]
    fn packet(&self, facts: &Facts<'_>) -> Packet {
        let header = &facts.header;
        Packet {
            source: header.addresses.source(),
            destination: header.addresses.destination(),
            source_port: facts.ports.source,
            destination_port: facts.ports.destination,
            transport: facts.transport,
            ip_bytes: header.ip_bytes,
            ttl: header.ttl,
            ip_id: header.ip_id(),
            depth: self.tunnels.depth,
            ip_offset: self.ip_offset(),
            fragment: (header.place == Place::First).then(|| header.fragment_key()),
            tunnel_fragment: self.tunnels.fragment,
        }
    }

    fn fragment(&self, header: &Header<'_>) -> Fragment {
        Fragment {
            key: header.fragment_key(),
            ip_bytes: header.ip_bytes,
            depth: self.tunnels.depth,
            ip_offset: self.ip_offset(),
        }
    }

    #[inline]
    fn ip_offset(&self) -> u16 {
        u16::try_from(self.ip_offset.unwrap_or_default()).unwrap_or(u16::MAX)
    }
}

impl Tunnels {
    fn enter(&mut self, outer: &Header<'_>) {
        self.depth += 1;
        if outer.place == Place::First {
            self.fragment.get_or_insert(outer.fragment_key());
        }
    }
}

/// Reads one header below IP; answers with what it announces. The common ones are read in place,
/// so that the cursor stays in registers.
#[inline]
fn below_ip(layer: Layer, mut cursor: Cursor<'_>) -> Result<(Layer, Cursor<'_>), SkipReason> {
    let inside = match layer {
        Layer::Link(LinkType::ETHERNET) | Layer::Ethernet => ethernet::next(&mut cursor)?,
        Layer::Link(LinkType::LINUX_SLL2) => cooked::sll2(&mut cursor)?,
        Layer::EtherType(ether_type::IPV4 | ether_type::IPV6) => Layer::Ip,
        other => return rarer(other, cursor),
    };
    Ok((inside, cursor))
}

#[inline(never)]
fn rarer(layer: Layer, mut cursor: Cursor<'_>) -> Result<(Layer, Cursor<'_>), SkipReason> {
    let cursor_ref = &mut cursor;
    let inside = match layer {
        Layer::Ethernet => ethernet::next(cursor_ref),
        Layer::EtherType(ether_type) => ether_type::next(ether_type, cursor_ref),
        Layer::Link(link_type) => link::next(link_type, cursor_ref),
        Layer::Llc => llc::next(cursor_ref),
        Layer::Wifi => wifi::next(cursor_ref),
        Layer::Ppp => ppp::next(cursor_ref),
        Layer::Mpls => mpls::next(cursor_ref),
        Layer::Ip => Ok(Layer::Ip),
    }?;
    Ok((inside, cursor))
}

/// A fragment without ports: whose it is can be found out, unless its protocol says that it is
/// nobody's.
#[cold]
fn later_fragment(header: Header<'_>) -> Result<Found<'_>, SkipReason> {
    if protocol::is_tunnel(header.protocol) {
        Err(SkipReason::TunnelFragment)
    } else if protocol::may_have_ports(header.protocol) {
        Ok(Found::Fragment(header))
    } else {
        Err(protocol::skip_reason(header.protocol))
    }
}
