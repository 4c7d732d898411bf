//! Nodes that start each other in a circle would never run.

use std::collections::BTreeMap;

use super::NodeCode;

/// All circles among nodes, each once: from its smallest node on, in the order in which they wait for
/// each other.
pub(super) fn circles(edges: &BTreeMap<NodeCode, Vec<NodeCode>>) -> Vec<Vec<NodeCode>> {
    let mut found = Vec::new();
    for begin in edges.keys() {
        // A circle is reported at its smallest node, so only greater ones are walked through.
        let mut path = vec![*begin];
        let mut dead = Vec::new();
        if let Some(circle) = back_to(*begin, &mut path, edges, &mut dead) {
            found.push(circle);
        }
    }
    found
}

/// The rest of a way from the end of `path` back to `begin`. `dead` are nodes from which there is none.
fn back_to(
    begin: NodeCode,
    path: &mut Vec<NodeCode>,
    edges: &BTreeMap<NodeCode, Vec<NodeCode>>,
    dead: &mut Vec<NodeCode>,
) -> Option<Vec<NodeCode>> {
    let next = path.last().and_then(|last| edges.get(last)).into_iter().flatten();
    for node in next {
        if *node == begin {
            return Some(path.clone());
        }
        if *node > begin && !path.contains(node) && !dead.contains(node) {
            path.push(*node);
            if let Some(circle) = back_to(begin, path, edges, dead) {
                return Some(circle);
            }
            path.pop();
            dead.push(*node);
        }
    }
    None
}
