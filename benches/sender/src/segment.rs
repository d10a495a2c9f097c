//! The segments of a connection, one after the other.
//!
//! In: the number of a connection and of a turn. Out: an IPv4 packet.
//! **Shape** SYN, SYN-ACK and ACK, then data from the client and its acknowledgement, for ever. Each
//! connection has a client address of its own, so that each is a flow; all have one server.
//! **Source** RFC 791, RFC 9293. The kernel fills in IPv4's checksum; nobody reads TCP's.

/// Octets of a packet without and with data.
const HEADERS: usize = 40;
/// Octets of data in a segment of the client's.
const DATA: u32 = 100;
/// The longest packet.
pub(crate) const LONGEST: usize = HEADERS + DATA as usize;

const SERVER: [u8; 4] = [10, 32, 0, 1];
const SERVER_PORT: u16 = 443;
const CLIENT_PORT: u16 = 40_000;
/// Clients count up from 10.64.0.0.
const FIRST_CLIENT: u32 = 0x0a40_0000;

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const SYN_ACK: u8 = SYN | ACK;
const PUSH_ACK: u8 = 0x08 | ACK;

/// An end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The one that opens it.
    Client,
    /// The other one.
    Server,
}

/// What a segment says.
struct Segment {
    flags: u8,
    seq: u32,
    ack: u32,
    data: u32,
}

/// Who sends the segment of a turn.
pub(crate) const fn sender(turn: u64) -> End {
    match turn {
        1 => End::Server,
        0 | 2 => End::Client,
        turn if turn % 2 == 1 => End::Client,
        _ => End::Server,
    }
}

/// Writes the packet of a connection's turn; how long it is.
pub(crate) fn write(packet: &mut [u8; LONGEST], connection: u32, turn: u64) -> usize {
    let segment = segment(connection, turn);
    let length = HEADERS + segment.data as usize;
    let client = (FIRST_CLIENT + connection).to_be_bytes();
    let (source, destination, source_port, destination_port) = match sender(turn) {
        End::Client => (client, SERVER, CLIENT_PORT, SERVER_PORT),
        End::Server => (SERVER, client, SERVER_PORT, CLIENT_PORT),
    };
    let total = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let ip = [0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 6, 0, 0];
    let sum_and_urgent = [0; 4];
    let fields: [&[u8]; 10] = [
        &ip,
        &source,
        &destination,
        &source_port.to_be_bytes(),
        &destination_port.to_be_bytes(),
        &segment.seq.to_be_bytes(),
        &segment.ack.to_be_bytes(),
        &[0x50, segment.flags],
        &[0xff, 0xff],
        &sum_and_urgent,
    ];
    let octets = fields.into_iter().flatten();
    packet
        .iter_mut()
        .zip(octets)
        .for_each(|(place, octet)| *place = *octet);
    length
}

fn segment(connection: u32, turn: u64) -> Segment {
    // Of the segments with data, how many were sent before; sequence numbers wrap.
    let round = u32::try_from(turn.saturating_sub(3) / 2 % (1 << 32)).unwrap_or_default();
    let [opening, answer] = initial(connection);
    let [first, first_of_server] = [opening, answer].map(|initial| initial.wrapping_add(1));
    let seq = first.wrapping_add(round.wrapping_mul(DATA));
    let (flags, seq, ack, data) = match (turn, sender(turn)) {
        (0, _) => (SYN, opening, 0, 0),
        (1, _) => (SYN_ACK, answer, first, 0),
        (2, _) => (ACK, first, first_of_server, 0),
        (_, End::Client) => (PUSH_ACK, seq, first_of_server, DATA),
        (_, End::Server) => (ACK, first_of_server, seq.wrapping_add(DATA), 0),
    };
    Segment {
        flags,
        seq,
        ack,
        data,
    }
}

/// The initial sequence numbers of both ends: far apart and no two alike, as those of a kernel are.
const fn initial(connection: u32) -> [u32; 2] {
    let client = connection.wrapping_mul(0x9e37_79b1);
    [client, client.rotate_left(16) ^ 0x5bd1_e995]
}

#[cfg(test)]
mod tests {
    use etherparse::{Ipv4Header, TcpHeader};

    use super::*;

    fn told(connection: u32, turn: u64) -> String {
        let mut packet = [0; LONGEST];
        let length = write(&mut packet, connection, turn);
        let (ip, rest) = Ipv4Header::from_slice(&packet[..length]).unwrap();
        let (tcp, data) = TcpHeader::from_slice(rest).unwrap();
        assert_eq!(usize::from(ip.total_len), length);
        let flags = [("S", tcp.syn), (".", tcp.ack), ("P", tcp.psh)];
        let flags: String = flags
            .iter()
            .filter(|(_, set)| *set)
            .map(|(flag, _)| *flag)
            .collect();
        let [source, destination] = [ip.source, ip.destination].map(std::net::Ipv4Addr::from);
        format!(
            "{source}:{} > {destination}:{} {flags} {} {} {}\n",
            tcp.source_port,
            tcp.destination_port,
            tcp.sequence_number,
            tcp.acknowledgment_number,
            data.len()
        )
    }

    #[test]
    fn a_connection_is_opened_and_goes_on() {
        let turns: String = (0..7).map(|turn| told(0, turn)).collect();
        assert_eq!(
            turns,
            "10.64.0.0:40000 > 10.32.0.1:443 S 0 0 0\n\
             10.32.0.1:443 > 10.64.0.0:40000 S. 1540483477 1 0\n\
             10.64.0.0:40000 > 10.32.0.1:443 . 1 1540483478 0\n\
             10.64.0.0:40000 > 10.32.0.1:443 .P 1 1540483478 100\n\
             10.32.0.1:443 > 10.64.0.0:40000 . 1540483478 101 0\n\
             10.64.0.0:40000 > 10.32.0.1:443 .P 101 1540483478 100\n\
             10.32.0.1:443 > 10.64.0.0:40000 . 1540483478 201 0\n"
        );
    }

    #[test]
    fn sequence_numbers_wrap() {
        assert_eq!(segment(0, 3 + 2 * (1 << 32)).seq, 1);
        assert!(segment(7, u64::MAX).data <= DATA);
    }
}
