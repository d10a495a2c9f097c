//! From a frame's first header to its ports: one loop over layers, without recursion.
//!
//! **Shape** a link layer's file reads one header and names the next [`Layer`]; every header takes
//! octets off the front, so the frame's length bounds the loop. At IP the walk ends, or goes on
//! inside a tunnel, [`MAX_DEPTH`] times at most.

use super::cursor::Cursor;
use super::ip::{self, Header, Place};
use super::layer::Layer;
use super::transport::{self, Ports};
use super::{cooked, ether_type, ethernet, gre, link, llc, mpls, ppp, protocol, tunnel, wifi};
use crate::frame::{Frame, LinkType};
use crate::packet::{Fragment, FragmentKey, Packet, Parsed, Segment, Transport};
use crate::skip::SkipReason;

/// Tunnels that are unwrapped around a packet. What lies deeper is the payload of the last one.
pub(super) const MAX_DEPTH: u8 = 8;

/// Parses `frame` down to TCP or UDP.
#[inline]
pub(super) fn parse(frame: &Frame<'_>) -> Parsed {
    let mut walk = Walk::default();
    match walk.run(frame) {
        Ok(Found::Ports) => Parsed::Packet(walk.packet()),
        Ok(Found::LaterFragment) => Parsed::Fragment(walk.fragment()),
        Err(reason) => walk.give_up(reason),
    }
}

/// Where the walk ended.
enum Found {
    /// At ports.
    Ports,
    /// At a fragment without them.
    LaterFragment,
}

/// How far the walk has come. Headers are read into it in place: to hand their facts on by value
/// would be most of a parse's cost.
#[derive(Default)]
struct Walk<'a> {
    /// Where the outermost IP header starts.
    ip_offset: Option<usize>,
    innermost: Facts<'a>,
    tunnels: Tunnels,
    /// The datagram of the last UDP tunnel and the tunnels around that, until its payload has shown
    /// an IP header.
    datagram: Option<(Facts<'a>, Tunnels)>,
}

/// What the innermost headers say.
#[derive(Clone, Copy, Default)]
struct Facts<'a> {
    header: Header<'a>,
    ports: Ports,
    /// Where they are in the frame.
    transport_offset: usize,
    /// Of TCP.
    segment: Option<Segment>,
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
    fn run(&mut self, frame: &Frame<'a>) -> Result<Found, SkipReason> {
        let mut cursor = Cursor::new(frame.data, frame.original_len);
        let mut layer = Layer::Link(frame.link);
        loop {
            while layer != Layer::Ip {
                (layer, cursor) = below_ip(layer, cursor)?;
            }
            let offset = frame.data.len() - cursor.kept_len();
            let Facts {
                header,
                ports,
                transport_offset,
                segment,
            } = &mut self.innermost;
            cursor = ip::parse(cursor, header)?;
            self.ip_offset.get_or_insert(offset);
            self.datagram = None;
            if header.place == Place::Later {
                return later_fragment(header.protocol);
            }
            let inside = match header.protocol {
                protocol::TCP => {
                    *transport_offset = cursor.offset_in(frame.data);
                    *ports = transport::ports(&mut cursor)?;
                    *segment = transport::tcp(cursor);
                    return Ok(Found::Ports);
                }
                protocol::UDP => {
                    *transport_offset = cursor.offset_in(frame.data);
                    *ports = transport::ports(&mut cursor)?;
                    self.udp_tunnel(cursor)
                }
                _ => Some(self.ip_tunnel(cursor)?),
            };
            let Some(inside) = inside else {
                return Ok(Found::Ports);
            };
            (layer, cursor) = inside;
        }
    }

    /// Goes into the tunnel that a datagram opens as, if it does.
    #[inline]
    fn udp_tunnel(&mut self, cursor: Cursor<'a>) -> Option<(Layer, Cursor<'a>)> {
        if self.tunnels.depth == MAX_DEPTH {
            return None;
        }
        let inside = tunnel::open(self.innermost.ports, cursor)?;
        self.datagram = Some((self.innermost, self.tunnels));
        self.tunnels.enter(&self.innermost.header);
        Some(inside)
    }

    /// Goes into the tunnel that an IP protocol is, or says why there is none.
    #[cold]
    fn ip_tunnel(&mut self, mut cursor: Cursor<'a>) -> Result<(Layer, Cursor<'a>), SkipReason> {
        let header = &self.innermost.header;
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
                self.innermost = datagram;
                self.tunnels = tunnels;
                Parsed::Packet(self.packet())
            }
            _ => Parsed::Skip(reason),
        }
    }

    #[inline]
    fn packet(&self) -> Packet {
        let Facts {
            header,
            ports,
            transport_offset,
            segment,
        } = &self.innermost;
        Packet {
            source: header.addresses.source(),
            destination: header.addresses.destination(),
            source_port: ports.source,
            destination_port: ports.destination,
            transport: match header.protocol {
                protocol::TCP => Transport::Tcp(*segment),
                _ => Transport::Udp,
            },
            ip_bytes: header.ip_bytes,
            ttl: header.ttl,
            ip_id: header.ip_id(),
            depth: self.tunnels.depth,
            ip_offset: self.ip_offset(),
            transport_offset: u16::try_from(*transport_offset).unwrap_or(u16::MAX),
            fragment: (header.place == Place::First).then(|| header.fragment_key()),
            tunnel_fragment: self.tunnels.fragment,
        }
    }

    fn fragment(&self) -> Fragment {
        let header = &self.innermost.header;
        Fragment {
            key: header.fragment_key(),
            ip_bytes: header.ip_bytes,
            ttl: header.ttl,
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
        Layer::Link(_)
        | Layer::EtherType(_)
        | Layer::Llc
        | Layer::Wifi
        | Layer::WifiPadded
        | Layer::Ppp
        | Layer::Mpls
        | Layer::Ip => return rarer(layer, cursor),
    };
    Ok((inside, cursor))
}

#[inline(never)]
fn rarer(layer: Layer, mut cursor: Cursor<'_>) -> Result<(Layer, Cursor<'_>), SkipReason> {
    let inside = match layer {
        Layer::Ethernet => ethernet::next(&mut cursor)?,
        Layer::EtherType(ether_type) => ether_type::next(ether_type, &mut cursor)?,
        Layer::Link(link_type) => link::next(link_type, &mut cursor)?,
        Layer::Llc => llc::next(&mut cursor)?,
        Layer::Wifi => wifi::next(&mut cursor)?,
        Layer::WifiPadded => wifi::next_padded(&mut cursor)?,
        Layer::Ppp => ppp::next(&mut cursor)?,
        Layer::Mpls => mpls::next(&mut cursor)?,
        Layer::Ip => Layer::Ip,
    };
    Ok((inside, cursor))
}

/// A fragment without ports: whose it is can be found out, unless its protocol says that it is
/// nobody's.
#[cold]
fn later_fragment(protocol: u8) -> Result<Found, SkipReason> {
    if protocol::is_tunnel(protocol) {
        Err(SkipReason::TunnelFragment)
    } else if protocol::may_have_ports(protocol) {
        Ok(Found::LaterFragment)
    } else {
        Err(protocol::skip_reason(protocol))
    }
}
