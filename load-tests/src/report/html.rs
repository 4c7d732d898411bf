//! The page that people read: the verdict first, then how it came about.
//!
//! One file without scripts or outside addresses, so that it can be mailed and printed.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::json::{LimitLine, Report};
use super::plot::{self, Row, Series, Went};
use crate::checker::{Latency, seconds};
use crate::record::{Entry, Event, Verb};

const STYLE: &str = "body{font:16px/1.55 'Noto Sans SC','Noto Sans CJK SC',system-ui,sans-serif;color:#1c2530;\
max-width:760px;margin:2rem auto;padding:0 1rem;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;\
margin-top:2.2rem;border-bottom:1px solid #d5dce4}small,.legend{color:#55606c}.verdict{padding:.8rem 1rem;\
border-left:6px solid;margin:1rem 0}.pass{border-color:#2e7d4f;background:#eef7f1}.fail{border-color:#b3261e;\
background:#fdf0ef}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:\
left;padding:.25rem .5rem;border-bottom:1px solid #e4e9ee;vertical-align:top}td.n,th.n{text-align:right}\
tr.broken td{background:#fdf0ef;font-weight:600}svg{width:100%;height:auto}.legend span{margin-right:1.2rem;\
white-space:nowrap}.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.35em}ul{padding-left:\
1.2rem}code{font-size:.9em;overflow-wrap:anywhere}@media print{body{margin:0}}";

/// The page of one run.
pub fn page(report: &Report, entries: &[Entry]) -> String {
    let found = &report.findings;
    let mut html = head(&format!("演练报告 Drill report: {}", report.scenario));
    let _ = write!(html, "<h1>演练报告 Drill report</h1><p>{}</p>", escape(&report.scenario));
    html += &verdict(report);
    html += "<h2>发生了什么 What happened</h2><table>";
    let mut row = |name: &str, value: String| {
        let _ = write!(html, "<tr><td>{name}</td><td class=n>{value}</td></tr>");
    };
    row("干警 officers", found.officers.to_string());
    row(
        "位置上报（每秒） positions sent (a second)",
        format!("{} ({})", found.positions_sent, found.positions_per_s),
    );
    row(
        "线索 tips sent / 已回执 acknowledged",
        format!("{} / {}", found.tips_sent, found.tips_acked),
    );
    row("事件 incidents", found.incidents.to_string());
    row("派单 offers / 接单 accepted", format!("{} / {}", found.offers, found.offers_accepted));
    row(
        "能独立核对“最近”的派单 offers whose nearness could be checked",
        found.offers_judged.to_string(),
    );
    row("无人可派的事件 incidents with nobody left to ask", found.incidents_exhausted.to_string());
    row("服务器被强制终止并重启 server killed and restarted", found.restarts.to_string());
    row(
        "服务器内存峰值 server memory at most",
        found.server_rss_mb_max.map_or("–".into(), |mb| format!("{mb:.0} MB")),
    );
    row(
        "服务器处理器时间 server processor time",
        found.server_cpu_s.map_or("–".into(), |s| format!("{s:.1} s")),
    );
    row(
        "演练程序处理器时间 processor time of the drill",
        found.drill_cpu_s.map_or("–".into(), |s| format!("{s:.1} s")),
    );
    let country = &found.gateways;
    if country.tracked > 0 {
        let share = |cores: Option<f64>| cores.map_or("–".into(), |cores| format!("{cores:.2}"));
        row("法院 courts", country.courts.to_string());
        row("仅有定位终端的干警 officers with a tracker only", country.tracked.to_string());
        row(
            "经网关的位置 positions through gateways / 采用 taken / 拒绝 refused",
            format!(
                "{} / {} / {}",
                country.gateway_positions_sent,
                country.gateway_positions_taken,
                country.gateway_positions_refused
            ),
        );
        row(
            "重发的位置 positions sent again / 放弃 given up",
            format!(
                "{} / {}",
                country.gateway_positions_resent, country.gateway_positions_given_up
            ),
        );
        row(
            "批次 batches / 拒绝 refused / 无回执 never answered",
            format!(
                "{} / {} / {}",
                country.gateway_batches,
                country.gateway_batches_refused,
                country.gateway_batches_unanswered
            ),
        );
        let batch = &country.gateway_batch_ms;
        row(
            "批次到落盘回执 batch until all of it is on the disk, p50 / p99",
            format!("{} / {}", time(batch.p50), time(batch.p99)),
        );
        row(
            "每秒处理的位置 positions handled a second, sockets and gateways",
            format!("{:.0}", country.positions_handled_per_s),
        );
        row(
            "处理器核数：服务器 / 演练 cores used: server / drill",
            format!("{} / {}", share(country.server_cpu_share), share(country.drill_cpu_share)),
        );
    }
    html += "</table>";
    html += &overload(report, entries);
    html += &latencies(report);
    html += "<h2>时间线 Time line</h2>";
    html += &time_line(entries);
    html += "<h2>地图：线索与前往者 Map: tips and who went</h2>";
    html += &plot::map(&went(entries));
    html += "<h2>限值 Limits</h2><table><tr><th>项目 limit</th><th class=n>允许 allowed</th><th class=n>实测 measured\
             </th><th>结果 result</th></tr>";
    for line in &report.limits {
        html += &limit_row(line);
    }
    html += "</table>";
    html += &lists(report);
    html += DEFINITIONS;
    html + "</body></html>"
}

