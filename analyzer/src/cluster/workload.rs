//! A pod's workload: its top owner.
//!
//! In: pods, and the replica sets and jobs the cluster knows. Out: [`Workload`].
//! **Source** names by `k8s.io/apimachinery/pkg/util/rand`: random suffixes use the letters of
//! [`SAFE`]; a template hash is a 32-bit number whose decimal digits become letters of [`HASH`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cluster::identity::Workload;
use crate::cluster::object::{Owner, Pod};

/// Letters of a pod's random suffix.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// Letters of a template hash.
const HASH: &[u8] = b"456789bcdf";

/// Owners of replica sets and jobs, by namespace and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    /// Replica sets.
    pub(super) replica_sets: OwnerTable,
    /// Jobs.
    pub(super) jobs: OwnerTable,
}

/// What owns each controller of a kind, by namespace and name.
pub(super) type OwnerTable = BTreeMap<(Arc<str>, Arc<str>), Option<Owner>>;

impl Owners {
    /// The top owner of a pod.
    pub(super) fn workload(&self, pod: &Pod) -> Workload {
        let Some(owner) = &pod.owner else {
            return workload("Pod", without_hashes(&pod.name));
        };
        match &*owner.kind {
            "ReplicaSet" => self.above_replica_set(pod, owner),
            "Job" => self.above_job(pod, owner),
            // A static pod: its name is the manifest's and the node's.
            "Node" => {
                let suffix = format!("-{}", owner.name);
                workload(
                    "Pod",
                    pod.name.strip_suffix(suffix.as_str()).unwrap_or(&pod.name),
                )
            }
            _ => same(owner),
        }
    }

    fn above_replica_set(&self, pod: &Pod, owner: &Owner) -> Workload {
        let key = (Arc::clone(&pod.namespace), Arc::clone(&owner.name));
        match self.replica_sets.get(&key) {
            Some(Some(above)) => same(above),
            Some(None) => same(owner),
            None => match template_name(&owner.name, pod.template_hash.as_deref()) {
                Some(name) => workload("Deployment", name),
                None => same(owner),
            },
        }
    }

    fn above_job(&self, pod: &Pod, owner: &Owner) -> Workload {
        let key = (Arc::clone(&pod.namespace), Arc::clone(&owner.name));
        match self.jobs.get(&key) {
            Some(Some(above)) => same(above),
            Some(None) => same(owner),
            None => match owner.name.rsplit_once('-') {
                Some((name, suffix)) if is_schedule(suffix) => workload("CronJob", name),
                Some(_) | None => same(owner),
            },
        }
    }
}

fn workload(kind: &str, name: &str) -> Workload {
    Workload {
        kind: Arc::from(kind),
        name: Arc::from(name),
    }
}

fn same(owner: &Owner) -> Workload {
    Workload {
        kind: Arc::clone(&owner.kind),
        name: Arc::clone(&owner.name),
    }
}

/// A replica set's name less its template's hash.
fn template_name<'a>(replica_set: &'a str, hash: Option<&str>) -> Option<&'a str> {
    let (name, suffix) = replica_set.rsplit_once('-')?;
    let is_hash = hash.map_or_else(|| is_template_hash(suffix), |hash| suffix == hash);
    (is_hash && !name.is_empty()).then_some(name)
}

/// A pod's name less the segments that a controller would have added.
fn without_hashes(pod: &str) -> &str {
    let Some((rest, last)) = pod.rsplit_once('-') else {
        return pod;
    };
    if rest.is_empty() || !(is_random(last) || is_mixed(last) || is_template_hash(last)) {
        return pod;
    }
    match rest.rsplit_once('-') {
        Some((name, hash)) if !name.is_empty() && (is_template_hash(hash) || is_schedule(hash)) => {
            name
        }
        Some(_) | None => rest,
    }
}

/// A pod's random suffix.
fn is_random(segment: &str) -> bool {
    segment.len() == 5 && segment.bytes().all(|byte| SAFE.contains(&byte))
}

/// A replica set's template hash; a short one needs a letter and a digit to be no word or number.
fn is_template_hash(segment: &str) -> bool {
    let mixed = segment.bytes().any(|byte| byte.is_ascii_digit())
        && segment.bytes().any(|byte| byte.is_ascii_lowercase());
    (4..=10).contains(&segment.len())
        && (mixed || segment.len() >= 8)
        && segment.bytes().all(|byte| HASH.contains(&byte))
}

/// Letters and digits such as `abc123`: a hash written by hand.
fn is_mixed(segment: &str) -> bool {
    (5..=10).contains(&segment.len())
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && segment.bytes().any(|byte| byte.is_ascii_lowercase())
        && segment.bytes().any(|byte| byte.is_ascii_digit())
}

/// A cron job's scheduled time: minutes, or in older versions seconds, since the epoch.
fn is_schedule(segment: &str) -> bool {
    (8..=10).contains(&segment.len()) && segment.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_the_segments_that_a_controller_added_and_no_others() {
        let names = [
            ("cart-7f9c-hm2ts", "cart"),
            ("cart-7f9c6d5b48-hm2ts", "cart"),
            ("payment-service-7f9c-hm2ts", "payment-service"),
            ("frontend-abc123", "frontend"),
            ("agent-x2bcd", "agent"),
            ("nightly-28345678-x2bvn", "nightly"),
            ("web-0", "web-0"),
            ("redis", "redis"),
            ("secrets-manager", "secrets-manager"),
            ("postgres-v15", "postgres-v15"),
            ("kafka-9092", "kafka-9092"),
            ("build-4567", "build-4567"),
            ("-x2bcd", "-x2bcd"),
            ("7f9c-hm2ts", "7f9c"),
            ("", ""),
        ];
        for (pod, name) in names {
            assert_eq!(without_hashes(pod), name, "{pod}");
        }
    }
}
