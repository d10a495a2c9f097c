//! Addresses as pods come and go.

use objects::watched::WatchedObject;

use super::*;

/// `ADDED shop/cart 10.0.0.1 start=5`, as a change.
fn change(text: &str) -> Change {
    let words: Vec<&str> = text.split(' ').collect();
    let (namespace, name) = words[1].split_once('/').unwrap();
    let kind = match words[0] {
        "DELETED" => ChangeKind::Deleted,
        _ => ChangeKind::Modified,
    };
    let phase = if words[0] == "ENDED" {
        "Succeeded"
    } else {
        "Running"
    };
    let is_host = words[0] == "HOST";
    let json = format!(
        r#"{{"apiVersion":"v1","kind":"Pod",
        "metadata":{{"namespace":"{namespace}","name":"{name}","labels":{{"app":"{name}"}}}},
        "spec":{{"hostNetwork":{is_host}}},
        "status":{{"phase":"{phase}","podIP":"{}","startTime":"2026-11-22T10:00:0{}Z"}}}}"#,
        words[2], words[3]
    );
    let object = WatchedObject::from_json(&json).unwrap();
    let change = object.change(kind, Timestamp::MIN, 0);
    change.unwrap().unwrap()
}

/// Whether 10.0.0.1 is selected after each change.
fn selected(selection: &Selection, changes: &[&str]) -> String {
    let mut addresses = SelectedAddresses::new(selection.clone());
    let after = changes.iter().map(|text| {
        addresses.apply(&change(text));
        if addresses.contains("10.0.0.1".parse().unwrap()) {
            "yes"
        } else {
            "no"
        }
    });
    after.collect::<Vec<_>>().join(" ")
}

fn shop() -> Selection {
    Selection {
        namespaces: BTreeSet::from(["shop".to_owned()]),
        labels: LabelSelector::default(),
    }
}

#[test]
fn an_address_is_that_of_the_pod_that_started_last() {
    let told = [
        "ADDED other/job 10.0.0.1 1",
        "ENDED other/job 10.0.0.1 1",
        "ADDED shop/cart 10.0.0.1 2",
        "MODIFIED other/job 10.0.0.1 1",
        "DELETED other/job 10.0.0.1 1",
        "DELETED shop/cart 10.0.0.1 2",
        "ADDED other/web 10.0.0.1 3",
    ];
    assert_eq!(selected(&shop(), &told), "no no yes yes yes yes no");
}

#[test]
fn labels_and_namespaces_must_both_hold() {
    let cart = Selection {
        labels: "app=cart".parse().unwrap(),
        ..shop()
    };
    let told = |pod| format!("ADDED {pod} 10.0.0.1 1");
    for (pod, answer) in [
        ("shop/cart", "yes"),
        ("shop/web", "no"),
        ("other/cart", "no"),
    ] {
        assert_eq!(selected(&cart, &[&told(pod)]), answer, "{pod}");
    }
    assert!(Selection::default().is_everything());
    assert!(!cart.is_everything());
}

#[test]
fn the_address_of_a_node_is_no_pods() {
    assert_eq!(selected(&shop(), &["HOST shop/agent 10.0.0.1 1"]), "no");
}

#[test]
fn what_is_gone_for_long_is_forgotten() {
    let mut addresses = SelectedAddresses::new(shop());
    for number in 0..=GONE {
        let address = format!("10.1.{}.{}", number / 256, number % 256);
        for kind in ["ADDED", "DELETED"] {
            addresses.apply(&change(&format!("{kind} shop/cart {address} 1")));
        }
    }
    assert_eq!(addresses.owners.len(), GONE);
    assert!(!addresses.contains("10.1.0.0".parse().unwrap()));
    assert!(addresses.contains("10.1.0.1".parse().unwrap()));
}
