//! The lazy spatial index: an R-tree over anchors, exact answers over current places.
//!
//! A point that moves a little stays where it is in the tree. The tree holds its *anchor*, the
//! place where it was last inserted; only when the point leaves the ball of `slack` metres around
//! its anchor is it taken out and inserted anew. On foot that is one update in forty, and all
//! others cost no tree work, no allocation and hardly any trigonometry.
//!
//! Answers are exact all the same: a point is at most `slack` from its anchor, so the straight
//! line to the anchor minus `slack` is never more than the geodesic to the point. The walk takes
//! anchors from the tree in order of that bound and releases a point only when nothing unseen can
//! be nearer.
//!
//! The index knows ids and places, nothing of officers; who may be asked is the caller's filter.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::ControlFlow;

use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::geo::{Ecef, LatLon, Metres};

/// Slack of an index that says nothing else, metres: at 64 m one update in forty on foot (1.5 m/s,
/// one a second) and one in five by car moves the tree, for two more candidates a search.
pub const DEFAULT_SLACK: Metres = Metres(64.0);

/// What chords and geodesics may be off by from rounding, metres: lower bounds are lowered by it.
const ROUNDING: f64 = 1e-6;

/// No degree of latitude is longer, metres (at the poles 111,694).
const DEGREE_OF_LATITUDE_MAX: f64 = 111_700.0;

/// One found id, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near<Id> {
    /// Who.
    pub id: Id,
    /// WGS-84 geodesic from where the search began, metres.
    pub distance: Metres,
}

/// Where an id is, and where the tree believes it to be.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: LatLon,
    anchor_at: LatLon,
    anchor: Ecef,
}

/// Ids with their current places, searched by distance.
///
/// All orders are by distance, then by id: bit-equal distances (officers in one car park, by one
/// fix) never depend on how the tree grew. A caller that treats distances within 1 m as equal does
/// so on this order.
#[derive(Clone, Debug)]
pub struct SpatialIndex<Id: Copy + Ord + Hash> {
    /// Never iterated, so its order cannot matter.
    entries: HashMap<Id, Entry, BuildHasherDefault<IdHasher>>,
    tree: RTree<GeomWithData<Ecef, Id>>,
    slack: f64,
    reinserts: u64,
}

impl<Id: Copy + Ord + Hash> Default for SpatialIndex<Id> {
    fn default() -> Self {
        Self::new(DEFAULT_SLACK)
    }
}

impl<Id: Copy + Ord + Hash> SpatialIndex<Id> {
    /// An empty index. A slack that is no length (negative, not finite) counts as 0: then each move
    /// goes into the tree.
    #[must_use]
    pub fn new(slack: Metres) -> Self {
        Self::from_points(slack, [])
    }

    /// Builds the index of many points at once, far cheaper than one by one. Of several points with
    /// one id the last counts.
    #[must_use]
    pub fn from_points(slack: Metres, points: impl IntoIterator<Item = (Id, LatLon)>) -> Self {
        let points: BTreeMap<Id, LatLon> = points.into_iter().collect();
        let entry = |at: LatLon| Entry { at, anchor_at: at, anchor: at.ecef() };
        let entries: HashMap<_, _, _> = points.iter().map(|(id, at)| (*id, entry(*at))).collect();
        let anchors = points.iter().map(|(id, at)| GeomWithData::new(at.ecef(), *id)).collect();
        let slack = if slack.0.is_finite() { slack.0.max(0.0) } else { 0.0 };
        Self { entries, tree: RTree::bulk_load(anchors), slack, reinserts: 0 }
    }

    /// How far a point may be from its anchor, metres.
    #[must_use]
    pub fn slack(&self) -> Metres {
        Metres(self.slack)
    }

