//! Every error of a cluster file, word for word.

use std::path::Path;

use crate::cluster_file::{decode, read};

fn wrong(text: &str) -> String {
    decode(Path::new("cluster.yaml"), text)
        .unwrap_err()
        .to_string()
}

/// The error of a pod of which only one field is wrong.
fn wrong_pod(field: &str) -> String {
    let error = wrong(&format!(
        "kind: Pod\nmetadata: {{name: cart-1, namespace: shop}}\n{field}"
    ));
    let place = "cluster.yaml:3: document 1 (Pod shop/cart-1): ";
    error.strip_prefix(place).unwrap_or(&error).to_owned()
}

#[test]
fn the_place_is_file_line_document_item_and_object() {
    let text = "
kind: Namespace
metadata: {name: shop}
---
kind: List
items:
- kind: Pod
  metadata: {name: cart-0, namespace: shop}
- kind: Pod
  metadata: {name: cart-1, namespace: shop}
  status:
    podIP: 10.0.0.300
";
    assert_eq!(
        wrong(text),
        r#"cluster.yaml:12: document 2, item 2 (Pod shop/cart-1): status.podIP: "10.0.0.300" is not an IP address"#
    );
    let json = r#"{"kind": "PodList", "items": [{"metadata": {"name": "a"}, "status": {"podIPs": [{"ip": "x"}]}}]}"#;
    assert_eq!(
        wrong(json),
        r#"cluster.yaml: document 1, item 1 (Pod a): status.podIPs[0].ip: "x" is not an IP address"#
    );
}

#[test]
fn fields_say_what_was_found_and_what_was_expected() {
    let errors = [
        (
            "status: {podIP: [1]}",
            "status.podIP: found a list, expected text",
        ),
        (
            "status: {podIPs: 10.0.0.1}",
            r#"status.podIPs: found "10.0.0.1", expected a list"#,
        ),
        (
            "status: running",
            r#"status: found "running", expected a mapping"#,
        ),
        (
            "status: 'running'",
            r#"status: found the text "running", expected a mapping"#,
        ),
        ("spec: []", "spec: found a list, expected a mapping"),
        (
            "status: {startTime: yesterday}",
            r#"status.startTime: "yesterday" is not an RFC 3339 time such as 2026-11-22T10:00:00Z"#,
        ),
        (
            "spec: {hostNetwork: 'true'}",
            r#"spec.hostNetwork: found the text "true", expected true or false"#,
        ),
        (
            "spec: {containers: [{}, {ports: [{hostPort: 70000}]}]}",
            r#"spec.containers[1].ports[0].hostPort: "70000" is not a port, expected 1 to 65535"#,
        ),
        (
            "spec: {containers: [{ports: [{containerPort: '80'}]}]}",
            r#"spec.containers[0].ports[0].containerPort: found the text "80", expected a port"#,
        ),
        (
            "spec: {containers: [{ports: [{containerPort: 80, protocol: tcp}]}]}",
            r#"spec.containers[0].ports[0].protocol: "tcp" is unknown, expected TCP, UDP or SCTP"#,
        ),
    ];
    for (field, error) in errors {
        assert_eq!(wrong_pod(field), error, "{field}");
    }
    let long = "x".repeat(254);
    assert_eq!(
        wrong_pod(&format!("spec: {{nodeName: {long}}}")),
        "spec.nodeName: 254 bytes long, expected at most 253"
    );
    assert_eq!(
        wrong_pod(&format!("status: {{podIP: {long}}}")),
        format!("status.podIP: {:?}… is not an IP address", "x".repeat(80))
    );
}

