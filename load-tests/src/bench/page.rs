//! The bench as a page that people read: what was not met, the curves, then every figure.
//!
//! One file without scripts or outside addresses; light or dark as the reader's system is.

use std::fmt::Write as _;

use super::curve::Curve;
use super::line::Line;
use super::table::{number, shown, subjects, title, verdict};

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1c2530;--soft:#55606c;--rule:#dde3ea;--ground:#fff;\
--ours:#0b5cad;--theirs:#8a5a00;--bad:#b3261e}@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;\
--soft:#a3afbb;--rule:#36404a;--ground:#14191f;--ours:#6fb1f5;--theirs:#e0a94a;--bad:#ff8a80}}\
body{font:16px/1.55 'Noto Sans SC','Noto Sans CJK SC',system-ui,sans-serif;color:var(--ink);background:\
var(--ground);max-width:900px;margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.15rem;\
margin-top:2.2rem}p,small{color:var(--soft)}table{border-collapse:collapse;width:100%;font-variant-numeric:\
tabular-nums}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--rule);vertical-align:top}\
td.n,th.n{text-align:right;white-space:nowrap}.bad{color:var(--bad);font-weight:600}.wide{overflow-x:auto}\
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:1.2rem}\
figure{margin:0}figcaption{font-size:.9rem}svg{width:100%;height:auto}svg text{font-size:12px;fill:var(--soft)}\
svg .v{fill:var(--ink)}svg .a{fill:var(--ours)}svg .b{fill:var(--theirs)}svg line{stroke:var(--rule)}\
svg polyline{fill:none;stroke-width:2}svg polyline.a{stroke:var(--ours)}svg polyline.b{stroke:var(--theirs);\
stroke-dasharray:5 4}";

/// Width and height of a drawing, and its margins: left, right, top, bottom.
const SIZE: (f64, f64) = (440.0, 240.0);
const MARGINS: [f64; 4] = [64.0, 24.0, 14.0, 30.0];

/// The page.
pub fn page(lines: &[Line], curves: &[Curve], machine: &str) -> String {
    let mut html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport \
         content='width=device-width,initial-scale=1'><title>Tiande: the bench</title><style>{STYLE}</style>\
         </head><body><h1>天德 Tiande: the bench</h1><p>{}. Both sides of each line in one run, in turns; \
         medians. Processor time where it says CPU.</p>",
        escape(machine)
    );
    let kept = lines.iter().filter(|line| line.met == Some(true)).count();
    let missed = lines.iter().filter(|line| line.met == Some(false)).count();
    let _ = write!(html, "<p><b>{kept}</b> budgets met, <b>{missed}</b> not met.</p>");
    if !curves.is_empty() {
        html += "<h2>More of everything</h2><p>The load is the same at each point; both axes are \
                 logarithmic. A level curve says that nothing grows with what there is.</p>\
                 <div class=curves>";
        for curve in curves {
            let _ = write!(
                html,
                "<figure>{}<figcaption>{}, {}, over {}{}</figcaption></figure>",
                drawing(curve),
                escape(curve.what),
                escape(curve.unit),
                escape(curve.over),
                curve.beside.as_ref().map_or_else(String::new, |(who, _)| {
                    format!(" (broken line: {})", escape(who))
                })
            );
        }
        html += "</div>";
    }
    for subject in subjects(lines) {
        let _ = write!(
            html,
            "<h2>{}</h2><div class=wide><table><tr><th><th class=n>ours<th class=n>\
            theirs<th><th class=n>ratio<th class=n>budget<th></tr>",
            escape(title(subject))
        );
        shown(lines, subject).for_each(|line| row(&mut html, line));
        html += "</table></div>";
    }
    html + "</body></html>\n"
}

