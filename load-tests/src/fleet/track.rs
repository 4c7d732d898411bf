//! Recorded tracks, read from a file and replayed by interpolation.
//!
//! Faults of the recording (jumps, gaps) are replayed as they are: a real tracker has them too. Only
//! fixes far outside the court are left out.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::clock;
use crate::record::open_text;
use crate::scenario::TrackColumns;

/// Fixes so far before and after the replayed span still shape its ends, seconds.
const MARGIN_S: f64 = 600.0;

/// One officer's recorded way, ascending in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Track(Vec<Point>);

/// Seconds after the replay's start, latitude, longitude.
type Point = (f64, f64, f64);

impl Track {
    /// The place at a moment of the recording, interpolated; the ends are held.
    pub fn at(&self, second: f64) -> (f64, f64) {
        let after = self.0.partition_point(|fix| fix.0 <= second);
        let last = self.0.len() - 1;
        if after == 0 || after > last {
            let (_, lat, lon) = self.0[after.min(last)];
            return (lat, lon);
        }
        let ((t0, lat0, lon0), (t1, lat1, lon1)) = (self.0[after - 1], self.0[after]);
        let share = if t1 > t0 { (second - t0) / (t1 - t0) } else { 1.0 };
        (lat0 + (lat1 - lat0) * share, lon0 + (lon1 - lon0) * share)
    }
}

/// Reads the tracks that move most within the replayed span, at most `count`.
pub fn load(
    path: &Path,
    columns: &TrackColumns,
    start_at: &str,
    span_s: f64,
    area: [f64; 4],
    count: usize,
) -> Result<Vec<Track>> {
    let start = clock::parse_time_s(start_at).context("officers.start_at is no time")?;
    let mut reader = csv::Reader::from_reader(open_text(path)?);
    let headers = reader.headers().context("the tracks have no header line")?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header == name)
            .with_context(|| format!("{} has no column {name}", path.display()))
    };
    let (time, id) = (column(&columns.time)?, column(&columns.id)?);
    let (lat, lon) = (column(&columns.lat)?, column(&columns.lon)?);
    let [west, south, east, north] = area;
    let mut by_id: HashMap<String, Vec<Point>> = HashMap::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).with_context(|| format!("cannot read {}", path.display()))? {
        let second = row.get(time).and_then(clock::parse_time_s);
        let number = |index: usize| row.get(index).and_then(|text| text.trim().parse::<f64>().ok());
        let (Some(second), Some(lat), Some(lon)) = (second, number(lat), number(lon)) else {
            continue;
        };
        let second = second - start;
        let near = (west..=east).contains(&lon) && (south..=north).contains(&lat);
        if near && second >= -MARGIN_S && second <= span_s + MARGIN_S {
            by_id
                .entry(row.get(id).unwrap_or_default().to_owned())
                .or_default()
                .push((second, lat, lon));
        }
    }
    let mut tracks: Vec<(String, Vec<Point>)> = by_id.into_iter().collect();
    for (_, fixes) in &mut tracks {
        fixes.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    // The fullest first, ties by name, so that every run takes the same ones.
    tracks.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    tracks.truncate(count);
    if tracks.is_empty() {
        bail!("{} holds no fix of that time in the court's area", path.display());
    }
    Ok(tracks.into_iter().map(|(_, fixes)| Track(fixes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_is_interpolated_and_held_at_its_ends() {
        let track = Track(vec![(0.0, 10.0, 20.0), (10.0, 11.0, 22.0)]);
        assert_eq!(track.at(-5.0), (10.0, 20.0));
        assert_eq!(track.at(5.0), (10.5, 21.0));
        assert_eq!(track.at(10.0), (11.0, 22.0));
        assert_eq!(track.at(99.0), (11.0, 22.0));
    }

    #[test]
    fn tracks_are_read_by_their_columns() {
        let path =
            std::env::temp_dir().join(format!("tiande-drill-track-{}.csv", std::process::id()));
        std::fs::write(
            &path,
            "t,cab,y,x\n100,a,1.0,2.0\n110,a,1.1,2.0\n105,b,1.0,2.0\n105,far,50,2.0\n",
        )
        .unwrap();
        let columns =
            TrackColumns { time: "t".into(), id: "cab".into(), lat: "y".into(), lon: "x".into() };
        let tracks = load(&path, &columns, "100", 60.0, [0.0, 0.0, 5.0, 5.0], 9).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(tracks.len(), 2);
        assert_eq!(tracks[0].at(5.0), (1.05, 2.0));
    }
}
