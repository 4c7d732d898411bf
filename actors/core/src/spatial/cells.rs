//! The tree of cells: points in buckets, each cell a box that is cut in four when its bucket is full.
//!
//! A cell is as large as its neighbourhood is sparse: hundreds of metres in the country, a few before a
//! court house at eight in the morning. A point that moves within its cell is only written down anew.
//!
//! **Not here:** which id is in which cell. Whoever calls is told of each point that comes to lie
//! elsewhere, and keeps that.

use crate::geo::LatLon;

use super::bounds::Bounds;

/// Points of a cell before it is cut in four.
pub const CELL_MAX: usize = 16;
/// Four cells with no more than that together become one again: half of `CELL_MAX`, so that somebody
/// who paces across a border does not cut and mend all the time.
const MERGE_MAX: usize = 8;
/// Cuts from the whole earth down to the smallest cell: some 1.2 m high. In a place with more people on
/// it a cell holds more than `CELL_MAX`.
const DEPTH_MAX: u8 = 24;

/// A cell's place in the table; `NONE` for no cell.
pub type CellNo = u32;
/// No cell.
pub const NONE: CellNo = CellNo::MAX;
/// The earth.
pub const ROOT: CellNo = 0;

/// Where a point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its cell.
    pub cell: CellNo,
    /// Its place there.
    pub slot: u32,
}

/// An id and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Point<Id> {
    /// Where.
    pub at: LatLon,
    /// Who.
    pub id: Id,
}