fn verdict(report: &Report) -> String {
    let found = &report.findings;
    let (class, words) = if report.passed {
        ("pass", "通过：所有限值均满足。 Passed: every limit was kept.")
    } else {
        ("fail", "未通过：有限值被突破。 Failed: limits were broken.")
    };
    let mut html = format!(r#"<div class="verdict {class}"><strong>{words}</strong>"#);
    let _ = write!(
        html,
        "<p>{} 条已回执的线索中，丢失 {} 条；一人两派 {} 次；未派给最近者 {} 次。线索发出后，一半在 {} \
         内、百分之九十九在 {} 内到达干警手机。</p><p>Of {} acknowledged tips {} were lost; {} double \
         commitments; {} offers passed over someone nearer. Half of the tips were on an officer's screen \
         within {}, 99 of 100 within {}.</p>",
        found.tips_acked,
        found.tips_lost,
        found.double_commitments,
        found.offers_not_nearest,
        time(found.tip_to_offer_ms.p50),
        time(found.tip_to_offer_ms.p99),
        found.tips_acked,
        found.tips_lost,
        found.double_commitments,
        found.offers_not_nearest,
        time(found.tip_to_offer_ms.p50),
        time(found.tip_to_offer_ms.p99),
    );
    if !report.limits_broken.is_empty() {
        html += "<ul>";
        for line in &report.limits_broken {
            let _ = write!(html, "<li><code>{}</code></li>", escape(line));
        }
        html += "</ul>";
    }
    let _ = write!(
        html,
        "<small>{} · seed {} · {} s · tiande-drill</small></div>",
        escape(&report.ended_at),
        report.seed,
        report.duration_s,
    );
    html
}

/// What became of the calls for help and of the storm; empty when there was neither.
fn overload(report: &Report, entries: &[Entry]) -> String {
    let found = &report.findings.overload;
    let storm = entries.iter().find_map(|entry| match &entry.event {
        Event::Begin(setting) => setting.storm,
        _ => None,
    });
    if found.sos_sent == 0 && storm.is_none() {
        return String::new();
    }
    let mut html = String::from("<h2>过载 Overload</h2><table>");
    let mut row = |name: &str, value: String| {
        let _ = write!(html, "<tr><td>{name}</td><td class=n>{value}</td></tr>");
    };
    if let Some([from, to]) = storm {
        row("风暴时段 storm, seconds after the first tip", format!("{from}–{to}"));
    }
    let number = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.1}"));
    row("风暴中每秒线索 tips a second in the storm", number(found.storm_tips_per_s));
    row("风暴后恢复正常（秒） normal again after, seconds", number(found.normal_again_s));
    row(
        "求助 / 已确认 calls for help / acknowledged",
        format!("{} / {}", found.sos_sent, found.sos_acked),
    );
    row("被拒绝的指令 commands refused for want of room", found.commands_shed.to_string());
    for (code, count) in &found.tips_refused_codes {
        row(&format!("线索被拒绝 tips refused: {}", escape(code)), count.to_string());
    }
    html + "</table>"
}

