//! Which edges of a graph are within reach of some nodes.
//!
//! In: edges between numbered nodes, where to begin, which way and how far. Out: the edges that a
//! walk takes. **Shape** each edge is looked at once a direction; circles end nothing.

use crate::query::Direction;

/// An edge, from a client's node to a server's.
pub type Edge = (usize, usize);

/// For each edge whether it is within `depth` steps of `roots`.
#[must_use]
pub fn reached(edges: &[Edge], roots: &[usize], direction: Direction, depth: usize) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    if direction != Direction::Upstream {
        walk(edges, roots, depth, &mut reached);
    }
    if direction != Direction::Downstream {
        let turned: Vec<Edge> = edges.iter().map(|(from, to)| (*to, *from)).collect();
        walk(&turned, roots, depth, &mut reached);
    }
    reached
}

fn walk(edges: &[Edge], roots: &[usize], depth: usize, reached: &mut [bool]) {
    // The edges by their beginnings.
    let mut by_start: Vec<usize> = (0..edges.len()).collect();
    by_start.sort_by_key(|edge| edges.get(*edge));
    let starts_at = |edge: &usize| edges.get(*edge).map_or(usize::MAX, |(from, _)| *from);
    let nodes = edges.iter().flat_map(|(from, to)| [*from, *to]);
    let mut seen = vec![false; nodes.max().map_or(0, |last| last + 1)];
    let mut here: Vec<usize> = roots.to_vec();
    for _ in 0..depth {
        let mut next = Vec::new();
        for node in here.drain(..) {
            // A root without edges has no place among the nodes.
            let Some(seen @ false) = seen.get_mut(node) else {
                continue;
            };
            *seen = true;
            let first = by_start.partition_point(|edge| starts_at(edge) < node);
            let own = by_start.iter().skip(first);
            for edge in own.take_while(|edge| starts_at(edge) == node) {
                if let (Some(taken), Some((_, to))) = (reached.get_mut(*edge), edges.get(*edge)) {
                    *taken = true;
                    next.push(*to);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        here = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A diamond with a tail, a circle behind it, and a client: 0 → 1, 2 → 3 → 4 ⇄ 5; 9 → 0.
    const EDGES: [Edge; 8] = [
        (0, 1),
        (0, 2),
        (1, 3),
        (2, 3),
        (3, 4),
        (4, 5),
        (5, 4),
        (9, 0),
    ];

    fn asked(root: usize, direction: Direction, depth: usize) -> Vec<Edge> {
        let reached = reached(&EDGES, &[root], direction, depth);
        let edges = EDGES.into_iter().zip(reached);
        edges
            .filter_map(|(edge, taken)| taken.then_some(edge))
            .collect()
    }

    #[test]
    fn a_step_takes_the_edges_of_a_node_and_all_steps_the_whole_tree() {
        assert_eq!(asked(0, Direction::Downstream, 1), [(0, 1), (0, 2)]);
        assert_eq!(asked(0, Direction::Upstream, 1), [(9, 0)]);
        assert_eq!(asked(0, Direction::Both, 1), [(0, 1), (0, 2), (9, 0)]);
        assert_eq!(asked(0, Direction::Downstream, usize::MAX), EDGES[..7]);
        assert_eq!(
            asked(4, Direction::Downstream, usize::MAX),
            [(4, 5), (5, 4)]
        );
        assert_eq!(
            asked(1, Direction::Both, usize::MAX).len(),
            6,
            "not by way of 0 to 2"
        );
        assert_eq!(asked(77, Direction::Both, usize::MAX), []);
    }

    proptest! {
        #[test]
        fn it_is_what_one_step_after_the_other_gives(
            edges in prop::collection::vec((0..9_usize, 0..9_usize), 0..30),
            root in 0..10_usize,
            depth in 1..12_usize,
        ) {
            let mut nodes = vec![root];
            let mut expected = vec![false; edges.len()];
            for _ in 0..depth {
                for (taken, (from, _)) in expected.iter_mut().zip(&edges) {
                    *taken |= nodes.contains(from);
                }
                let more = edges.iter().zip(&expected).filter(|(_, taken)| **taken);
                nodes.extend(more.map(|((_, to), _)| *to));
            }
            prop_assert_eq!(reached(&edges, &[root], Direction::Downstream, depth), expected.clone());
            let turned: Vec<Edge> = edges.iter().map(|(from, to)| (*to, *from)).collect();
            prop_assert_eq!(reached(&turned, &[root], Direction::Upstream, depth), expected);
        }
    }
}
