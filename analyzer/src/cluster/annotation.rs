//! What network plugins write on a node: the addresses and pod ranges they gave it.
//!
//! In: the node's annotations. Out: addresses and ranges; what does not read as such is left out,
//! for annotations belong to the plugin and may hold anything.
//! **Source** flannel `pkg/subnet/kube/annotations.go`; Calico `libcalico-go`'s node client;
//! Cilium `pkg/annotation`.

use std::net::IpAddr;

use ipnet::IpNet;

/// Annotations that hold an address of the node, or one with a prefix length.
const ADDRESSES: [&str; 20] = [
    "flannel.alpha.coreos.com/public-ip",
    "flannel.alpha.coreos.com/public-ip-overwrite",
    "flannel.alpha.coreos.com/public-ipv6",
    "flannel.alpha.coreos.com/public-ipv6-overwrite",
    "io.cilium.network.ipv4-cilium-host",
    "io.cilium.network.ipv4-health-ip",
    "io.cilium.network.ipv6-cilium-host",
    "io.cilium.network.ipv6-health-ip",
    "network.cilium.io/ipv4-cilium-host",
    "network.cilium.io/ipv4-health-ip",
    "network.cilium.io/ipv6-cilium-host",
    "network.cilium.io/ipv6-health-ip",
    "projectcalico.org/IPv4Address",
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv4WireguardInterfaceAddr",
    "projectcalico.org/IPv6Address",
    "projectcalico.org/IPv6IPIPTunnelAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
    "projectcalico.org/IPv6WireguardInterfaceAddr",
];

/// Annotations that hold a range of the node's pods.
const RANGES: [&str; 4] = [
    "io.cilium.network.ipv4-pod-cidr",
    "io.cilium.network.ipv6-pod-cidr",
    "network.cilium.io/ipv4-pod-cidr",
    "network.cilium.io/ipv6-pod-cidr",
];

/// The length of the shortest annotation.
const SHORTEST: usize = "projectcalico.org/IPv4Address".len();

/// Whether an annotation is one of those read here.
#[must_use]
pub fn is_known(key: &str) -> bool {
    // Most keys are shorter: they are not looked for.
    key.len() >= SHORTEST
        && (ADDRESSES.binary_search(&key).is_ok() || RANGES.binary_search(&key).is_ok())
}

/// The address of the node that an annotation holds.
#[must_use]
pub fn node_address(key: &str, value: &str) -> Option<IpAddr> {
    ADDRESSES.binary_search(&key).ok()?;
    let address = value.split_once('/').map_or(value, |(address, _)| address);
    address.parse().ok()
}

/// The range of the node's pods that an annotation holds.
#[must_use]
pub fn pod_range(key: &str, value: &str) -> Option<IpNet> {
    RANGES.binary_search(&key).ok()?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_annotation_is_found() {
        for key in ADDRESSES {
            assert_eq!(
                node_address(key, "10.0.0.1/24"),
                Some(IpAddr::from([10, 0, 0, 1])),
                "{key}"
            );
            assert!(is_known(key), "{key}");
        }
        for key in RANGES {
            assert!(is_known(key), "{key}");
            assert_eq!(
                pod_range(key, "10.0.0.0/24"),
                "10.0.0.0/24".parse().ok(),
                "{key}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        assert_eq!(node_address("projectcalico.org/IPv4Address", "none"), None);
        assert_eq!(node_address("example.org/address", "10.0.0.1"), None);
        assert_eq!(
            pod_range("network.cilium.io/ipv4-pod-cidr", "10.0.0.0"),
            None
        );
    }
}