fn latencies(report: &Report) -> String {
    let found = &report.findings;
    let series = [
        ("回执 tip → acknowledged", "#8a6d1f", &found.tip_to_ack_ms),
        ("派到手机 tip → offer on a screen", "#1f5f99", &found.tip_to_offer_ms),
        ("接单 tip → accepted", "#2e7d4f", &found.tip_to_accept_ms),
        ("求助已确认 SOS → acknowledged", "#b3261e", &found.overload.sos_to_ack_ms),
        ("求助到席位 SOS → on the console", "#d0704a", &found.overload.sos_to_console_ms),
        ("接单确认 accept → done", "#5b4a9c", &found.overload.accept_to_ack_ms),
    ];
    let mut html = String::from(
        "<h2>多快 How fast</h2><table><tr><th></th><th class=n>p50</th><th class=n>p95</th><th class=n>p99</th>\
         <th class=n>最慢 max</th><th class=n>次数 count</th></tr>",
    );
    let quantiles = |one: &Latency| [one.p50, one.p95, one.p99, one.max].map(time);
    for (name, _, one) in &series {
        let [p50, p95, p99, max] = quantiles(one);
        let _ = write!(
            html,
            "<tr><td>{name}</td><td class=n>{p50}</td><td class=n>{p95}</td><td class=n>{p99}</td>\
             <td class=n>{max}</td><td class=n>{}</td></tr>",
            one.count
        );
    }
    html += "</table>";
    let plotted = series.map(|(name, colour, one)| Series { name, colour, all_us: &one.all_us });
    html + &plot::distribution(&plotted)
}

fn time_line(entries: &[Entry]) -> String {
    let started = entries
        .iter()
        .find(|entry| matches!(entry.event, Event::Started))
        .map_or(0, |entry| entry.t);
    let end = entries.last().map_or(started, |entry| entry.t).max(started + 1);
    let moments = |wanted: &dyn Fn(&Event) -> bool| {
        let kept = entries.iter().filter(|entry| entry.t >= started && wanted(&entry.event));
        kept.map(|entry| seconds(entry.t - started)).collect()
    };
    let rows = [
        Row { name: "线索 tips", colour: "#b3261e", moments: first_sent(entries, started) },
        Row {
            name: "派单 offers",
            colour: "#1f5f99",
            moments: moments(&|event| matches!(event, Event::Offer { .. })),
        },
        Row {
            name: "接单 accepts",
            colour: "#2e7d4f",
            moments: moments(&|event| {
                matches!(event, Event::Answer { verb: Verb::Accept, ok: true, .. })
            }),
        },
        Row {
            name: "强制终止 kills",
            colour: "#1c2530",
            moments: moments(&|event| matches!(event, Event::Killed)),
        },
    ];
    plot::time_line(&rows, seconds(end - started))
}

/// When each tip was sent for the first time; retries and repeats are no new tips.
fn first_sent(entries: &[Entry], started: u64) -> Vec<f64> {
    let mut seen = HashSet::new();
    let new = entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::TipSent { tip, .. } if seen.insert(tip)));
    new.map(|entry| seconds(entry.t.saturating_sub(started))).collect()
}