    /// How many ids there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there is no id.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where an id is now.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<LatLon> {
        self.entries.get(&id).map(|entry| entry.at)
    }

    /// How many updates of known ids moved an anchor so far. For gauges and tests.
    #[must_use]
    pub fn reinserts(&self) -> u64 {
        self.reinserts
    }

    /// Notes where an id is now; a new id joins.
    pub fn update(&mut self, id: Id, at: LatLon) {
        let anchor = if let Some(entry) = self.entries.get_mut(&id) {
            if moved_at_most(entry, at, self.slack) {
                entry.at = at;
                return;
            }
            let anchor = at.ecef();
            if chord(anchor, entry.anchor) <= self.slack {
                entry.at = at;
                return;
            }
            let old = GeomWithData::new(entry.anchor, id);
            *entry = Entry { at, anchor_at: at, anchor };
            let removed = self.tree.remove(&old);
            debug_assert!(removed.is_some(), "each entry has its anchor in the tree");
            self.reinserts += 1;
            anchor
        } else {
            let anchor = at.ecef();
            self.entries.insert(id, Entry { at, anchor_at: at, anchor });
            anchor
        };
        self.tree.insert(GeomWithData::new(anchor, id));
    }

    /// Takes an id out and returns where it was.
    pub fn remove(&mut self, id: Id) -> Option<LatLon> {
        let entry = self.entries.remove(&id)?;
        let removed = self.tree.remove(&GeomWithData::new(entry.anchor, id));
        debug_assert!(removed.is_some(), "each entry has its anchor in the tree");
        Some(entry.at)
    }

    /// The `k` nearest ids that `filter` lets pass, in order; fewer when there are no more.
    ///
    /// Exact. `filter` is called at most once for each id, in no promised order, and also for ids
    /// that turn out too far. Costs about k + 1 geodesics (0.5–1 µs each) and the tree's part,
    /// for 8 of 10,000 some 7–20 µs.
    #[must_use]
    pub fn nearest(&self, at: LatLon, k: usize, filter: impl FnMut(Id) -> bool) -> Vec<Near<Id>> {
        let mut found = Vec::with_capacity(k.min(self.len()));
        if k == 0 {
            return found;
        }
        self.walk_where(at, filter, |near| {
            found.push(near);
            if found.len() < k { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        found
    }

    /// Visits ids in order of distance until told to stop, or until all were visited.
    pub fn walk(&self, at: LatLon, visit: impl FnMut(Near<Id>) -> ControlFlow<()>) {
        self.walk_where(at, |_all| true, visit);
    }

    /// All ids at most `radius` away, in order.
    #[must_use]
    pub fn within(&self, at: LatLon, radius: Metres) -> Vec<Near<Id>> {
        let from = at.ecef();
        let reach = radius.0 + self.slack + ROUNDING;
        // No length: a circle that holds nobody. The tree must not see NaN.
        if radius.0.is_nan() || radius.0 < 0.0 {
            return Vec::new();
        }
        let mut found: Vec<Near<Id>> = self
            .tree
            .locate_within_distance(from, reach * reach)
            .filter_map(|anchor| {
                let entry = self.entries.get(&anchor.data)?;
                // The chord is cheap and drops most of those in the slack.
                if chord(from, entry.at.ecef()) > radius.0 + ROUNDING {
                    return None;
                }
                let distance = at.distance(entry.at);
                (distance.0 <= radius.0).then_some(Near { id: anchor.data, distance })
            })
            .collect();
        found.sort_unstable_by(|a, b| a.distance.0.total_cmp(&b.distance.0).then(a.id.cmp(&b.id)));
        found
    }

    /// The walk over those that `keep` lets pass.
    ///
    /// Three bounds, from cheap to dear, each a lower bound of the next: chord to the anchor minus
    /// slack (from the tree), chord to the point, geodesic to the point. A candidate goes up by one
    /// only when it is the least of all, so hardly more geodesics are computed than ids visited.
    fn walk_where(
        &self,
        at: LatLon,
        mut keep: impl FnMut(Id) -> bool,
        mut visit: impl FnMut(Near<Id>) -> ControlFlow<()>,
    ) {
        let from = at.ecef();
        let mut anchors = self.tree.nearest_neighbor_iter_with_distance_2(from);
        let mut unseen = anchors.next();
        let mut waiting: BinaryHeap<Reverse<Candidate<Id>>> = BinaryHeap::new();
        loop {
            let unseen_bound =
                unseen.map_or(f64::INFINITY, |(_, d2)| d2.sqrt() - self.slack - ROUNDING);
            let ready = waiting.peek().is_some_and(|Reverse(least)| least.metres < unseen_bound);
            if ready {
                let Some(Reverse(least)) = waiting.pop() else { return };
                if least.is_geodesic {
                    let near = Near { id: least.id, distance: Metres(least.metres) };
                    if visit(near).is_break() {
                        return;
                    }
                } else {
                    let metres = at.distance(least.at).0;
                    waiting.push(Reverse(Candidate { metres, is_geodesic: true, ..least }));
                }
            } else {
                let Some((anchor, _)) = unseen else { return };
                unseen = anchors.next();
                let id = anchor.data;
                if let Some(entry) = self.entries.get(&id)
                    && keep(id)
                {
                    let metres = chord(from, entry.at.ecef()) - ROUNDING;
                    waiting.push(Reverse(Candidate {
                        metres,
                        is_geodesic: false,
                        id,
                        at: entry.at,
                    }));
                }
            }
        }
    }
}

/// Somebody who waits for being visited; ordered by bound, unfinished ones first, then by id.
#[derive(Clone, Copy)]
struct Candidate<Id> {
    /// The geodesic, or a lower bound of it.
    metres: f64,
    is_geodesic: bool,
    id: Id,
    at: LatLon,
}

impl<Id: Ord> Ord for Candidate<Id> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.metres
            .total_cmp(&other.metres)
            .then(self.is_geodesic.cmp(&other.is_geodesic))
            .then_with(|| self.id.cmp(&other.id))
    }
}
impl<Id: Ord> PartialOrd for Candidate<Id> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<Id: Ord> PartialEq for Candidate<Id> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl<Id: Ord> Eq for Candidate<Id> {}

/// The straight line between two points, metres.
fn chord([ax, ay, az]: Ecef, [bx, by, bz]: Ecef) -> f64 {
    let (x, y, z) = (ax - bx, ay - by, az - bz);
    (x * x + y * y + z * z).sqrt()
}

/// True when `at` is surely within `slack` of the anchor, told without trigonometry: the way along
/// the anchor's parallel and then along a meridian is never shorter than the straight line. False
/// means only that it must be computed (also across ±180°).
fn moved_at_most(entry: &Entry, at: LatLon, slack: f64) -> bool {
    let [x, y, _] = entry.anchor;
    // An arc's length is its radius times its angle, and the parallel's radius is in the anchor.
    let along_parallel =
        (x * x + y * y).sqrt() * (at.lon() - entry.anchor_at.lon()).abs().to_radians();
    let along_meridian = (at.lat() - entry.anchor_at.lat()).abs() * DEGREE_OF_LATITUDE_MAX;
    along_parallel + along_meridian <= slack
}

/// A quick hash without random keys, so that runs repeat. Not for keys that outsiders choose.
#[derive(Clone, Copy, Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u64(&mut self, word: u64) {
        // Any odd number with many bits does; this one is 2^64 divided by the golden ratio.
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
    fn finish(&self) -> u64 {
        // Multiplying leaves the low bits poor, and the table takes those first.
        self.0.rotate_left(26)
    }
}
