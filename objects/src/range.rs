//! Objects that are ranges of the cluster's addresses.
//!
//! **Source** the API reference, networking.k8s.io/v1 `ServiceCIDR`; Calico `IPPool`; Cilium
//! `CiliumNode`.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyzer::cluster::object::AddressRange;
use analyzer::time::Timestamp;
use ipnet::IpNet;

use crate::document::field::{Field, FieldError};

/// Reads the ranges that an object of any such kind has.
pub(crate) fn range(
    kind: &str,
    name: &Arc<str>,
    created: Option<Timestamp>,
    object: &Field<'_>,
) -> Result<AddressRange, FieldError> {
    let spec = object.get("spec")?;
    let ipam = spec.get("ipam")?;
    let one = spec.get("cidr")?;
    let (services, pods) = (spec.get("cidrs")?, ipam.get("podCIDRs")?);
    let mut cidrs: BTreeSet<IpNet> = BTreeSet::new();
    for field in services.items()?.iter().chain(&pods.items()?).chain([&one]) {
        cidrs.extend(field.parse::<IpNet>("a range such as 10.96.0.0/16")?);
    }
    Ok(AddressRange {
        name: Arc::from(format!("{kind}/{name}")),
        created,
        cidrs: cidrs.iter().map(IpNet::trunc).collect(),
    })
}