/// Each tip's place, and where those who accepted were at that moment. At most 3,000 tips are drawn.
fn went(entries: &[Entry]) -> Vec<Went> {
    let mut place_of: HashMap<u32, (f64, f64)> = HashMap::new();
    let mut offers: HashMap<(u32, &str), &str> = HashMap::new();
    let mut from: HashMap<&str, Vec<(f64, f64)>> = HashMap::new();
    let mut tips: Vec<(u32, (f64, f64), Option<&str>)> = Vec::new();
    let mut index: HashMap<u32, usize> = HashMap::new();
    for Entry { event, .. } in entries {
        match event {
            Event::Fix { o, lat, lon, .. } => {
                place_of.insert(*o, (*lat, *lon));
            }
            Event::Offer { o, offer, incident, .. } => {
                offers.insert((*o, offer), incident);
            }
            Event::Answer { o, verb: Verb::Accept, subject, ok: true, .. } => {
                if let (Some(incident), Some(place)) =
                    (offers.get(&(*o, subject.as_str())), place_of.get(o))
                {
                    from.entry(incident).or_default().push(*place);
                }
            }
            Event::TipSent { tip, lat, lon, .. } if !index.contains_key(tip) => {
                index.insert(*tip, tips.len());
                tips.push((*tip, (*lat, *lon), None));
            }
            Event::TipAnswered { tip, incident: Some(incident), .. } => {
                if let Some(at) = index.get(tip) {
                    tips[*at].2 = Some(incident);
                }
            }
            _ => {}
        }
    }
    let went = tips.into_iter().take(3_000).map(|(_, tip, incident)| Went {
        tip,
        from: incident.and_then(|incident| from.get(incident)).cloned().unwrap_or_default(),
    });
    went.collect()
}

/// A limit's name in the words of a court.
fn words(name: &str) -> &'static str {
    match name {
        "tips_lost" => "已回执而丢失的线索",
        "double_commitments" => "一人两派或超员",
        "offers_not_nearest" => "未派给最近者",
        "offers_off_duty" => "派给已下岗者",
        "offers_reasked" => "同一事件重复询问同一人",
        "commitments_lost" => "重启后丢失的任务",
        "duties_lost" => "重启后丢失的在岗状态",
        "tip_answers_differ" => "同一线索重发而回执不同",
        "sos_failed" => "未获确认的求助",
        "commands_shed" => "因过载被拒的指令",
        "sos_to_ack_p99_ms" => "求助到确认，毫秒",
        "sos_to_console_p99_ms" => "求助到席位，毫秒",
        "accept_to_ack_p99_ms" => "接单到确认，毫秒",
        "normal_again_s" => "风暴后恢复正常，秒",
        "storm_tips_per_s_min" => "风暴中每秒线索",
        "sos_acked_min" => "至少确认的求助",
        "tips_unanswered" => "始终未获回执的线索",
        "tips_refused" => "被拒绝的线索",
        "incidents_exhausted" => "无人可派的事件",
        "positions_refused_ratio" => "被拒绝的位置占比",
        "tip_to_ack_p99_ms" => "线索到回执，毫秒",
        "tip_to_offer_p99_ms" => "线索到手机，毫秒",
        "tip_to_accept_p99_ms" => "线索到接单，毫秒",
        "server_rss_mb_max" => "服务器内存，MB",
        "server_cpu_share" => "服务器所用处理器核数",
        "drill_cpu_share" => "演练所用处理器核数",
        "positions_handled_per_s_min" => "每秒处理的位置",
        "gateway_positions_refused" => "网关被拒的位置",
        "gateway_batches_refused" => "网关被拒的批次",
        "gateway_positions_given_up" => "网关放弃的位置",
        "gateway_batches_unanswered" => "无回执的批次",
        "gateway_answers_wrong" => "有误的批次回执",
        "tips_looked_up_min" => "至少由调度员查到的线索",
        "gateway_batch_p99_ms" => "批次到落盘回执，毫秒",
        "tips_acked_min" => "至少回执的线索",
        "offers_judged_min" => "至少核对的派单",
        "restarts_min" => "至少重启次数",
        _ => "",
    }
}

