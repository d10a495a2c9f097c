//! Writes a capture of a cluster's traffic, and says what is true of it.
//!
//! In: a profile, a seed and sizes. Out: a pcap file with exactly so many packets in exactly so
//! many conversations, in order of time; on standard output the [`truth::Truth`] about it as JSON;
//! if asked for, the cluster file that names its pods.
//!
//! The same arguments give the same bytes on every machine: all numbers are integers drawn from
//! one seeded generator, and no clock is read. Memory grows with live conversations and with
//! distinct flows, not with packets.

mod random;
mod topology;
mod cluster_file;
mod profile;
mod conversation;
mod packet;
mod pcap;
mod truth;
mod plan;
mod traffic;
mod arguments;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use anyhow::Context as _;

use crate::arguments::Arguments;
use crate::topology::Topology;

/// Large writes: the file system, not the system call, should set the pace.
const BUFFER: usize = 1 << 20;

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
    let mut out = BufWriter::with_capacity(BUFFER, File::create(path).with_context(at)?);
    let truth = traffic::write(&arguments.size, topology, &mut out).and_then(|truth| {
        out.flush()?;
        Ok(truth)
    });
    let text = serde_json::to_string_pretty(&truth.with_context(at)?)?;
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}
