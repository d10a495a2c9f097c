use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;

fn view(names: &[&str], edges: &[(usize, usize, &[&str])]) -> DependenciesView {
    let nodes: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(n, name)| match name.strip_prefix("outside ") {
            Some(name) => json!({"id": n.to_string(), "dns": [name], "kind": "external"}),
            None => json!({"id": n.to_string(), "pod": name, "ns": "shop"}),
        })
        .collect();
    let edges: Vec<Value> = edges
        .iter()
        .map(|(from, to, ports)| {
            json!({
                "from": from.to_string(), "to": to.to_string(), "ports": ports, "flows": 1,
                "connections": 1, "pkts": 1, "bytes": 1,
                "first_seen": "2026-11-22T10:00:00Z", "last_seen": "2026-11-22T10:00:00Z"
            })
        })
        .collect();
    let total = edges.len() + 1;
    serde_json::from_value(json!({
        "nodes": nodes, "edges": edges, "total": total, "truncated": true,
        "coverage": {
            "source": "replay", "complete": false, "frames": 9, "counted": 7, "copies": 0,
            "skipped": {}, "dropped": 0, "evicted": 0, "truncated_records": 0,
            "merged_frames": 0, "suspected_duplicates": 0, "connections_not_kept": 0,
            "files": 1, "identity": {}, "warnings": []
        }
    }))
    .unwrap()
}

fn shop() -> DependenciesView {
    let ports = ["1/tcp", "2/tcp", "3/udp", "4/tcp", "5/tcp"];
    view(
        &["cart", "größe", "outside api.example"],
        &[(0, 1, &["8080/tcp"]), (0, 2, &ports), (1, 1, &["53/udp"])],
    )
}

#[test]
fn a_live_node_is_not_said_to_have_an_end() {
    let mut live = shop();
    live.coverage.source = Source::Live;
    let text = render(&live, Form::Mermaid).unwrap();
    assert!(
        text.starts_with("%% 3 of 4 edges, from 7 frames counted of 9\n"),
        "{text}"
    );
}

