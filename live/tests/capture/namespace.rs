//! Two network namespaces with a cable between, and programs that run in them.

use std::sync::atomic::{AtomicU32, Ordering};

use live::capture::{Ring, RingSettings};

use crate::lab::{self, inside, output, run};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A namespace `here` with the ring, and one `there`, joined by a veth pair: `10.9.0.1` and
/// `fd09::1` on `here0`, `10.9.0.2` and `fd09::2` on `there0`.
pub(crate) struct Cable {
    pub(crate) here: String,
    pub(crate) there: String,
}

impl Cable {
    /// Makes one; `None`, with a word on why, where that is not allowed.
    pub(crate) fn plug() -> Option<Self> {
        if !lab::is_allowed() {
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |end| format!("pf-{}-{number}-{end}", std::process::id());
        let cable = Self {
            here: name("here"),
            there: name("there"),
        };
        run(&format!("ip netns add {}", cable.here));
        run(&format!("ip netns add {}", cable.there));
        run(&format!(
            "ip -n {} link add here0 type veth peer name there0 netns {}",
            cable.here, cable.there
        ));
        for (namespace, end, number) in [(&cable.here, "here0", 1), (&cable.there, "there0", 2)] {
            run(&format!(
                "ip -n {namespace} addr add 10.9.0.{number}/24 dev {end}"
            ));
            run(&format!(
                "ip -n {namespace} addr add fd09::{number}/64 dev {end} nodad"
            ));
            run(&format!("ip -n {namespace} link set {end} up"));
            run(&format!("ip -n {namespace} link set lo up"));
        }
        Some(cable)
    }

    /// A ring in `here`.
    pub(crate) fn ring(&self, settings: &RingSettings) -> Ring {
        inside(&self.here, || Ring::open(settings).unwrap())
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for namespace in [&self.here, &self.there] {
            let _ = output(&format!("ip netns del {namespace}"));
        }
    }
}
