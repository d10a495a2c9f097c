//! `EndpointSlice`, and the older `Endpoints`.
//!
//! **Shape** every endpoint counts, ready or not: one that is going away still has connections.
//! **Source** the API reference, discovery.k8s.io/v1 and core/v1.

use std::net::IpAddr;
use std::sync::Arc;

use analyzer::cluster::object::{Endpoint, EndpointSlice, EndpointSubset};
use analyzer::protocol::Protocol;

use crate::document::field::{Field, FieldError};
use crate::metadata::Metadata;
use crate::service::protocol;

/// Reads an endpoint slice, or says why it holds no service's addresses.
pub(crate) fn slice(
    metadata: Metadata,
    object: &Field<'_>,
) -> Result<Result<EndpointSlice, &'static str>, FieldError> {
    let own = object.get("metadata")?;
    let labels = own.get("labels")?;
    let owner = metadata
        .owner
        .filter(|owner| &*owner.kind == "Service")
        .map(|owner| owner.name);
    let Some(service) = labels.get("kubernetes.io/service-name")?.name()?.or(owner) else {
        return Ok(Err("without a service"));
    };
    if object.get("addressType")?.text()? == Some("FQDN") {
        return Ok(Err("of names"));
    }
    let mut endpoints = Vec::new();
    let list = object.get("endpoints")?;
    for item in list.items()? {
        let pod = target(&item)?;
        let addresses = item.get("addresses")?;
        for field in addresses.items()? {
            endpoints.extend(endpoint(field.address()?, pod.as_ref()));
        }
    }
    let ports = ports(&object.get("ports")?)?;
    Ok(Ok(EndpointSlice {
        namespace: metadata.namespace,
        name: metadata.name,
        service,
        created: metadata.created,
        subsets: vec![EndpointSubset { endpoints, ports }],
    }))
}

/// Reads an `Endpoints` object, which has its service's name.
pub(crate) fn endpoints(
    metadata: Metadata,
    object: &Field<'_>,
) -> Result<EndpointSlice, FieldError> {
    let mut subsets = Vec::new();
    let list = object.get("subsets")?;
    for subset in list.items()? {
        let mut endpoints = Vec::new();
        for key in ["addresses", "notReadyAddresses"] {
            let addresses = subset.get(key)?;
            for item in addresses.items()? {
                endpoints.extend(endpoint(
                    item.get("ip")?.address()?,
                    target(&item)?.as_ref(),
                ));
            }
        }
        subsets.push(EndpointSubset {
            endpoints,
            ports: ports(&subset.get("ports")?)?,
        });
    }
    Ok(EndpointSlice {
        // No slice can have this name, so neither hides the other.
        name: Arc::from(format!("endpoints/{}", metadata.name)),
        namespace: metadata.namespace,
        service: metadata.name,
        created: metadata.created,
        subsets,
    })
}

fn endpoint(address: Option<IpAddr>, pod: Option<&Arc<str>>) -> Option<Endpoint> {
    Some(Endpoint {
        address: address?,
        pod: pod.cloned(),
    })
}

/// The pod that an endpoint stands for.
fn target(endpoint: &Field<'_>) -> Result<Option<Arc<str>>, FieldError> {
    let target = endpoint.get("targetRef")?;
    match target.get("kind")?.text()? {
        Some("Pod") => target.get("name")?.name(),
        Some(_) | None => Ok(None),
    }
}

fn ports(list: &Field<'_>) -> Result<Vec<(Protocol, u16)>, FieldError> {
    let mut ports = Vec::new();
    for port in list.items()? {
        let number = port.get("port")?.port()?;
        ports.extend(protocol(&port)?.zip(number));
    }
    Ok(ports)
}
