//! Writes a capture of a cluster's traffic, and says what is true of it.
//!
//! In: a profile, a seed and sizes. Out: a capture of exactly so many packets in exactly so many
//! conversations, in order of time; on standard output the [`truth::Truth`] about it as JSON; if
//! asked for, the cluster file that names its pods.
//!
//! The same arguments give the same bytes on every machine: all numbers are integers drawn from
//! one seeded generator, and no clock is read. Memory grows with live conversations and with
//! distinct flows, not with packets.

mod random;
mod checksum;
mod topology;
mod cluster_file;
mod conversation;
mod link;
mod packet;
mod tunnel;
mod attack;
mod profile;
mod pcap;
mod pcapng;
mod capture;
mod plan;
mod truth;
mod sighting;
mod traffic;
mod arguments;
mod output;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use anyhow::Context as _;

use crate::arguments::Arguments;
use crate::capture::Form;
use crate::output::Output;
use crate::topology::Topology;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let topology = Topology::new(arguments.pods);
    if let Some(path) = &arguments.cluster {
        let at = || format!("cannot write the cluster file {}", path.display());
        let mut out = BufWriter::new(File::create(path).with_context(at)?);
        cluster_file::write(topology, &mut out)
            .and_then(|()| out.flush())
            .with_context(at)?;
    }
    let path = &arguments.output;
    let at = || format!("cannot write the capture {}", path.display());
    let mut out = Output::create(path).with_context(at)?;
    let truth = traffic::write(&arguments.size, topology, Form::of(path), &mut out)
        .and_then(|truth| out.finish().map(|()| truth))
        .with_context(at)?;
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&truth)?)?;
    Ok(())
}
