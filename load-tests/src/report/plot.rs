//! Small SVG drawings: the share of tips served by a time, counts along the run, a map.
//!
//! Colours are told apart by lightness and by their names in the legend too.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;

/// One named series of a distribution: values in microseconds.
pub struct Series<'a> {
    pub name: &'a str,
    pub colour: &'a str,
    pub all_us: &'a [u64],
}

/// How many of all were done within a time; the time on a logarithmic axis.
#[allow(clippy::cast_precision_loss)] // Counts and microseconds of a drill are exact in f64.
pub fn distribution(series: &[Series<'_>]) -> String {
    let (height, left, bottom, top) = (260.0, 56.0, 36.0, 12.0);
    let values = series.iter().flat_map(|one| one.all_us).map(|us| (*us).max(1));
    let least = values.clone().min().unwrap_or(100) as f64 / 1000.0;
    let most = values.max().unwrap_or(100_000) as f64 / 1000.0;
    let (from, to) = (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0));
    let x = |ms: f64| left + (ms.log10() - from) / (to - from) * (WIDTH - left - 12.0);
    let y = |share: f64| top + (1.0 - share) * (height - top - bottom);
    let mut svg = open(height, "延迟分布 Latency distribution");
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        line(&mut svg, (left, y(share)), (WIDTH - 12.0, y(share)), "#dde3ea", 1.0);
        text(&mut svg, (left - 6.0, y(share) + 4.0), "end", &format!("{:.0}%", share * 100.0));
    }
    let mut decade = from;
    while decade <= to {
        let ms = 10_f64.powf(decade);
        line(&mut svg, (x(ms), top), (x(ms), y(0.0)), "#dde3ea", 1.0);
        let label = if ms >= 1000.0 { format!("{:.0} s", ms / 1000.0) } else { format!("{ms} ms") };
        text(&mut svg, (x(ms), height - 16.0), "middle", &label);
        decade += 1.0;
    }
    for one in series.iter().filter(|one| !one.all_us.is_empty()) {
        let mut sorted = one.all_us.to_vec();
        sorted.sort_unstable();
        let mut points = String::new();
        // Two hundred points draw any curve of this width.
        for step in 0..=200_usize {
            let index = (sorted.len() - 1) * step / 200;
            let share = (index + 1) as f64 / sorted.len() as f64;
            let ms = sorted[index].max(1) as f64 / 1000.0;
            let _ = write!(points, "{:.1},{:.1} ", x(ms), y(share));
        }
        let _ = write!(
            svg,
            r#"<polyline points="{points}" fill="none" stroke="{}" stroke-width="2"/>"#,
            one.colour
        );
    }
    svg.push_str("</svg>");
    let named: Vec<(&str, &str)> = series.iter().map(|one| (one.name, one.colour)).collect();
    svg + &legend(&named)
}

/// One row of the time line: moments in seconds.
pub struct Row<'a> {
    pub name: &'a str,
    pub colour: &'a str,
    pub moments: Vec<f64>,
}

/// Counts of each kind of event along the run, one strip a kind; few events as single strokes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
// Seconds of a run and counts are small.
pub fn time_line(rows: &[Row<'_>], span_s: f64) -> String {
    let (strip, left) = (46.0, 150.0);
    let height = strip * rows.len() as f64 + 30.0;
    let bins = 120_usize;
    let x = |second: f64| left + second / span_s.max(0.001) * (WIDTH - left - 12.0);
    let mut svg = open(height, "时间线 Time line");
    for (number, row) in rows.iter().enumerate() {
        let base = strip * (number + 1) as f64 - 6.0;
        text(&mut svg, (left - 8.0, base - 12.0), "end", row.name);
        text(&mut svg, (left - 8.0, base + 1.0), "end", &row.moments.len().to_string());
        line(&mut svg, (left, base), (WIDTH - 12.0, base), "#b8c2cc", 1.0);
        if row.moments.len() <= 60 {
            for moment in &row.moments {
                line(
                    &mut svg,
                    (x(*moment), base),
                    (x(*moment), base - strip + 14.0),
                    row.colour,
                    2.0,
                );
            }
            continue;
        }
        let mut counts = vec![0_u32; bins];
        for moment in &row.moments {
            let bin = (moment / span_s.max(0.001) * bins as f64) as usize;
            counts[bin.min(bins - 1)] += 1;
        }
        let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
        let width = (WIDTH - left - 12.0) / bins as f64;
        for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let tall = f64::from(*count) / most * (strip - 14.0);
            let _ = write!(
                svg,
                r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}" fill="{}"/>"#,
                left + bin as f64 * width,
                base - tall,
                width - 0.5,
                row.colour
            );
        }
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let label = format!("{:.0} s", span_s * share);
        // The last label must not run over the edge.
        let anchor = if share < 1.0 { "middle" } else { "end" };
        text(&mut svg, (x(span_s * share), height - 8.0), anchor, &label);
    }
    svg.push_str("</svg>");
    svg
}

