//! What is to be known of captures within pods: what is missing, and why.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;

use analyzer::hop::declaration::PodName;

use crate::session::pods::NAMESPACES;

/// Pods of which it is said by name that they can not be captured in.
const NAMED: usize = 8;

/// What went wrong so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Namespaces that could not be entered, by the system's number of why.
    refused: BTreeMap<i32, u64>,
    left_out: u64,
    failed: Vec<String>,
    /// Failures that are not named.
    more: u64,
    has_ended: bool,
}

impl Told {
    pub(super) fn refuse(&mut self, error: i32) {
        *self.refused.entry(error).or_default() += 1;
    }

    /// A namespace is beyond what is captured in.
    pub(super) const fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// The opener ended.
    pub(super) const fn end(&mut self) {
        self.has_ended = true;
    }

    pub(super) fn fail(&mut self, pod: &PodName, error: &dyn std::error::Error) {
        let cause = error.source().map(|cause| format!(": {cause}"));
        let cause = cause.unwrap_or_default();
        self.name(format!("{}/{}: {error}{cause}", pod.namespace, pod.name));
    }

    /// Of a namespace it can not be known whose it is.
    pub(super) fn fail_namespace(&mut self, error: &dyn Display) {
        self.name(format!("a network namespace: {error}"));
    }

    fn name(&mut self, failure: String) {
        if self.failed.len() < NAMED {
            self.failed.push(failure);
        } else {
            self.more += 1;
        }
    }

    /// The warnings; `is_blind` when no namespace was entered though there are pods.
    pub(super) fn warnings(&self, is_blind: bool) -> Vec<String> {
        let refused = self.refused.iter().map(|(error, count)| {
            let error = io::Error::from_raw_os_error(*error);
            format!("{count} network namespaces were not entered: {error}")
        });
        let blind = is_blind.then(|| {
            "--in-pod-namespaces: no process of a pod is to be seen below /proc; in a container, it \
             takes the processes of the host (hostPID: true)"
                .to_owned()
        });
        let left_out = (self.left_out > 0).then(|| {
            format!(
                "{} network namespaces are not captured in, as {NAMESPACES} are at a time: their \
                 pods are counted at this node's interfaces",
                self.left_out
            )
        });
        let ended = self.has_ended.then(|| {
            "the opener that enters network namespaces has ended: pods that came later are counted \
             at this node's interfaces; start pilotfish again"
                .to_owned()
        });
        let failed = self.failed.iter().map(|failure| {
            format!("{failure}; what is in it is counted at this node's interfaces")
        });
        let more = (self.more > 0).then(|| format!("{} more pods are not captured in", self.more));
        refused
            .chain(blind)
            .chain(left_out)
            .chain(ended)
            .chain(failed)
            .chain(more)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_why() {
        let mut told = Told::default();
        assert_eq!(told.warnings(false), [""; 0]);
        let pod = PodName {
            namespace: "shop".into(),
            name: "cart-1".into(),
        };
        let error = io::Error::other("no memory");
        for _ in 0..=NAMED {
            told.fail(&pod, &error);
        }
        told.refuse(13);
        told.refuse(13);
        told.leave_out();
        told.end();
        let mut warnings = told.warnings(true);
        warnings.dedup();
        insta::assert_snapshot!(warnings.join("\n"), @r"
        2 network namespaces were not entered: Permission denied (os error 13)
        --in-pod-namespaces: no process of a pod is to be seen below /proc; in a container, it takes the processes of the host (hostPID: true)
        1 network namespaces are not captured in, as 128 are at a time: their pods are counted at this node's interfaces
        the opener that enters network namespaces has ended: pods that came later are counted at this node's interfaces; start pilotfish again
        shop/cart-1: no memory; what is in it is counted at this node's interfaces
        1 more pods are not captured in
        ");
    }
}
