//! `Pod`.
//!
//! **Source** the API reference, core/v1.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use analyzer::cluster::object::{Phase, Pod, PodNetwork};
use analyzer::protocol::Protocol;

use crate::document::field::{Field, FieldError};
use crate::metadata::{Metadata, labels_of};
use crate::service::protocol;

/// Reads a pod.
pub(crate) fn pod(metadata: Metadata, object: &Field<'_>) -> Result<Pod, FieldError> {
    let own = object.get("metadata")?;
    let labels = own.get("labels")?;
    let spec = object.get("spec")?;
    let status = object.get("status")?;
    let network = match spec.get("hostNetwork")?.truth()? {
        Some(true) => PodNetwork::Host,
        Some(false) | None => PodNetwork::Own,
    };
    let ports = declared_ports(&spec)?;
    Ok(Pod {
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        created: metadata.created,
        started: status.get("startTime")?.time()?,
        phase: phase(&status)?,
        node: spec.get("nodeName")?.name()?,
        network,
        addresses: addresses(&status.get("podIP")?, &status.get("podIPs")?)?,
        host_addresses: addresses(&status.get("hostIP")?, &status.get("hostIPs")?)?,
        host_ports: host_ports(&ports, network),
        owner: metadata.owner,
        labels: labels_of(&labels)?,
        named_ports: named_ports(&ports),
        template_hash: labels.get("pod-template-hash")?.name()?,
        container_id: container_id(&spec, &status)?,
    })
}

/// The one address and the list of all, each once.
fn addresses(one: &Field<'_>, all: &Field<'_>) -> Result<Vec<IpAddr>, FieldError> {
    let mut addresses: BTreeSet<IpAddr> = one.address()?.into_iter().collect();
    for item in all.items()? {
        addresses.extend(item.get("ip")?.address()?);
    }
    Ok(addresses.into_iter().collect())
}

/// Terminal, and since when, once the pod will not run again.
fn phase(status: &Field<'_>) -> Result<Phase, FieldError> {
    let phase = status.get("phase")?;
    if !matches!(phase.text()?, Some("Succeeded" | "Failed")) {
        return Ok(Phase::Alive);
    }
    let mut finished = None;
    let containers = status.get("containerStatuses")?;
    for container in containers.items()? {
        let state = container.get("state")?;
        let terminated = state.get("terminated")?;
        finished = finished.max(terminated.get("finishedAt")?.time()?);
    }
    Ok(Phase::Terminal { finished })
}

/// One port that a container declares.
struct DeclaredPort {
    name: Option<Arc<str>>,
    protocol: Option<Protocol>,
    container: Option<u16>,
    host: Option<u16>,
}

/// The ports of all containers. A sidecar is an init container, and serves too.
fn declared_ports(spec: &Field<'_>) -> Result<Vec<DeclaredPort>, FieldError> {
    let mut ports = Vec::new();
    for key in ["containers", "initContainers"] {
        let containers = spec.get(key)?;
        for container in containers.items()? {
            let list = container.get("ports")?;
            for port in list.items()? {
                ports.push(DeclaredPort {
                    name: port.get("name")?.name()?,
                    protocol: protocol(&port)?,
                    container: port.get("containerPort")?.port()?,
                    host: port.get("hostPort")?.port()?,
                });
            }
        }
    }
    Ok(ports)
}

/// Where the node itself serves, in order.
fn host_ports(declared: &[DeclaredPort], network: PodNetwork) -> Vec<(Protocol, u16)> {
    let number = |port: &DeclaredPort| match network {
        PodNetwork::Own => port.host,
        PodNetwork::Host => port.host.or(port.container),
    };
    let ports = declared.iter();
    let ports: BTreeSet<_> = ports
        .filter_map(|port| port.protocol.zip(number(port)))
        .collect();
    ports.into_iter().collect()
}

/// What services may call by name, in order.
fn named_ports(declared: &[DeclaredPort]) -> Vec<(Arc<str>, Protocol, u16)> {
    let ports = declared.iter();
    let ports: BTreeSet<_> = ports
        .filter_map(|port| Some((port.name.clone()?, port.protocol?, port.container?)))
        .collect();
    ports.into_iter().collect()
}

/// The id of the pod's one container; none when it has more, sidecars included.
fn container_id(spec: &Field<'_>, status: &Field<'_>) -> Result<Option<Arc<str>>, FieldError> {
    let statuses = status.get("containerStatuses")?;
    let statuses = statuses.items()?;
    let containers = spec.get("containers")?.items()?.len().max(statuses.len());
    let [only] = statuses.as_slice() else {
        return Ok(None);
    };
    let init = spec.get("initContainers")?;
    for container in init.items()? {
        if container.get("restartPolicy")?.text()? == Some("Always") {
            return Ok(None);
        }
    }
    let field = only.get("containerID")?;
    let Some(id) = field.name()?.filter(|_| containers == 1) else {
        return Ok(None);
    };
    Ok(Some(
        id.split_once("://")
            .map_or(Arc::clone(&id), |(_, id)| Arc::from(id)),
    ))
}