/// A tip on the map, and where the officers were who accepted it; (lat, lon).
pub struct Went {
    pub tip: (f64, f64),
    pub from: Vec<(f64, f64)>,
}

/// Tips and who went to them.
pub fn map(all: &[Went]) -> String {
    let points = all.iter().flat_map(|one| one.from.iter().chain([&one.tip]));
    let (mut south, mut west, mut north, mut east) =
        (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (lat, lon) in points {
        (south, north) = (south.min(*lat), north.max(*lat));
        (west, east) = (west.min(*lon), east.max(*lon));
    }
    if !south.is_finite() {
        return "<p>没有可画的线索。 No tip to draw.</p>".to_owned();
    }
    let pad = 14.0;
    let squeeze = f64::midpoint(south, north).to_radians().cos();
    let (wide, tall) = (((east - west) * squeeze).max(1e-4), (north - south).max(1e-4));
    let scale = ((WIDTH - 2.0 * pad) / wide).min((560.0 - 2.0 * pad) / tall);
    let height = tall * scale + 2.0 * pad + 24.0;
    let at = |(lat, lon): (f64, f64)| {
        (pad + (lon - west) * squeeze * scale, pad + (north - lat) * scale)
    };
    let mut svg = open(height, "线索与出警 Tips and who went");
    for one in all {
        for from in &one.from {
            line(&mut svg, at(*from), at(one.tip), "#6b8fb3", 0.8);
            let (x, y) = at(*from);
            let _ = write!(svg, r##"<circle cx="{x:.1}" cy="{y:.1}" r="1.6" fill="#1f5f99"/>"##);
        }
    }
    for one in all {
        let (x, y) = at(one.tip);
        let colour = if one.from.is_empty() { "#7a7a7a" } else { "#b3261e" };
        let _ = write!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="2.4" fill="{colour}"/>"#);
    }
    let bar_m = nice(wide * 111_195.0 / 4.0);
    let bar = bar_m / 111_195.0 * scale;
    line(&mut svg, (pad, height - 8.0), (pad + bar, height - 8.0), "#333", 2.0);
    text(&mut svg, (pad + bar + 6.0, height - 4.0), "start", &format!("{:.1} km", bar_m / 1000.0));
    svg.push_str("</svg>");
    svg + &legend(&[
        ("线索 tip, someone went", "#b3261e"),
        ("线索 tip, nobody accepted", "#7a7a7a"),
        ("执行干警接单时的位置 officer's place when accepting", "#1f5f99"),
    ])
}

/// The largest of 1, 2, 5 times a power of ten below.
fn nice(metres: f64) -> f64 {
    let power = 10_f64.powf(metres.max(1.0).log10().floor());
    [5.0, 2.0, 1.0]
        .into_iter()
        .map(|step| step * power)
        .find(|nice| *nice <= metres)
        .unwrap_or(power)
}

fn open(height: f64, title: &str) -> String {
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {height:.0}" role="img" aria-label="{title}" font-size="12" font-family="inherit">"#
    )
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
    let _ = write!(
        svg,
        r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{colour}" stroke-width="{width}"/>"#,
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, at: (f64, f64), anchor: &str, words: &str) {
    let _ = write!(
        svg,
        r##"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}" fill="#333">{words}</text>"##,
        at.0, at.1
    );
}

fn legend(names: &[(&str, &str)]) -> String {
    let mut text = String::from(r#"<p class="legend">"#);
    for (name, colour) in names {
        let _ = write!(text, r#"<span><i style="background:{colour}"></i>{name}</span>"#);
    }
    text + "</p>"
}