/// What a cell holds.
#[derive(Clone, Debug)]
pub enum Body<Id> {
    /// Points, in no order.
    Leaf(Vec<Point<Id>>),
    /// Its four parts; those where nobody was yet are `NONE`.
    Cut([CellNo; 4]),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Cell<Id> {
    /// What belongs here.
    pub bounds: Bounds,
    /// What is here.
    pub body: Body<Id>,
    parent: CellNo,
    depth: u8,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Cells<Id> {
    all: Vec<Cell<Id>>,
    /// Cells that are not in use.
    free: Vec<CellNo>,
}

impl<Id: Copy> Cells<Id> {
    /// The earth, with nobody on it.
    pub fn new() -> Self {
        let body = Body::Leaf(Vec::new());
        let earth = Cell { bounds: Bounds::earth(), body, parent: NONE, depth: 0 };
        Self { all: vec![earth], free: Vec::new() }
    }

    /// A cell.
    #[inline]
    pub fn cell(&self, no: CellNo) -> &Cell<Id> {
        &self.all[no as usize]
    }

    /// A point.
    pub fn point(&self, spot: Spot) -> Option<&Point<Id>> {
        match &self.cell(spot.cell).body {
            Body::Leaf(points) => points.get(spot.slot as usize),
            Body::Cut(_) => None,
        }
    }

    /// Writes down where a point is now; false when that is outside its cell, and nothing is done.
    #[inline]
    pub fn shift(&mut self, spot: Spot, to: LatLon) -> bool {
        let cell = &mut self.all[spot.cell as usize];
        if !cell.bounds.contains(to) {
            return false;
        }
        let Body::Leaf(points) = &mut cell.body else { return false };
        let Some(point) = points.get_mut(spot.slot as usize) else { return false };
        point.at = to;
        true
    }

    /// Puts a point in. The way begins at `near`, which is short when the point comes from there; `lies`
    /// hears of it, and of each one that had to make room.
    pub fn insert(&mut self, near: CellNo, point: Point<Id>, lies: &mut impl FnMut(Id, Spot)) {
        let mut no = near;
        while !self.cell(no).bounds.contains(point.at) && self.cell(no).parent != NONE {
            no = self.cell(no).parent;
        }
        loop {
            let cell = &mut self.all[no as usize];
            match &mut cell.body {
                Body::Leaf(points) if points.len() < CELL_MAX || cell.depth >= DEPTH_MAX => {
                    lies(point.id, Spot { cell: no, slot: slot(points.len()) });
                    points.push(point);
                    return;
                }
                Body::Leaf(points) => {
                    let points = std::mem::take(points);
                    cell.body = Body::Cut([NONE; 4]);
                    for point in points {
                        let part = self.part_for(no, point.at);
                        self.push(part, point, lies);
                    }
                }
                Body::Cut(_) => no = self.part_for(no, point.at),
            }
        }
    }

    /// Takes a point out. The last of its cell may take its place; `lies` hears of it.
    pub fn take(&mut self, spot: Spot, lies: &mut impl FnMut(Id, Spot)) -> Option<Point<Id>> {
        let Body::Leaf(points) = &mut self.all[spot.cell as usize].body else { return None };
        if spot.slot as usize >= points.len() {
            return None;
        }
        let taken = points.swap_remove(spot.slot as usize);
        if let Some(moved) = points.get(spot.slot as usize) {
            lies(moved.id, spot);
        }
        Some(taken)
    }

    /// Makes one cell of four that hold little, from that one upwards.
    pub fn tidy(&mut self, mut no: CellNo, lies: &mut impl FnMut(Id, Spot)) {
        loop {
            let parent = self.cell(no).parent;
            if parent == NONE {
                return;
            }
            let Body::Cut(parts) = self.cell(parent).body else { return };
            let mut held = 0;
            for part in parts.into_iter().filter(|part| *part != NONE) {
                let Body::Leaf(points) = &self.cell(part).body else { return };
                held += points.len();
            }
            if held > MERGE_MAX {
                return;
            }
            self.all[parent as usize].body = Body::Leaf(Vec::with_capacity(CELL_MAX));
            for part in parts.into_iter().filter(|part| *part != NONE) {
                let empty = Body::Leaf(Vec::new());
                let body = std::mem::replace(&mut self.all[part as usize].body, empty);
                self.free.push(part);
                let Body::Leaf(points) = body else { continue };
                points.into_iter().for_each(|point| self.push(parent, point, lies));
            }
            no = parent;
        }
    }

    /// The part of a cut cell that a point belongs to; made when there is none yet.
    fn part_for(&mut self, no: CellNo, at: LatLon) -> CellNo {
        let cell = self.cell(no);
        let quarter = cell.bounds.quarter_of(at);
        let Body::Cut(parts) = cell.body else { return no };
        if parts[quarter] != NONE {
            return parts[quarter];
        }
        let made = Cell {
            bounds: cell.bounds.quarter(quarter),
            body: Body::Leaf(Vec::with_capacity(CELL_MAX)),
            parent: no,
            depth: cell.depth + 1,
        };
        let part = if let Some(part) = self.free.pop() {
            self.all[part as usize] = made;
            part
        } else {
            self.all.push(made);
            slot(self.all.len() - 1)
        };
        if let Body::Cut(parts) = &mut self.all[no as usize].body {
            parts[quarter] = part;
        }
        part
    }

    fn push(&mut self, no: CellNo, point: Point<Id>, lies: &mut impl FnMut(Id, Spot)) {
        if let Body::Leaf(points) = &mut self.all[no as usize].body {
            lies(point.id, Spot { cell: no, slot: slot(points.len()) });
            points.push(point);
        }
    }

    /// Everything that must hold of the tree; for tests.
    #[cfg(test)]
    pub fn check(&self, lies_at: &dyn Fn(Id) -> Option<Spot>) -> usize {
        let mut seen = 0;
        let mut open = vec![ROOT];
        while let Some(no) = open.pop() {
            match &self.cell(no).body {
                Body::Leaf(points) => {
                    seen += points.len();
                    for (index, point) in points.iter().enumerate() {
                        assert!(self.cell(no).bounds.contains(point.at), "{:?}", point.at);
                        assert_eq!(lies_at(point.id), Some(Spot { cell: no, slot: slot(index) }));
                    }
                    assert!(points.len() <= CELL_MAX || self.cell(no).depth == DEPTH_MAX);
                }
                Body::Cut(parts) => {
                    for part in parts.iter().copied().filter(|part| *part != NONE) {
                        assert_eq!(self.cell(part).parent, no);
                        assert!(!self.free.contains(&part));
                        open.push(part);
                    }
                }
            }
        }
        seen
    }
}

/// Tables here are as long as there are officers: never near 2³².
fn slot(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}
