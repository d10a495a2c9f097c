//! What a service account must be allowed, and what is said when it is not.

use std::collections::BTreeSet;

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use live::cluster::connection::Listing;
use live::cluster::health::{Trouble, WatchState};
use live::cluster::resource::RESOURCES;
use serde_json::{Value, json};

use crate::objects::{Objects, namespace, of_yaml, pod};
use crate::server::ApiServer;
use crate::watching::Watching;

const RULES: &str = include_str!("../../../deploy/kubernetes/rbac.yaml");

/// The texts of a list.
fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

#[test]
fn the_role_allows_what_is_asked_for_and_nothing_else() {
    let role = of_yaml(RULES)
        .into_iter()
        .find(|object| object["kind"] == "ClusterRole")
        .unwrap();
    let mut allowed = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    allowed.insert((group.to_owned(), resource.to_owned(), verb.to_owned()));
                }
            }
        }
    }
    let asked = RESOURCES.iter().flat_map(|resource| {
        ["list", "watch"].map(|verb| {
            let (group, plural) = (resource.group, resource.plural);
            (group.to_owned(), plural.to_owned(), verb.to_owned())
        })
    });
    assert_eq!(allowed, asked.collect());
}

#[test]
fn a_service_account_is_told_no_until_its_role_is_bound() {
    let Some(server) = ApiServer::start() else {
        return;
    };
    let objects = Objects(server.client());
    let (mut binding, mut others) = (None, vec![namespace("pilotfish"), namespace("shop")]);
    for object in of_yaml(RULES) {
        match object["kind"].as_str() {
            Some("ClusterRoleBinding") => binding = Some(object),
            _ => others.push(object),
        }
    }
    others.push(pod("cart-1", "10.244.1.2", "2020-01-01T10:00:00Z"));
    for object in others {
        server.runtime.block_on(objects.create(object));
    }
    let kubeconfig = server.kubeconfig(Some(&token(&server)));
    let mut watching = Watching::start(kubeconfig.clone(), Listing::AsTheServerCan);
    every_resource_is_forbidden(&mut watching);

    server.runtime.block_on(objects.create(binding.unwrap()));
    watching.until_complete();
    assert_eq!(
        watching.who("10.244.1.2", "2020-06-01T00:00:00Z"),
        "pod shop cart-1"
    );

    // The verb that servers without streaming lists are asked with.
    let mut pages = Watching::start(kubeconfig, Listing::Pages);
    pages.until_complete();
    assert_eq!(
        pages.who("10.244.1.2", "2020-06-01T00:00:00Z"),
        "pod shop cart-1"
    );
    for watching in [&watching, &pages] {
        for (name, health) in watching.watch.health().resources() {
            // The plugins' own resources are not installed here.
            let expected = match name {
                "ippools" | "ciliumnodes" => WatchState::Absent,
                _ => WatchState::Following,
            };
            assert_eq!(health.state, expected, "{name}");
        }
    }
}

fn every_resource_is_forbidden(watching: &mut Watching) {
    watching.until("no to all", |watching| {
        let resources = watching.watch.health().resources();
        resources.values().all(|health| {
            let trouble = match &health.state {
                WatchState::Retrying { trouble, .. } => Some(trouble),
                WatchState::Starting | WatchState::Following | WatchState::Absent => None,
            };
            matches!(trouble, Some(Trouble::Forbidden(_)))
        })
    });
    let warnings = watching.watch.health().warnings();
    assert_eq!(warnings.len(), RESOURCES.len(), "{warnings:#?}");
    let pods = warnings
        .iter()
        .find(|text| text.contains("cluster: pods are"));
    let pods = pods.unwrap();
    assert!(pods.contains("cannot watch resource \"pods\""), "{pods}");
    assert!(
        pods.contains("system:serviceaccount:pilotfish:pilotfish"),
        "{pods}"
    );
    assert!(watching.changes.is_empty());
}

/// A token of the service account, as a pod of it has one.
fn token(server: &ApiServer) -> String {
    let accounts: Api<ServiceAccount> = Api::namespaced(server.client(), "pilotfish");
    let request = json!({"spec": {"audiences": ["https://kubernetes.default.svc"]}});
    let request: TokenRequest = serde_json::from_value(request).unwrap();
    let parameters = PostParams::default();
    let answer = accounts.create_subresource("token", "pilotfish", &parameters, &request);
    let answer: TokenRequest = server.runtime.block_on(answer).unwrap();
    answer.status.unwrap().token.unwrap()
}
