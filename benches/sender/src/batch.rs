//! Packets to the kernel, many with one call.
//!
//! In: [`Arguments`]. Out: [`Sent`].
//! **Errors** the kernel's own, but for want of room, when what is left is sent again.
//! **Source** raw(7), sendmmsg(2).

use std::fmt;
use std::fs::File;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, MMsgHdr, SendAncillaryBuffer, SendFlags, SocketType, connect, ipproto, sendmmsg,
    socket,
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::arguments::Arguments;
use crate::pace::Pace;
use crate::segment::{self, End, LONGEST};

/// Packets with one call: at the rates that are of interest a fraction of a millisecond.
const BATCH: usize = 64;

/// What was sent.
pub(crate) struct Sent {
    packets: u64,
    ip_bytes: u64,
    took: Duration,
}

/// Where the ends of all connections send from.
struct Sockets {
    clients: OwnedFd,
    servers: OwnedFd,
}

/// Places for packets, and what is in them.
struct Batch {
    packets: [[u8; LONGEST]; BATCH],
    lengths: [usize; BATCH],
}

/// Whose turn it is.
struct Turns {
    connections: u32,
    connection: u32,
    turn: u64,
}

/// Sends all of it.
pub(crate) fn send(arguments: &Arguments) -> anyhow::Result<Sent> {
    let sockets = Sockets::open(arguments)?;
    let mut batch = Batch {
        packets: [[0; LONGEST]; BATCH],
        lengths: [0; BATCH],
    };
    let mut turns = Turns {
        connections: arguments.connections,
        connection: 0,
        turn: 0,
    };
    let pace = Pace::start(arguments.rate);
    let (mut packets, mut ip_bytes) = (0, 0);
    while packets < arguments.packets {
        let left = usize::try_from(arguments.packets - packets).unwrap_or(BATCH);
        let socket = sockets.of(turns.turn);
        let filled = batch.fill(&mut turns, left.min(BATCH));
        pace.wait_until_due(packets);
        ip_bytes += batch.send(socket, filled)?;
        packets += filled as u64;
    }
    Ok(Sent {
        packets,
        ip_bytes,
        took: pace.elapsed(),
    })
}

impl Sockets {
    fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let far = File::open(&arguments.far)
            .with_context(|| format!("no namespace at {}", arguments.far.display()))?;
        let servers = thread::scope(|scope| {
            // A namespace is that of a thread; what is opened there stays there.
            let opening = scope.spawn(|| {
                move_into_link_name_space(far.as_fd(), Some(LinkNameSpaceType::Network))?;
                open(arguments.far_hop)
            });
            opening.join()
        });
        let servers = servers.map_err(|_| anyhow!("a thread panicked"))?;
        let needs = "a raw socket needs CAP_NET_RAW and a route, a namespace CAP_SYS_ADMIN";
        Ok(Self {
            clients: open(arguments.next_hop).context(needs)?,
            servers: servers.context(needs)?,
        })
    }

    const fn of(&self, turn: u64) -> &OwnedFd {
        match segment::sender(turn) {
            End::Client => &self.clients,
            End::Server => &self.servers,
        }
    }
}

/// A socket whose packets bring their own IP headers and go to one neighbour.
fn open(next_hop: Ipv4Addr) -> rustix::io::Result<OwnedFd> {
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::RAW))?;
    connect(&socket, &SocketAddrV4::new(next_hop, 0))?;
    Ok(socket)
}

impl Batch {
    /// Makes the next packets, all of one turn; how many.
    fn fill(&mut self, turns: &mut Turns, wanted: usize) -> usize {
        let left = turns.connections - turns.connection;
        let wanted = usize::try_from(left).map_or(wanted, |left| left.min(wanted));
        let places = self.packets.iter_mut().zip(&mut self.lengths).take(wanted);
        for (packet, length) in places {
            let (connection, turn) = turns.next();
            *length = segment::write(packet, connection, turn);
        }
        wanted
    }

    /// Sends the first ones; of how many octets they are.
    fn send(&self, socket: &OwnedFd, filled: usize) -> anyhow::Result<u64> {
        let octets = self.packets.iter().zip(&self.lengths).take(filled);
        let slices = octets.map(|(packet, length)| {
            let (packet, _) = packet.split_at(*length);
            [IoSlice::new(packet)]
        });
        let slices: Vec<[IoSlice<'_>; 1]> = slices.collect();
        let mut sent = 0;
        while let Some(rest) = slices.get(sent..).filter(|rest| !rest.is_empty()) {
            let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> = rest
                .iter()
                .map(|_| SendAncillaryBuffer::default())
                .collect();
            let messages = rest.iter().zip(&mut controls);
            let mut messages: Vec<MMsgHdr<'_>> = messages
                .map(|(slice, control)| MMsgHdr::new(slice, control))
                .collect();
            match sendmmsg(socket, &mut messages, SendFlags::empty()) {
                Ok(count) => sent += count,
                Err(Errno::NOBUFS | Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error).context("the kernel refuses a packet"),
            }
        }
        let lengths = self.lengths.iter().take(filled);
        Ok(lengths.map(|length| *length as u64).sum())
    }
}

impl Turns {
    fn next(&mut self) -> (u32, u64) {
        let now = (self.connection, self.turn);
        self.connection += 1;
        if self.connection == self.connections {
            self.connection = 0;
            self.turn += 1;
        }
        now
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            packets,
            ip_bytes,
            took,
        } = self;
        let seconds = took.as_secs_f64();
        write!(
            f,
            "{{\"packets\":{packets},\"ip_bytes\":{ip_bytes},\"seconds\":{seconds:.3}}}"
        )
    }
}
