//! `Node`.
//!
//! **Source** the API reference, core/v1.

use std::collections::BTreeSet;

use analyzer::cluster::annotation;
use analyzer::cluster::object::Node;
use ipnet::IpNet;

use crate::document::field::{Field, FieldError};
use crate::metadata::Metadata;

/// Reads a node, with what its network plugin wrote on it.
pub(crate) fn node(metadata: Metadata, object: &Field<'_>) -> Result<Node, FieldError> {
    let spec = object.get("spec")?;
    let status = object.get("status")?;
    let mut addresses = BTreeSet::new();
    let list = status.get("addresses")?;
    for item in list.items()? {
        let field = item.get("address")?;
        // Host names are addresses too, to Kubernetes.
        if !matches!(
            item.get("type")?.text()?,
            Some("Hostname" | "InternalDNS" | "ExternalDNS")
        ) {
            addresses.extend(field.address()?);
        }
    }
    let mut pod_cidrs: BTreeSet<IpNet> = BTreeSet::new();
    let one = spec.get("podCIDR")?;
    let all = spec.get("podCIDRs")?;
    for field in all.items()?.iter().chain([&one]) {
        pod_cidrs.extend(field.parse::<IpNet>("a range such as 10.244.1.0/24")?);
    }
    let own = object.get("metadata")?;
    let annotations = own.get("annotations")?;
    for (key, field) in annotations.entries()? {
        let Some(value) = field.text()? else { continue };
        addresses.extend(annotation::node_address(key, value));
        pod_cidrs.extend(annotation::pod_range(key, value));
    }
    Ok(Node {
        name: metadata.name,
        created: metadata.created,
        addresses: addresses.into_iter().collect(),
        pod_cidrs: pod_cidrs.iter().map(IpNet::trunc).collect(),
    })
}
