//! `Service`.
//!
//! **Source** the API reference, core/v1.

use std::collections::BTreeSet;
use std::net::IpAddr;

use analyzer::cluster::object::{Service, ServicePort, TargetPort};
use analyzer::protocol::Protocol;

use crate::document::field::{Field, FieldError, shown};
use crate::metadata::{Metadata, labels_of};

/// Reads a service.
pub(crate) fn service(metadata: Metadata, object: &Field<'_>) -> Result<Service, FieldError> {
    let spec = object.get("spec")?;
    let status = object.get("status")?;
    Ok(Service {
        namespace: metadata.namespace,
        name: metadata.name,
        created: metadata.created,
        cluster_ips: cluster_ips(&spec)?,
        external_ips: external_ips(&spec, &status)?,
        ports: ports(&spec.get("ports")?)?,
        selector: labels_of(&spec.get("selector")?)?,
    })
}

/// The protocol of a port, TCP unless said; `None` for SCTP, which makes no flows.
pub(crate) fn protocol(port: &Field<'_>) -> Result<Option<Protocol>, FieldError> {
    let field = port.get("protocol")?;
    match field.text()? {
        None | Some("TCP") => Ok(Some(Protocol::Tcp)),
        Some("UDP") => Ok(Some(Protocol::Udp)),
        Some("SCTP") => Ok(None),
        Some(other) => Err(field.wrong(format!(
            "{} is unknown, expected TCP, UDP or SCTP",
            shown(other)
        ))),
    }
}

/// None for a headless service, whose cluster IP reads `None`.
fn cluster_ips(spec: &Field<'_>) -> Result<Vec<IpAddr>, FieldError> {
    let mut addresses = BTreeSet::new();
    let one = spec.get("clusterIP")?;
    let all = spec.get("clusterIPs")?;
    for field in all.items()?.iter().chain([&one]) {
        if field.text()? != Some("None") {
            addresses.extend(field.address()?);
        }
    }
    Ok(addresses.into_iter().collect())
}

fn external_ips(spec: &Field<'_>, status: &Field<'_>) -> Result<Vec<IpAddr>, FieldError> {
    let mut addresses = BTreeSet::new();
    let external = spec.get("externalIPs")?;
    for field in external.items()? {
        addresses.extend(field.address()?);
    }
    let balancer = status.get("loadBalancer")?;
    let ingress = balancer.get("ingress")?;
    for entry in ingress.items()? {
        addresses.extend(entry.get("ip")?.address()?);
    }
    Ok(addresses.into_iter().collect())
}

/// The port at the pods: a number, or a name that they give one.
fn target(field: &Field<'_>) -> Result<TargetPort, FieldError> {
    let Some(text) = field.text()? else {
        return Ok(TargetPort::Same);
    };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: Option<u16> = field.parse("a port, expected 1 to 65535, or the name of one")?;
        let number = number.filter(|number| *number > 0);
        return Ok(number.map_or(TargetPort::Same, TargetPort::Number));
    }
    Ok(field.name()?.map_or(TargetPort::Same, TargetPort::Name))
}

fn ports(list: &Field<'_>) -> Result<Vec<ServicePort>, FieldError> {
    let mut ports = Vec::new();
    for port in list.items()? {
        let number = port.get("port")?;
        let Some(port_number) = number.port()? else {
            return Err(number.wrong("missing, expected a port from 1 to 65535"));
        };
        let node_port = port.get("nodePort")?.port()?;
        if let Some(protocol) = protocol(&port)? {
            ports.push(ServicePort {
                protocol,
                port: port_number,
                node_port,
                target: target(&port.get("targetPort")?)?,
            });
        }
    }
    Ok(ports)
}
