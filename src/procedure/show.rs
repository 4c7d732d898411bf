//! What the calculator and the rows look like: JSON for programs, lines for people.

use serde_json::{Value, json};
use tiande_core::calendar::{Day, SHANGHAI_OFFSET_MINUTES};
use tiande_core::deadline::{End, Rule};
use tiande_core::procedure::{Deed, Documents, IncidentStep, Kind, Node, Offset, Start, Words};
use tiande_core::rfc3339;
use tiande_core::time::UnixMillis;

use super::{Asked, Rules};

/// A moment in Shanghai time; without a fraction when it has none.
pub(super) fn shanghai(at: UnixMillis) -> String {
    rfc3339::format_offset(at, SHANGHAI_OFFSET_MINUTES).replace(".000+", "+")
}

fn rule_line(rule: &Rule) -> String {
    format!("{} · {} ({})", rule.zh(), rule.en(), rule.article())
}

/// The calculator's answer as JSON.
pub(super) fn answer_json(asked: &Asked<'_>, rules: &Rules) -> Value {
    let Asked { node, begin, computed, recurrences } = asked;
    let paused = match computed.end {
        End::Paused { since } => Some(since),
        End::Due { .. } => None,
    };
    let because: Vec<String> = computed.because.iter().map(rule_line).collect();
    let rules_used: Vec<Value> = computed
        .because
        .iter()
        .map(|rule| {
            json!({"rule": rule.name(), "zh": rule.zh(), "en": rule.en(), "article": rule.article()})
        })
        .collect();
    let moments =
        |moments: &[UnixMillis]| moments.iter().map(|at| shanghai(*at)).collect::<Vec<_>>();
    let mut shown = json!({
        "node": node.code, "zh": node.zh, "en": node.en, "kind": node.kind.name(),
        "from": shanghai(begin.at),
        "due": computed.due().map(shanghai),
        "warn": moments(&computed.warnings),
        "provisional": computed.provisional(),
        "paused_since": paused,
        "unrolled": computed.unrolled(),
        "because": because,
        "rules": rules_used,
        "article": node.article, "rank": node.rank.name(), "sure": node.sure.name(),
        "must_be_confirmed": node.sure.must_be_confirmed(),
        "counsel": node.counsel,
        "procedure": rules.procedure.version(), "calendar": rules.calendar.version(),
    });
    if matches!(node.kind, Kind::Recurring { .. }) {
        shown["recurrences"] = json!(moments(recurrences));
    }
    shown
}

/// The calculator's answer for people.
pub(super) fn answer_text(asked: &Asked<'_>) -> String {
    let Asked { node, computed, recurrences, .. } = asked;
    let mut text = format!("{} {} · {}\n", node.code, node.zh, node.en);
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<12}{value}\n"));
    match computed.end {
        End::Due { at, .. } => line("due", &spoken(at)),
        End::Paused { since } => {
            line("paused", &format!("since {since}: no due date until it runs again"))
        }
    }
    for at in &computed.warnings {
        line("warning", &spoken(*at));
    }
    for at in recurrences {
        line("recurs", &spoken(*at));
    }
    if computed.provisional() {
        line(
            "PROVISIONAL",
            "the calendar does not have that year yet; compute it again when it does",
        );
    }
    if let Some(counsel) = &node.counsel {
        line("COUNSEL", counsel);
    }
    if node.sure.must_be_confirmed() {
        line(
            "CONFIRM",
            &format!("{}, {}: the court must confirm this row", node.rank.name(), node.sure.name()),
        );
    }
    text.push_str("because\n");
    for rule in &computed.because {
        text.push_str(&format!("  {}\n", rule_line(rule)));
    }
    text
}

/// A moment with its weekday.
fn spoken(at: UnixMillis) -> String {
    const WEEKDAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let weekday = usize::from(Day::of(at).weekday()).checked_sub(1);
    let weekday = weekday.and_then(|index| WEEKDAYS.get(index)).copied().unwrap_or_default();
    format!("{}  {weekday}", shanghai(at))
}

/// All rows as JSON.
pub(super) fn rows_json(rules: &Rules) -> Value {
    let procedure = &rules.procedure;
    let words = |words: &Words| json!({"zh": words.zh, "en": words.en});
    let table = |table: &std::collections::BTreeMap<String, Words>| -> Value {
        table.iter().map(|(code, entry)| (code.clone(), words(entry))).collect()
    };
    let reasons: Value = procedure
        .reasons()
        .iter()
        .map(|(code, reason)| {
            let shown = json!({"zh": reason.words.zh, "en": reason.words.en,
                "article": reason.article, "sure": reason.sure.name()});
            (code.clone(), shown)
        })
        .collect();
    json!({
        "procedure": procedure.version(),
        "effective_from": procedure.effective_from(),
        "calendar": rules.calendar.version(),
        "reasons": reasons,
        "events": table(procedure.events()),
        "documents": table(procedure.documents()),
        "nodes": procedure.nodes().iter().map(row_json).collect::<Vec<_>>(),
    })
}

fn row_json(node: &Node) -> Value {
    let start = match &node.start {
        Start::Event(event) => json!({"event": event}),
        Start::After { nodes, by_hand, zh, en } => {
            json!({"after": nodes, "by_hand": by_hand, "zh": zh, "en": en})
        }
        Start::BeforeEndOf { nodes, zh, en } => {
            json!({"before_end_of": nodes, "zh": zh, "en": en})
        }
    };
    let documents = match &node.documents {
        Documents::All(codes) => json!({"all": codes}),
        Documents::OneOf(codes) => json!({"one_of": codes}),
        Documents::None(why) => json!({"none": why}),
    };
    let rounds = match node.kind {
        Kind::Recurring { rounds } => Some(rounds),
        _ => None,
    };
    json!({
        "code": node.code, "zh": node.zh, "en": node.en, "start": start,
        "limit": {"count": node.limit.count, "unit": node.limit.unit.name(), "exact": node.limit.exact},
        "kind": node.kind.name(), "rounds": rounds,
        "warn": node.warn.iter().map(|offset| offset_text(*offset)).collect::<Vec<_>>(),
        "reached_by": node.reached_by.map(IncidentStep::name),
        "done_by": node.done_by.map(Deed::name), "assets": node.assets,
        "documents": documents, "told": node.told, "tell": node.telling.name(),
        "alarm_warn": node.alarm_warn, "alarm_expiry": node.alarm_expiry,
        "suspended_by": node.suspended_by,
        "article": node.article, "rank": node.rank.name(), "sure": node.sure.name(),
        "must_be_confirmed": node.sure.must_be_confirmed(),
        "note": node.note, "counsel": node.counsel,
    })
}

/// `5d`, `4h`, `2min`.
pub(super) fn offset_text(offset: Offset) -> String {
    match offset {
        Offset::Days(days) => format!("{days}d"),
        Offset::Span(span) if span.0 % 3_600_000 == 0 => format!("{}h", span.0 / 3_600_000),
        Offset::Span(span) => format!("{}min", span.0 / 60_000),
    }
}