fn limit_row(line: &LimitLine) -> String {
    let sign = if line.at_least { "≥" } else { "≤" };
    let value = line.value.map_or("–".to_owned(), |value| format!("{value}"));
    let (class, word) = if line.broken { ("broken", "突破 broken") } else { ("", "满足 kept") };
    format!(
        r#"<tr class="{class}"><td>{} <code>{}</code></td><td class=n>{sign} {}</td><td class=n>{value}</td><td>{word}</td></tr>"#,
        words(line.name),
        line.name,
        line.limit
    )
}

fn lists(report: &Report) -> String {
    let mut html = String::new();
    let lists = [
        ("差错 Faults, as the checker found them", &report.findings.faults),
        ("记事 Notes of the drill", &report.findings.notes),
    ];
    for (name, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = write!(html, "<h2>{name}</h2><ul>");
        for line in lines.iter().take(60) {
            let _ = write!(html, "<li><code>{}</code></li>", escape(line));
        }
        html += "</ul>";
    }
    html
}

const DEFINITIONS: &str = "<h2>定义 Definitions</h2><ul>\
<li><b>丢失的线索 lost tip</b>: the server answered 202, and at the end does not know the tip or its incident. \
服务器已回执，结束时却查不到该线索或其事件。</li>\
<li><b>一人两派 double commitment</b>: an officer held two incidents at once, or an incident more officers than \
it asks for. 同一干警同时承担两件事，或一件事超员。</li>\
<li><b>未派给最近者 not nearest</b>: another officer was certainly fit and free, and nearer under every position \
consistent with what was sent and acknowledged; computed by the drill itself, in WGS-84 geodesic metres. \
另有干警确定可派且确定更近；由演练程序独立计算。</li>\
<li><b>tip → offer</b>: from sending the tip to its first offer on any handheld, measured by the drill, both ends \
on one clock. 从发出线索到任一手机收到派单。</li>\
<li><b>p99</b>: 99 of 100 were at least so fast. 百分之九十九不慢于此。</li></ul>";

/// The page that lists several runs.
pub fn index(runs: &[(String, Value)], passed: bool) -> String {
    let mut html = head("演练总览 Drills");
    let (class, words) = if passed {
        ("pass", "全部通过。 All drills passed.")
    } else {
        ("fail", "有演练未通过。 A drill failed.")
    };
    let _ = write!(
        html,
        r#"<h1>演练总览 Drills</h1><div class="verdict {class}"><strong>{words}</strong></div>"#
    );
    html += "<table><tr><th>演练 drill</th><th>结果 result</th><th class=n>干警 officers</th><th class=n>线索 tips</th>\
             <th class=n>丢失 lost</th><th class=n>两派 double</th><th class=n>非最近 not nearest</th>\
             <th class=n>tip → offer p99</th></tr>";
    for (link, run) in runs {
        let number =
            |key: &str| run[key].as_u64().map_or("–".to_owned(), |value| value.to_string());
        let good = run["passed"] == Value::Bool(true);
        let _ = write!(
            html,
            r#"<tr class="{}"><td><a href="{}/report.html">{}</a></td><td>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td></tr>"#,
            if good { "" } else { "broken" },
            escape(link),
            escape(run["scenario"].as_str().unwrap_or("?")),
            if good { "通过 passed" } else { "未通过 failed" },
            number("officers"),
            number("tips_acked"),
            number("tips_lost"),
            number("double_commitments"),
            number("offers_not_nearest"),
            run["tip_to_offer_ms"]["p99"].as_f64().map_or("–".to_owned(), time),
        );
    }
    html + "</table></body></html>"
}

fn head(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head><body>",
        escape(title)
    )
}

fn time(ms: f64) -> String {
    if ms >= 10_000.0 { format!("{:.1} s", ms / 1000.0) } else { format!("{ms:.1} ms") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
