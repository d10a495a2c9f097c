//! Conversations under way, interleaved in order of time into one capture.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::{self, Write};

use crate::conversation::Conversation;
use crate::packet;
use crate::pcap;
use crate::plan::{Plan, Size};
use crate::topology::Topology;
use crate::truth::Truth;

/// Writes the capture and returns what is true of it.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(size: &Size, topology: Topology, out: &mut impl Write) -> io::Result<Truth> {
    let mut file = pcap::Writer::new(out, size.profile.snaplen)?;
    let mut truth = Truth {
        profile: size.profile.name,
        seed: size.seed,
        from_ns: size.start_ns,
        ..Truth::default()
    };
    let mut plan = Plan::new(size.clone(), topology);
    let mut live = Live::default();
    let mut frame = Vec::new();
    while let Some(time_ns) = next_time(&plan, &live) {
        if plan.next_ns() == Some(time_ns) {
            let conversation = plan.begin();
            truth.begun(&conversation);
            live.add(time_ns, conversation);
            truth.most_live = truth.most_live.max(live.count());
        }
        live.send_one(|conversation| {
            let step = conversation.step();
            let ip_bytes = packet::build(&mut frame, topology, conversation, step);
            truth.sent(conversation, time_ns, ip_bytes);
            file.frame(time_ns, &frame)?;
            Ok(step.wait_ns.map(|wait| time_ns + wait))
        })?;
    }
    truth.file_bytes = file.bytes;
    truth.close();
    Ok(truth)
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
