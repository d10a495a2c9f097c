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
use super::{ether_type, ethernet, gre, link, llc, mpls, ppp, protocol, wifi};
use crate::frame::Frame;
use crate::packet::{Fragment, FragmentKey, Packet, Parsed, Transport};
use crate::skip::SkipReason;

/// Tunnels that are unwrapped around a packet. What lies deeper is the payload of the last one.
pub(super) const MAX_DEPTH: u8 = 8;

/// Parses `frame` down to TCP or UDP.
pub(super) fn parse(frame: &Frame<'_>) -> Parsed {
    let mut walk = Walk::new(frame);
    let mut layer = Layer::Link(frame.link);
    loop {
        match walk.step(layer) {
            Ok(Step::Inside(inner)) => layer = inner,
            Ok(Step::End(parsed)) => return parsed,
            Err(reason) => return walk.give_up(reason),
        }
    }
}

/// What a header leads to.
enum Step {
    /// Another header.
    Inside(Layer),
    /// The answer.
    End(Parsed),
}

/// How far the walk has come.
struct Walk<'a> {
    cursor: Cursor<'a>,
    frame_len: usize,
    /// Where the outermost IP header starts, once it was met.
    ip_offset: Option<u16>,
    depth: u8,
    tunnel_fragment: Option<FragmentKey>,
    /// The datagram on a tunnel port, until its payload has shown an IP header.
    datagram: Option<Packet>,
}

impl<'a> Walk<'a> {
    fn new(frame: &Frame<'a>) -> Self {
        Self {
            cursor: Cursor::new(frame.data, frame.original_len),
            frame_len: frame.data.len(),
            ip_offset: None,
            depth: 0,
            tunnel_fragment: None,
            datagram: None,
        }
    }

    #[inline]
    fn step(&mut self, layer: Layer) -> Result<Step, SkipReason> {
        let cursor = &mut self.cursor;
        let inner = match layer {
            Layer::Ip => return self.ip(),
            Layer::Ethernet => ethernet::next(cursor),
            Layer::EtherType(ether_type) => ether_type::next(ether_type, cursor),
            Layer::Link(link_type) => link::next(link_type, cursor),
            Layer::Llc => llc::next(cursor),
            Layer::Wifi => wifi::next(cursor),
            Layer::Ppp => ppp::next(cursor),
            Layer::Mpls => mpls::next(cursor),
        };
        inner.map(Step::Inside)
    }

    #[inline]
    fn ip(&mut self) -> Result<Step, SkipReason> {
        let offset = self.frame_len - self.cursor.kept_len();
        let header = ip::parse(&mut self.cursor)?;
        let offset = u16::try_from(offset).unwrap_or(u16::MAX);
        self.ip_offset.get_or_insert(offset);
        self.datagram = None;
        if let Place::Later(key) = header.place {
            return self.later_fragment(&header, key);
        }
        match header.protocol {
            protocol::TCP => {
                let ports = transport::ports(&mut self.cursor)?;
                let transport = transport::tcp(&mut self.cursor);
                let packet = self.packet(&header, ports, transport);
                Ok(Step::End(Parsed::Packet(packet)))
            }
            protocol::UDP => self.udp(&header),
            other => self.tunnel_or_skip(other, &header),
        }
    }

    /// A datagram is a packet, unless it opens as a tunnel.
    #[inline]
    fn udp(&mut self, header: &Header) -> Result<Step, SkipReason> {
        let ports = transport::ports(&mut self.cursor)?;
        let packet = self.packet(header, ports, Transport::Udp);
        if let Some(tunnel) = Tunnel::of(ports)
            && self.depth < MAX_DEPTH
            && let Some(inner) = tunnel.open(&mut self.cursor)
        {
            self.enter(header);
            self.datagram = Some(packet);
            return Ok(Step::Inside(inner));
        }
        Ok(Step::End(Parsed::Packet(packet)))
    }

    fn tunnel_or_skip(&mut self, protocol: u8, header: &Header) -> Result<Step, SkipReason> {
        if !protocol::is_tunnel(protocol) || self.depth == MAX_DEPTH {
            return Err(protocol::skip_reason(protocol));
        }
        self.enter(header);
        if protocol == protocol::GRE {
            gre::next(&mut self.cursor).map(Step::Inside)
        } else {
            Ok(Step::Inside(Layer::Ip))
        }
    }

    /// Goes into the tunnel that `outer` carries.
    fn enter(&mut self, outer: &Header) {
        self.depth += 1;
        if let Place::First(key) = outer.place {
            self.tunnel_fragment.get_or_insert(key);
        }
    }

    /// A fragment without ports: whose it is can be found out, unless its protocol says that it
    /// is nobody's.
    fn later_fragment(&self, header: &Header, key: FragmentKey) -> Result<Step, SkipReason> {
        if protocol::is_tunnel(header.protocol) {
            return Err(SkipReason::TunnelFragment);
        }
        if !protocol::may_have_ports(header.protocol) {
            return Err(protocol::skip_reason(header.protocol));
        }
        Ok(Step::End(Parsed::Fragment(Fragment {
            key,
            ip_bytes: header.ip_bytes,
            depth: self.depth,
            ip_offset: self.ip_offset.unwrap_or_default(),
        })))
    }

    #[inline]
    fn packet(&self, header: &Header, ports: Ports, transport: Transport) -> Packet {
        Packet {
            source: header.source,
            destination: header.destination,
            source_port: ports.source,
            destination_port: ports.destination,
            transport,
            ip_bytes: header.ip_bytes,
            ttl: header.ttl,
            ip_id: header.ip_id,
            depth: self.depth,
            ip_offset: self.ip_offset.unwrap_or_default(),
            fragment: match header.place {
                Place::First(key) => Some(key),
                Place::Whole | Place::Later(_) => None,
            },
            tunnel_fragment: self.tunnel_fragment,
        }
    }

    /// The answer when a header could not be read: a tunnel's payload that contradicts itself
    /// was none, so the datagram counts.
    #[cold]
    fn give_up(self, reason: SkipReason) -> Parsed {
        match self.datagram {
            Some(datagram) if reason == SkipReason::Malformed => Parsed::Packet(datagram),
            _ => Parsed::Skip(reason),
        }
    }
}
