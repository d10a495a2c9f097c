//! Name resolution blocks: an address and its names a record.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::pcapng::options::Options;
use crate::record::Fields;
use crate::report::{CaptureReport, NamedAddress};
use crate::warning::Damage;

/// Record types with an IP address; the others name hardware addresses.
const IPV4: u16 = 1;
const IPV6: u16 = 2;
/// Octets of the longest name there is (RFC 1035 §2.3.4).
const NAME_OCTETS: usize = 255;

/// Adds the names of a block to the report. Records are laid out as options are: type, length,
/// value, and type 0 ends them.
pub(crate) fn read(body: Fields<'_>, report: &mut CaptureReport) -> Result<(), Damage> {
    for (kind, value) in Options::new(body) {
        match kind {
            IPV4 => {
                let (address, names) =
                    value.octets.split_first_chunk::<4>().ok_or(Damage::Short)?;
                add(IpAddr::V4(Ipv4Addr::from(*address)), names, report);
            }
            IPV6 => {
                let (address, names) = value
                    .octets
                    .split_first_chunk::<16>()
                    .ok_or(Damage::Short)?;
                add(IpAddr::V6(Ipv6Addr::from(*address)), names, report);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Each name ends with a zero.
fn add(ip: IpAddr, names: &[u8], report: &mut CaptureReport) {
    for name in names
        .split(|octet| *octet == 0)
        .filter(|name| !name.is_empty())
    {
        if report.names.len() < CaptureReport::NAME_LIMIT {
            let name = name.get(..NAME_OCTETS).unwrap_or(name);
            let name = String::from_utf8_lossy(name).into_owned();
            report.names.push(NamedAddress { ip, name });
        } else {
            report.names_left_out += 1;
        }
    }
}