#[test]
fn objects_need_a_kind_and_a_name() {
    let errors = [
        (
            "metadata: {name: a}",
            "cluster.yaml:1: document 1: kind: missing, expected the kind of an object such as Pod",
        ),
        (
            "kind: Pod",
            "cluster.yaml:1: document 1 (Pod): metadata.name: missing, expected a name",
        ),
        (
            "hello",
            r#"cluster.yaml:1: document 1: found "hello", expected a mapping"#,
        ),
        (
            "- kind: Pod",
            "cluster.yaml:1: document 1: found a list, expected a mapping",
        ),
        (
            "kind: List\nitems: {}",
            "cluster.yaml:2: document 1: items: found a mapping, expected a list",
        ),
        (
            "kind: List\nitems: [7]",
            r#"cluster.yaml:2: document 1, item 1: found "7", expected a mapping"#,
        ),
        (
            "kind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http}]}",
            "cluster.yaml:3: document 1 (Service a): spec.ports[0].port: missing, expected a port from 1 to 65535",
        ),
        (
            "kind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80, targetPort: 70000}]}",
            r#"cluster.yaml:3: document 1 (Service a): spec.ports[0].targetPort: "70000" is not a port, expected 1 to 65535, or the name of one"#,
        ),
        (
            "kind: Service\nmetadata: {name: a}\nspec: {selector: {app: [b]}}",
            "cluster.yaml:3: document 1 (Service a): spec.selector.app: found a list, expected text",
        ),
        (
            "kind: Node\nmetadata: {name: a}\nspec: {podCIDR: 10.0.0.0/33}",
            r#"cluster.yaml:3: document 1 (Node a): spec.podCIDR: "10.0.0.0/33" is not a range such as 10.244.1.0/24"#,
        ),
        (
            "kind: Pod\nmetadata: {name: a, ownerReferences: [{kind: Job}]}",
            "cluster.yaml:2: document 1 (Pod a): metadata.ownerReferences[0].name: missing, expected a name",
        ),
    ];
    for (text, error) in errors {
        assert_eq!(wrong(text), error, "{text}");
    }
}

#[test]
fn changes_need_a_type_and_a_time() {
    let errors = [
        (
            r#"{"object": {"kind": "Pod"}}"#,
            "type: missing, expected ADDED, MODIFIED or DELETED",
        ),
        (
            r#"{"object": {"kind": "Pod"}, "type": "GONE"}"#,
            r#"type: "GONE" is unknown, expected ADDED, MODIFIED or DELETED"#,
        ),
        (
            r#"{"object": {"kind": "Pod"}, "type": "ADDED"}"#,
            "time: missing, expected the time of the change in RFC 3339 or Unix seconds; kubectl \
             prints none, so add it to each line as it comes",
        ),
    ];
    for (text, error) in errors {
        assert_eq!(wrong(text), format!("cluster.yaml: document 1: {error}"));
    }
}

#[test]
fn wrong_syntax_has_line_and_column() {
    let deep = format!("kind: {}{}", "[".repeat(150), "]".repeat(150));
    let errors = [
        (
            "kind: Pod\n  metadata: {",
            "cluster.yaml:2:11: mapping values are not allowed in this context",
        ),
        ("kind: [Pod", "cluster.yaml:1:7: unclosed bracket '['"),
        (
            "kind: Pod\nkind: Pod",
            "cluster.yaml:2:1: key `kind` comes twice",
        ),
        (
            "kind: *gone",
            "cluster.yaml:1:7: while parsing node, found unknown anchor",
        ),
        (
            "kind: &a [*a]",
            "cluster.yaml:1:11: an alias within its own anchor",
        ),
        (
            "? [kind]\n: Pod",
            "cluster.yaml:1:3: expected a key that is text",
        ),
        (
            "kind: Pod\n<<: [7]",
            "cluster.yaml:2:1: expected a mapping to merge",
        ),
        (&*deep, "cluster.yaml:1:107: more than 100 levels deep"),
        ("{\"kind\": Pod}", "cluster.yaml:1:10: expected value"),
        (
            "{\"kind\": \"Pod\"",
            "cluster.yaml:1:14: EOF while parsing an object",
        ),
        (
            "{\"kind\": 1, \"kind\": 2}",
            "cluster.yaml:1:22: key `kind` comes twice",
        ),
    ];
    for (text, error) in errors {
        let expected = format!("{error}: expected YAML or JSON as `kubectl get -o yaml` prints it");
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn names_in_errors_cannot_move_the_cursor() {
    let text = "kind: Pod\nmetadata: {name: \"a\\e[2J\"}\nstatus: {podIP: \"\\e[2J\"}";
    let error = wrong(text);
    assert_eq!(
        error,
        r#"cluster.yaml:3: document 1 (Pod a[2J): status.podIP: "\u{1b}[2J" is not an IP address"#
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.yaml");
    std::fs::write(&file, b"kind: \xff").unwrap();
    let error = read(&file).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "cluster.yaml: not UTF-8 text at byte 6: expected a file of Kubernetes objects, as \
             `kubectl get -o yaml` prints them"
        ),
        "{error}"
    );
    let error = read(&folder.path().join("none")).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "none: can not be read: No such file or directory (os error 2): expected a file of \
             Kubernetes objects, as `kubectl get -o yaml` prints them"
        ),
        "{error}"
    );
}
