//! Which keys of objects are kept, at the door: a dump or a watch is mostly what nobody reads.

use analyzer::cluster::annotation;

use crate::document::Kept;

/// A list of keys, and whether one is in it: the compiler compares words where a search would
/// compare texts.
macro_rules! keys {
    ($($key:literal,)*) => {
        /// Every key that some decoder reads, in order.
        pub const READ: &[&str] = &[$($key,)*];

        fn is_read(key: &str) -> bool {
            matches!(key, $($key)|*)
        }
    };
}

keys![
    "address",
    "addressType",
    "addresses",
    "annotations",
    "apiVersion",
    "cidr",
    "cidrs",
    "clusterIP",
    "clusterIPs",
    "containerID",
    "containerPort",
    "containerStatuses",
    "containers",
    "controller",
    "creationTimestamp",
    "endpoints",
    "externalIPs",
    "finishedAt",
    "hostIP",
    "hostIPs",
    "hostNetwork",
    "hostPort",
    "ingress",
    "initContainers",
    "ip",
    "ipam",
    "items",
    "kind",
    "kubernetes.io/service-name",
    "labels",
    "loadBalancer",
    "metadata",
    "name",
    "namespace",
    "nodeName",
    "nodePort",
    "notReadyAddresses",
    "object",
    "ownerReferences",
    "phase",
    "pod-template-hash",
    "podCIDR",
    "podCIDRs",
    "podIP",
    "podIPs",
    "port",
    "ports",
    "protocol",
    "resourceVersion",
    "restartPolicy",
    "selector",
    "spec",
    "startTime",
    "state",
    "status",
    "subsets",
    "targetPort",
    "targetRef",
    "terminated",
    "time",
    "type",
    "uid",
];

/// Whether a key is read anywhere; all others are passed over. Labels may have any key.
#[must_use]
pub fn kept(key: &str) -> Kept {
    match key {
        "labels" | "selector" => Kept::Whole,
        _ if is_read(key) || annotation::is_known(key) => Kept::Yes,
        _ => Kept::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_read_is_known_to_be() {
        let source = [
            include_str!("endpoint.rs"),
            include_str!("metadata.rs"),
            include_str!("node.rs"),
            include_str!("decoded.rs"),
            include_str!("pod.rs"),
            include_str!("range.rs"),
            include_str!("service.rs"),
        ];
        let mut read = 0;
        for after in source
            .iter()
            .flat_map(|source| source.split("get(\"").skip(1))
        {
            let key = after.split('"').next().unwrap();
            assert_ne!(kept(key), Kept::No, "{key}");
            read += 1;
        }
        assert!(read > 50, "{read}");
    }
}
