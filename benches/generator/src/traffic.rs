//! Conversations under way, interleaved in order of time into one capture.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::{self, Write};

use crate::attack;
use crate::capture::{Form, Header, Writer};
use crate::conversation::{Conversation, Step};
use crate::link::ethernet;
use crate::packet;
use crate::plan::{Plan, Size};
use crate::profile::{Mix, Traffic, View};
use crate::sighting;
use crate::topology::Topology;
use crate::truth::{Seen, Truth};

/// Writes the capture and returns what is true of it.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(
    size: &Size,
    topology: Topology,
    form: Form,
    out: &mut impl Write,
) -> io::Result<Truth> {
    let header = Header {
        link: size.profile.view.link(),
        snaplen: size.profile.snaplen,
    };
    let mut file = Writer::new(out, form, header)?;
    let mut truth = match &size.profile.traffic {
        Traffic::Conversations(mix) => interleave(size, mix, topology, &mut file)?,
        Traffic::Hostile(attack) => attack::write(*attack, size, &mut file)?,
    };
    truth.to_ns = file.last_ns;
    truth.file_bytes = file.bytes;
    Ok(truth)
}

fn interleave(
    size: &Size,
    mix: &'static Mix,
    topology: Topology,
    file: &mut Writer<'_, impl Write>,
) -> io::Result<Truth> {
    let mut truth = Truth::new(size);
    let mut plan = Plan::new(size.clone(), mix, topology);
    let mut live = Live::default();
    let mut packet = Vec::new();
    while let Some(time_ns) = next_time(&plan, &live) {
        if plan.next_ns() == Some(time_ns) {
            let conversation = plan.begin();
            truth.begun(&conversation);
            live.add(time_ns, conversation);
            truth.most_live = truth.most_live.max(live.count());
        }
        live.send_one(|conversation| {
            let step = conversation.step();
            packet::build(&mut packet, topology, conversation, step);
            let seen = match size.profile.view {
                View::Between => at_tap(file, time_ns, conversation, step, &packet)?,
                View::Node => {
                    let way = conversation.ends.way(step.sender);
                    let family = conversation.ends.family;
                    sighting::write(file, time_ns, topology, (way, family), &packet)?
                }
            };
            let ip_bytes = u64::try_from(packet.len()).map_err(io::Error::other)?;
            truth.sent(conversation, ip_bytes, seen);
            Ok(step.wait_ns.map(|wait| time_ns + wait))
        })?;
    }
    truth.close();
    Ok(truth)
}

fn at_tap(
    file: &mut Writer<'_, impl Write>,
    time_ns: u64,
    conversation: &Conversation,
    step: Step,
    packet: &[u8],
) -> io::Result<Seen> {
    let (from, to) = conversation.ends.way(step.sender);
    let link = ethernet(from, to, conversation.ends.family);
    file.frame(time_ns, &[&link, packet])?;
    Ok(Seen {
        frames: 1,
        copies: 0,
    })
}

/// The earlier of the next conversation's start and the next packet of one under way.
fn next_time(plan: &Plan, live: &Live) -> Option<u64> {
    plan.next_ns().into_iter().chain(live.next_ns()).min()
}

/// The conversations under way, in order of their next packet.
///
/// **Shape** a heap of small entries over slots, so that sifting moves no conversation.
#[derive(Default)]
struct Live {
    queue: BinaryHeap<Reverse<Due>>,
    slots: Vec<Conversation>,
    free: Vec<usize>,
    begun: u64,
}

/// When the conversation in a slot sends; of equal times, the one that began first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    time_ns: u64,
    serial: u64,
    slot: usize,
}

impl Live {
    fn count(&self) -> u64 {
        u64::try_from(self.queue.len()).unwrap_or(u64::MAX)
    }

    fn next_ns(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse(due)| due.time_ns)
    }

    fn add(&mut self, time_ns: u64, conversation: Conversation) {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = conversation,
            None => self.slots.push(conversation),
        }
        self.begun += 1;
        self.queue.push(Reverse(Due {
            time_ns,
            serial: self.begun,
            slot,
        }));
    }

    /// Lets the conversation that is due send; `send` says when it is due again, if ever.
    fn send_one(
        &mut self,
        send: impl FnOnce(&mut Conversation) -> io::Result<Option<u64>>,
    ) -> io::Result<()> {
        let Some(mut due) = self.queue.peek_mut() else {
            return Ok(());
        };
        let Reverse(Due { slot, .. }) = *due;
        let Some(conversation) = self.slots.get_mut(slot) else {
            return Ok(());
        };
        if let Some(time_ns) = send(conversation)? {
            due.0.time_ns = time_ns;
        } else {
            PeekMut::pop(due);
            self.free.push(slot);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
