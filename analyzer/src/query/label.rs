//! Ends as people name them: `shop/cart-hm2ts`, `10.0.0.1 (external)`.

use std::net::{IpAddr, SocketAddr};

use crate::cluster::EndKind;
use crate::query::view::EndView;

/// The name of an end; with its port, where that is one of its own.
///
/// A pod, service or workload with its namespace, a node, else the address with the name that
/// name resolution gave it or what kind of address it is.
#[must_use]
pub fn label(end: &EndView, port: Option<u16>) -> String {
    let with_port = |name: String| match port {
        Some(port) => format!("{name}:{port}"),
        None => name,
    };
    let object = end
        .pod
        .as_ref()
        .or(end.workload.as_ref().map(|workload| &workload.name))
        .or(end.svc.as_ref());
    let kind = end.kind.map(EndKind::name);
    match (object, &end.ns, &end.node, end.ip) {
        (Some(object), Some(ns), _, _) => with_port(format!("{ns}/{object}")),
        (Some(object), None, _, _) => with_port(object.to_string()),
        (None, Some(ns), _, _) => with_port(ns.to_string()),
        (None, None, Some(node), _) => with_port(node.to_string()),
        (None, None, None, Some(ip)) => {
            let address = port.map_or_else(|| ip.to_string(), |port| socket(ip, port));
            match end.dns.first().map(AsRef::as_ref).or(kind) {
                Some(known) => format!("{address} ({known})"),
                None => address,
            }
        }
        (None, None, None, None) => {
            let kind = kind.unwrap_or("unknown");
            end.dns
                .first()
                .map_or_else(|| format!("({kind})"), |name| format!("{name} ({kind})"))
        }
    }
}

fn socket(ip: IpAddr, port: u16) -> String {
    SocketAddr::new(ip, port).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(json: &str, port: Option<u16>) -> String {
        label(&serde_json::from_str(json).unwrap(), port)
    }

    #[test]
    fn an_end_has_the_nearest_name_it_can_have() {
        let cases = [
            (
                r#"{"ip":"10.0.0.1","pod":"cart","ns":"shop","svc":"c","node":"n"}"#,
                "shop/cart",
            ),
            (
                r#"{"ns":"shop","workload":{"kind":"Deployment","name":"cart"}}"#,
                "shop/cart",
            ),
            (
                r#"{"ip":"10.96.0.1","ns":"shop","svc":"cart","kind":"service"}"#,
                "shop/cart",
            ),
            (r#"{"ns":"shop"}"#, "shop"),
            (
                r#"{"ip":"10.0.0.11","node":"node-1","kind":"node"}"#,
                "node-1",
            ),
            (
                r#"{"ip":"203.0.113.10","kind":"external"}"#,
                "203.0.113.10 (external)",
            ),
            (
                r#"{"ip":"203.0.113.10","kind":"external","dns":["api.example","b"]}"#,
                "203.0.113.10 (api.example)",
            ),
            (r#"{"kind":"external"}"#, "(external)"),
            (
                r#"{"kind":"external","dns":["api.example"]}"#,
                "api.example (external)",
            ),
            ("{}", "(unknown)"),
        ];
        for (json, expected) in cases {
            assert_eq!(named(json, None), expected);
        }
    }

    #[test]
    fn a_port_follows_the_name() {
        assert_eq!(
            named(r#"{"pod":"cart","ns":"shop"}"#, Some(80)),
            "shop/cart:80"
        );
        let address = r#"{"ip":"2001:db8::1","kind":"external"}"#;
        assert_eq!(named(address, Some(443)), "[2001:db8::1]:443 (external)");
    }
}
