//! DNS answers: the addresses a message gives the name that was asked for.
//!
//! In: a message's octets, perhaps not all of them. Out: an [`Answer`], or why there is none.
//! **Shape** one pass over the answer section, which ends with the octets. Aliases are followed in
//! the order in which servers write them and stub resolvers need them: a CNAME before what it leads
//! to. Whatever belongs to another name names nothing.
//! **Time** an address is good for the shortest time to live on the way to it.
//! **Source** RFC 1035 §4.1, RFC 3596 §2.2, RFC 2181 §8 (time to live), RFC 1034 §3.6.2 (aliases).

use std::net::IpAddr;

use super::name::{Name, NoName};

/// Octets before the question.
pub const HEADER_LEN: usize = 12;
/// Response and opcode: an answer to a standard query.
const KIND: u8 = 0xf8;
const RESPONSE: u8 = 0x80;
const TRUNCATED: u8 = 0x02;
const RESPONSE_CODE: u8 = 0x0f;

const CLASS_INTERNET: u16 = 1;
const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
/// A question for records of any type.
const ANY: u16 = 255;

/// What a message says of addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer<'m> {
    /// The name asked for.
    pub name: Name<'m>,
    /// Its addresses, each with how many seconds it is good for.
    pub addresses: Vec<(IpAddr, u32)>,
}

/// Why a message gives no addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// It is no answer to a question for addresses, says that there is none, or contradicts the
    /// format.
    Other,
    /// It goes on beyond its octets.
    Ends,
    /// The server says that it did not fit (the TC bit).
    Truncated,
}

/// Reads a message.
///
/// # Errors
/// Why it gives no addresses.
pub fn read(message: &[u8]) -> Result<Answer<'_>, NoAnswer> {
    let Some((header, _)) = message.split_first_chunk::<HEADER_LEN>() else {
        return Err(NoAnswer::Ends);
    };
    #[rustfmt::skip]
    let &[_, _, flags, code, questions0, questions1, answers0, answers1, ..] = header;
    let questions = u16::from_be_bytes([questions0, questions1]);
    if flags & KIND != RESPONSE || code & RESPONSE_CODE != 0 || questions != 1 {
        return Err(NoAnswer::Other);
    }
    let mut section = Section::after_question(message)?;
    if flags & TRUNCATED != 0 {
        return Err(NoAnswer::Truncated);
    }
    for _ in 0..u16::from_be_bytes([answers0, answers1]) {
        section.read_record()?;
    }
    if section.answer.addresses.is_empty() || section.answer.name.is_root() {
        return Err(NoAnswer::Other);
    }
    Ok(section.answer)
}

/// The answer section, while it is read.
struct Section<'m> {
    message: &'m [u8],
    /// Where the next record starts.
    at: usize,
    /// Where the aliases have led to.
    owner: Name<'m>,
    /// For how many seconds they hold.
    ttl: u32,
    answer: Answer<'m>,
}

impl<'m> Section<'m> {
    fn after_question(message: &'m [u8]) -> Result<Self, NoAnswer> {
        let (name, at) = Name::read(message, HEADER_LEN)?;
        let &[type0, type1, class0, class1] = octets(message, at)?;
        let kind = u16::from_be_bytes([type0, type1]);
        let class = u16::from_be_bytes([class0, class1]);
        if !matches!(kind, A | AAAA | ANY) || class != CLASS_INTERNET {
            return Err(NoAnswer::Other);
        }
        let answer = Answer {
            name,
            addresses: Vec::new(),
        };
        Ok(Self {
            message,
            at: at + 4,
            owner: name,
            ttl: u32::MAX,
            answer,
        })
    }

    fn read_record(&mut self) -> Result<(), NoAnswer> {
        let (owner, at) = Name::read(self.message, self.at)?;
        #[rustfmt::skip]
        let &[type0, type1, class0, class1, ttl0, ttl1, ttl2, ttl3, len0, len1] = octets(self.message, at)?;
        let data_at = at + 10;
        self.at = data_at + usize::from(u16::from_be_bytes([len0, len1]));
        let data = self.message.get(data_at..self.at).ok_or(NoAnswer::Ends)?;
        if u16::from_be_bytes([class0, class1]) != CLASS_INTERNET || owner != self.owner {
            return Ok(());
        }
        let ttl = time_to_live(u32::from_be_bytes([ttl0, ttl1, ttl2, ttl3]));
        match u16::from_be_bytes([type0, type1]) {
            CNAME => {
                (self.owner, _) = Name::read(self.message, data_at)?;
                self.ttl = self.ttl.min(ttl);
            }
            A => self.push(<[u8; 4]>::try_from(data).ok().map(IpAddr::from), ttl),
            AAAA => self.push(<[u8; 16]>::try_from(data).ok().map(IpAddr::from), ttl),
            _ => {}
        }
        Ok(())
    }

    /// Takes an address, unless its length is wrong.
    fn push(&mut self, address: Option<IpAddr>, ttl: u32) {
        if let Some(address) = address {
            self.answer.addresses.push((address, ttl.min(self.ttl)));
        }
    }
}

/// The `N` octets at `at`.
fn octets<const N: usize>(message: &[u8], at: usize) -> Result<&[u8; N], NoAnswer> {
    let rest = message.get(at..).unwrap_or_default();
    rest.first_chunk().ok_or(NoAnswer::Ends)
}

/// A time to live with its high bit set is none.
const fn time_to_live(seconds: u32) -> u32 {
    if seconds > i32::MAX.unsigned_abs() {
        0
    } else {
        seconds
    }
}

impl From<NoName> for NoAnswer {
    fn from(none: NoName) -> Self {
        match none {
            NoName::Ends => Self::Ends,
            NoName::Malformed => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