#[test]
fn a_graph_is_a_flowchart() {
    assert_snapshot!(render(&shop(), Form::Mermaid).unwrap(), @r#"
    %% 3 of 4 edges, from 7 frames counted of 9, not read to the end
    flowchart LR
      n0["shop/cart"]
      n1["shop/größe"]
      n2(["api.example (external)"])
      n0 -->|"8080/tcp"| n1
      n0 -->|"1/tcp, 2/tcp, 3/udp, 2 more"| n2
      n1 -->|"53/udp"| n1
    "#);
}

#[test]
fn a_graph_is_a_digraph() {
    assert_snapshot!(render(&shop(), Form::Dot).unwrap(), @r#"
    // 3 of 4 edges, from 7 frames counted of 9, not read to the end
    digraph dependencies {
      rankdir=LR;
      node [shape=box];
      n0 [label="shop/cart"];
      n1 [label="shop/größe"];
      n2 [label="api.example (external)", shape=ellipse];
      n0 -> n1 [label="8080/tcp"];
      n0 -> n2 [label="1/tcp, 2/tcp, 3/udp, 2 more"];
      n1 -> n1 [label="53/udp"];
    }
    "#);
}

/// Names that would end a label, a line, a comment or a script, hide in it, or draw an edge.
const HOSTILE: [&str; 10] = [
    "a\"] --> n9[\"b",
    "a\\",
    "a\\\" -> n9; \"",
    "a\nn0 --> n9\n",
    "a\u{2028}b\u{202e}c\u{0}",
    "#34;]#quot;",
    "&quot;&#34;<b onclick=alert(1)>",
    "`**x**`",
    "end }; subgraph",
    "%%{init: {}}%% // /*",
];

#[test]
fn no_name_breaks_out_of_its_quotes() {
    let edges: Vec<(usize, usize, &[&str])> = (1..HOSTILE.len())
        .map(|n| (n - 1, n, &["1\"|tcp"][..]))
        .collect();
    let view = view(&HOSTILE, &edges);
    assert_snapshot!(render(&view, Form::Mermaid).unwrap(), @r#"
    %% 9 of 10 edges, from 7 frames counted of 9, not read to the end
    flowchart LR
      n0["shop/a#34;#93; --#62; n9#91;#34;b"]
      n1["shop/a#92;"]
      n2["shop/a#92;#34; -#62; n9#59; #34;"]
      n3["shop/a#92;u#123;a#125;n0 --#62; n9#92;u#123;a#125;"]
      n4["shop/a#92;u#123;2028#125;b#92;u#123;202e#125;c#92;u#123;0#125;"]
      n5["shop/#35;34#59;#93;#35;quot#59;"]
      n6["shop/#38;quot#59;#38;#35;34#59;#60;b onclick#61;alert(1)#62;"]
      n7["shop/#96;#42;#42;x#42;#42;#96;"]
      n8["shop/end #125;#59; subgraph"]
      n9["shop/#37;#37;#123;init: #123;#125;#125;#37;#37; // /#42;"]
      n0 -->|"1#34;#124;tcp"| n1
      n1 -->|"1#34;#124;tcp"| n2
      n2 -->|"1#34;#124;tcp"| n3
      n3 -->|"1#34;#124;tcp"| n4
      n4 -->|"1#34;#124;tcp"| n5
      n5 -->|"1#34;#124;tcp"| n6
      n6 -->|"1#34;#124;tcp"| n7
      n7 -->|"1#34;#124;tcp"| n8
      n8 -->|"1#34;#124;tcp"| n9
    "#);
    assert_snapshot!(render(&view, Form::Dot).unwrap(), @r#"
    // 9 of 10 edges, from 7 frames counted of 9, not read to the end
    digraph dependencies {
      rankdir=LR;
      node [shape=box];
      n0 [label="shop/a\"] --> n9[\"b"];
      n1 [label="shop/a\\"];
      n2 [label="shop/a\\\" -> n9; \""];
      n3 [label="shop/a\\u{a}n0 --> n9\\u{a}"];
      n4 [label="shop/a\\u{2028}b\\u{202e}c\\u{0}"];
      n5 [label="shop/#34;]#quot;"];
      n6 [label="shop/&amp;quot;&amp;#34;<b onclick=alert(1)>"];
      n7 [label="shop/`**x**`"];
      n8 [label="shop/end }; subgraph"];
      n9 [label="shop/%%{init: {}}%% // /*"];
      n0 -> n1 [label="1\"|tcp"];
      n1 -> n2 [label="1\"|tcp"];
      n2 -> n3 [label="1\"|tcp"];
      n3 -> n4 [label="1\"|tcp"];
      n4 -> n5 [label="1\"|tcp"];
      n5 -> n6 [label="1\"|tcp"];
      n6 -> n7 [label="1\"|tcp"];
      n7 -> n8 [label="1\"|tcp"];
      n8 -> n9 [label="1\"|tcp"];
    }
    "#);
}

#[test]
fn a_line_a_node_and_a_line_an_edge_whatever_the_names() {
    let plain: Vec<String> = (0..HOSTILE.len()).map(|n| format!("p{n}")).collect();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    for form in [Form::Mermaid, Form::Dot] {
        let shapes = [&HOSTILE[..], &plain[..]].map(|names| {
            let text = render(&view(names, &[(0, 1, &["1/tcp"])]), form).unwrap();
            text.lines().map(without_quoted).collect::<Vec<_>>()
        });
        assert_eq!(shapes[0], shapes[1]);
    }
}

/// A line without what stands in quotes, as a reader of either language would read it.
fn without_quoted(line: &str) -> String {
    let mut chars = line.chars();
    let (mut rest, mut within) = (String::new(), false);
    while let Some(c) = chars.next() {
        match (c, within) {
            ('\\', true) => drop(chars.next()),
            ('"', _) => within = !within,
            (_, true) => {}
            (c, false) => rest.push(c),
        }
    }
    assert!(!within, "{line}");
    rest
}
