//! The index: a position noted, in our index and in an R-tree that takes the point out and puts it in
//! anew (rstar, in two dimensions, with numbers for ids: the cheapest that it can be).

use anyhow::Result;

use super::Setting;
use super::host::{self, say};
use super::inside;
use super::line::{Better, Budget, Line};
use super::sides::{Samples, median};

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let program = setting.spatial()?;
    say("both in one program, one report a second of each point, in shuffled order, on one core");
    let mut lines = Vec::new();
    let mut uniform = Samples::new();
    for (points, speed, how, at_least) in [
        (10_000, "1.5", "on foot", 20.0),
        (10_000, "15", "by car", 4.0),
        (175_000, "1.5", "on foot", 20.0),
        (175_000, "15", "by car", 4.0),
    ] {
        let (mut ours, mut theirs) = (Samples::new(), Samples::new());
        for _ in 0..setting.rounds {
            let what = format!("update {points} {speed} county");
            ours.push(inside::run(program, &format!("{what} ours")).await?.ns);
            theirs.push(inside::run(program, &format!("{what} rtree")).await?.ns);
        }
        lines.push(Line::versus(
            &format!("index update {how}, {points} points; rstar remove + insert; in-process"),
            "ns CPU",
            &ours,
            &theirs,
            Better::TimesCheaper,
            Budget::AtLeast(at_least),
        ));
        if uniform.is_empty() {
            uniform = ours;
        }
    }
    let mut crowd = Samples::new();
    for _ in 0..setting.rounds {
        crowd.push(inside::run(program, "update 10000 1.5 crowd ours").await?.ns);
    }
    lines.push(Line::versus(
        "index update on foot, all 10,000 within 300 m; ours when they are spread; in-process",
        "ns CPU",
        &crowd,
        &uniform,
        Better::Cost,
        Budget::AtMost(2.0),
    ));
    say(&format!(
        "crowd {:.1} ns, spread {:.1} ns; load average {}",
        median(&crowd),
        median(&uniform),
        host::load_average()
    ));
    Ok(lines)
}