fn row(html: &mut String, line: &Line) {
    let or_dash = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let class = if line.met == Some(false) { " class=bad" } else { "" };
    let _ = write!(
        html,
        "<tr><td>{}<td class=n>{}<td class=n>{}<td>{}<td class=n>{}<td class=n>{}<td{class}>{}</tr>",
        escape(&line.name),
        number(line.ours),
        or_dash(line.theirs),
        escape(&line.unit),
        or_dash(line.ratio),
        escape(line.budget.as_deref().unwrap_or("–")),
        verdict(line)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An axis of decades.
struct Axis {
    from: f64,
    to: f64,
    begin: f64,
    end: f64,
}

impl Axis {
    /// One that holds all of these values.
    fn over(values: &[f64], [begin, end]: [f64; 2]) -> Self {
        let logs = || values.iter().filter(|value| **value > 0.0).map(|value| value.log10());
        let from = logs().fold(f64::INFINITY, f64::min).floor();
        let to = logs().fold(f64::NEG_INFINITY, f64::max).ceil();
        if from.is_finite() && to.is_finite() {
            Self { from, to: to.max(from + 1.0), begin, end }
        } else {
            Self { from: 0.0, to: 1.0, begin, end }
        }
    }

    /// Where a value lies; nothing at all lies at the beginning.
    fn at(&self, value: f64) -> f64 {
        let log = if value > 0.0 { value.log10() } else { self.from };
        self.begin + (log - self.from) / (self.to - self.from) * (self.end - self.begin)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        #[allow(clippy::cast_possible_truncation)] // A dozen.
        let (from, to) = (self.from as i32, self.to as i32);
        (from..=to).map(|decade| 10_f64.powi(decade))
    }
}

fn drawing(curve: &Curve) -> String {
    let ours = Curve::medians(&curve.points);
    let theirs = curve.beside.as_ref().map(|(_, points)| Curve::medians(points));
    let all = || ours.iter().chain(theirs.iter().flatten());
    let (width, height) = SIZE;
    let [left, right, top, bottom] = MARGINS;
    let xs: Vec<f64> = all().map(|(x, _)| *x).collect();
    let ys: Vec<f64> = all().map(|(_, y)| *y).collect();
    let mut x = Axis::over(&xs, [left, width - right]);
    if xs.contains(&0.0) {
        x.from -= 1.0; // Nothing has a place of its own before the first decade.
    }
    let y = Axis::over(&ys, [height - bottom, top]);
    let mut svg = format!(
        "<svg viewBox='0 0 {width} {height}' role=img aria-label='{} over {}'>",
        escape(curve.what),
        escape(curve.over)
    );
    for value in y.decades() {
        let at = y.at(value);
        let _ = write!(
            svg,
            "<line x1='{left}' x2='{}' y1='{at:.1}' y2='{at:.1}'/><text x='{}' y='{:.1}' \
             text-anchor=end>{}</text>",
            width - right,
            left - 6.0,
            at + 4.0,
            short(value)
        );
    }
    for (value, _) in &ours {
        let at = x.at(*value);
        let _ = write!(
            svg,
            "<line x1='{at:.1}' x2='{at:.1}' y1='{top}' y2='{}'/><text x='{at:.1}' y='{}' \
             text-anchor=middle>{}</text>",
            height - bottom,
            height - 10.0,
            short(*value)
        );
    }
    if let Some(theirs) = &theirs {
        series(&mut svg, "b", theirs, &x, &y);
    }
    series(&mut svg, "a", &ours, &x, &y);
    svg + "</svg>"
}

/// A value as an axis shows it.
fn short(value: f64) -> String {
    match value {
        large if large >= 1e6 => format!("{} M", large / 1e6),
        large if large >= 1e3 => format!("{} k", large / 1e3),
        small => format!("{small}"),
    }
}

fn series(svg: &mut String, class: &str, points: &[(f64, f64)], x: &Axis, y: &Axis) {
    let mut way = String::new();
    for (count, value) in points {
        let _ = write!(way, "{:.1},{:.1} ", x.at(*count), y.at(*value));
    }
    let _ = write!(svg, "<polyline class={class} points='{way}'/>");
    for (count, value) in points {
        let (at, high) = (x.at(*count), y.at(*value));
        let _ = write!(
            svg,
            "<circle class={class} cx='{at:.1}' cy='{high:.1}' r='3.5'/><text class=v x='{at:.1}' y='{:.1}' \
             text-anchor=middle>{}</text>",
            if high < 30.0 { high + 18.0 } else { high - 8.0 },
            number(*value)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Budget;
    use super::*;

    #[test]
    fn the_page_holds_lines_and_curves_and_nothing_from_elsewhere() {
        let mut curve = Curve::new("open incidents", "CPU of a tip", "us CPU");
        curve.points = vec![(0, vec![400.0]), (1_000, vec![500.0]), (50_000, vec![4_000.0])];
        curve.beside = Some(("a <bare> sink", vec![(0, vec![90.0]), (50_000, vec![95.0])]));
        let line = Line::alone("a & b", "B", &vec![3.0], Budget::AtMost(2.0));
        let line = Line { subject: "memory".to_owned(), ..line };
        let page = page(&[line], &[curve], "2 cores");
        assert!(page.contains("a &amp; b") && page.contains("class=bad>not met"), "{page}");
        assert!(page.contains("a &lt;bare&gt; sink") && page.contains("<b>1</b> not met"));
        assert_eq!(page.matches("<circle").count(), 5);
        assert!(!page.contains("http") && !page.contains("<script") && !page.contains("NaN"));
    }

    #[test]
    fn an_axis_is_logarithmic_and_holds_its_values() {
        let axis = Axis::over(&[90.0, 4_000.0], [0.0, 300.0]);
        assert_eq!((axis.at(10.0), axis.at(100.0), axis.at(10_000.0)), (0.0, 100.0, 300.0));
        assert_eq!(axis.decades().count(), 4);
        assert!(Axis::over(&[], [0.0, 1.0]).at(5.0).is_finite());
        assert!(Axis::over(&[0.0], [0.0, 1.0]).at(0.0).is_finite());
    }
}
