use super::*;

/// What is done to one side.
type Change = fn(&mut EdgeSideView);

fn side(bytes: u64) -> EdgeSideView {
    EdgeSideView {
        ports: vec!["80/tcp".to_owned()],
        connections: 10,
        pkts: 10,
        bytes,
        bps: 100.0,
        tcp_handshake_p50_us: Some(2_000),
        opened: Some(100),
        failed: Some(0),
    }
}

fn graph(edges: &[(&str, EdgeSideView)]) -> Graph {
    let coverage = r#"{"source":"replay","complete":true,"frames":0,"counted":0,"copies":0,"skipped":{},"dropped":0,"evicted":0,"truncated_records":0,"merged_frames":0,"suspected_duplicates":0,"connections_not_kept":0,"files":1,"identity":{},"warnings":[]}"#;
    let named = |(from, side): &(&str, EdgeSideView)| {
        (((*from).to_owned(), "server".to_owned()), side.clone())
    };
    Graph {
        edges: edges.iter().map(named).collect(),
        coverage: serde_json::from_str(coverage).unwrap(),
    }
}

fn compared(a: Graph, b: Graph) -> Vec<(EdgeChange, String, Vec<Aspect>)> {
    let view = a.compare(b, &Thresholds::default(), Page::default());
    let edges = view.edges.into_iter();
    edges
        .map(|edge| (edge.change, edge.from, edge.differs))
        .collect()
}

#[test]
fn the_same_graph_differs_in_nothing() {
    let one = || graph(&[("a", side(1)), ("b", side(2))]);
    assert_eq!(compared(one(), one()), []);
    let view = one().compare(one(), &Thresholds::default(), Page::default());
    assert_eq!((view.total, view.unchanged), (0, 2));
}

#[test]
fn new_edges_come_first_and_each_kind_by_its_weight() {
    let a = graph(&[("gone", side(9)), ("less", side(100)), ("more", side(100))]);
    let b = graph(&[
        ("new-small", side(1)),
        ("new-large", side(5)),
        ("less", side(70)),
        ("more", side(130)),
    ]);
    let found = compared(a, b);
    let names: Vec<&str> = found.iter().map(|(_, from, _)| from.as_str()).collect();
    assert_eq!(names, ["new-large", "new-small", "gone", "more", "less"]);
}

#[test]
fn what_differs_beyond_its_threshold_is_named() {
    let of = |change: fn(&mut EdgeSideView)| {
        let mut b = side(1_000);
        change(&mut b);
        let found = compared(graph(&[("a", side(1_000))]), graph(&[("a", b)]));
        found
            .into_iter()
            .flat_map(|(.., differs)| differs)
            .collect()
    };
    let cases: [(Change, Vec<Aspect>); 11] = [
        (|b| b.bytes = 1_200, vec![]),
        (|b| b.bytes = 1_201, vec![Aspect::Volume]),
        (|b| b.bytes = 799, vec![Aspect::Volume]),
        (|b| b.bps = 121.0, vec![Aspect::Rate]),
        (|b| b.tcp_handshake_p50_us = Some(2_999), vec![]),
        (
            |b| b.tcp_handshake_p50_us = Some(3_001),
            vec![Aspect::Handshake],
        ),
        (|b| b.tcp_handshake_p50_us = None, vec![]),
        (|b| b.failed = Some(5), vec![]),
        (|b| b.failed = Some(6), vec![Aspect::Failures]),
        (|b| b.failed = None, vec![]),
        (|b| b.ports.push("81/tcp".to_owned()), vec![Aspect::Ports]),
    ];
    for (change, expected) in cases {
        let found: Vec<Aspect> = of(change);
        assert_eq!(found, expected);
    }
}

#[test]
fn a_page_of_what_differs_says_how_much_there_is() {
    let a = graph(&[("a", side(1)), ("b", side(2)), ("c", side(3))]);
    let page = Page {
        offset: 1,
        limit: 1,
    };
    let view = a.compare(graph(&[]), &Thresholds::default(), page);
    assert_eq!((view.edges.len(), view.total, view.truncated), (1, 3, true));
    assert_eq!(view.edges[0].from, "b");
}
