//! The four figures of the third-party assessment (三个90%一个80%), and the list behind each; who waits for an answer,
//! and who comes.
//!
//! Figures are of the cases that were closed in a span of days, but for the closing rate, which is of those docketed
//! in it; petitions are of all cases of the list. They are computed from how the files stand, by nobody's hand.

use std::collections::BTreeMap;

use actix_web::web::{Data, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use tiande_core::calendar::Day;
use tiande_core::case::CaseStanding;
use tiande_core::file::closing::ClosedBy;
use tiande_core::ids::UserId;
use tiande_core::time::UnixMillis;

use super::only;
use super::problem::Problem;
use super::supervision::enter;
use crate::app::App;
use crate::journal::case_queries::{StandingListed, StandingsBy};

/// Days of a span, at most: two years and a day.
const DAYS_MAX: i32 = 731;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/api/supervision/indicators").get(indicators).default_service(only("GET")),
    )
    .service(resource("/api/supervision/waiting").get(waiting).default_service(only("GET")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    /// First day.
    from: String,
    /// Last day.
    to: String,
}

/// One figure: how many of how many, what is wanted, and which cases count and which fall short.
struct Figure {
    name: &'static str,
    /// Percent that the assessment wants.
    wanted: u32,
    met: Vec<String>,
    missed: Vec<String>,
}

impl Figure {
    fn new(name: &'static str, wanted: u32) -> Self {
        Self { name, wanted, met: Vec::new(), missed: Vec::new() }
    }

    fn count(&mut self, met: bool, number: &str) {
        if met { &mut self.met } else { &mut self.missed }.push(number.to_owned());
    }

    fn shown(&self) -> Value {
        let (met, all) = (self.met.len(), self.met.len() + self.missed.len());
        // In hundredths of a percent; of nothing there is no share.
        let share = (met * 10_000).checked_div(all);
        let fits = share.is_none_or(|share| share >= self.wanted as usize * 100);
        json!({
            "name": self.name, "wanted_percent": self.wanted, "met": met, "of": all,
            "share": share, "fits": fits, "cases": {"met": self.met, "missed": self.missed},
        })
    }
}

/// The four figures of these cases: those closed in the span, and those docketed in it.
fn figures(closed: &[StandingListed], docketed: &[StandingListed]) -> [Figure; 4] {
    let mut in_time = Figure::new("with_assets_in_time", 90);
    let mut standard = Figure::new("rounds_to_standard", 90);
    let mut petitions = Figure::new("petitions_settled", 90);
    let mut closing = Figure::new("closing_rate", 80);
    let mut seen = std::collections::BTreeSet::new();
    for case in closed {
        let CaseStanding { closed: how, grade, .. } = &case.standing;
        let round = how.is_some_and(|(how, _)| how == ClosedBy::RoundClosed);
        if grade.with_assets && !round {
            in_time.count(grade.in_time == Some(true), &case.number);
        }
        if round {
            standard.count(grade.to_standard == Some(true), &case.number);
        }
    }
    for case in docketed {
        closing.count(case.standing.closed.is_some(), &case.number);
    }
    for case in closed.iter().chain(docketed).filter(|case| seen.insert(case.case)) {
        let grade = &case.standing.grade;
        for nth in 0..grade.petitions {
            petitions.count(nth < grade.settled, &case.number);
        }
    }
    [in_time, standard, petitions, closing]
}

async fn indicators(
    app: Data<App>,
    request: HttpRequest,
    span: Result<Query<Span>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let (signed, own) = enter(&app, &request).await?;
    let span = span.map_err(|_fault| Problem::request_invalid())?;
    let day = |text: &str| text.parse::<Day>().map_err(|_bad| Problem::request_invalid());
    let (first, last) = (day(&span.from)?, day(&span.to)?);
    if last < first || first.plus(DAYS_MAX) < last {
        return Err(Problem::request_invalid());
    }
    let _pass = app.report().await?;
    let (from, before) = (first.begins(), last.plus(1).begins());
    let court = &signed.staff.court;
    let list = |by| app.journal.standings(court, by, from, before, own);
    let closed = list(StandingsBy::Closed).await.map_err(|_fault| Problem::overloaded())?;
    let docketed = list(StandingsBy::Docketed).await.map_err(|_fault| Problem::overloaded())?;
    let shown: Vec<Value> = figures(&closed, &docketed).iter().map(Figure::shown).collect();
    Ok(HttpResponse::Ok().json(json!({"from": first, "to": last, "figures": shown})))
}

async fn waiting(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (signed, own) = enter(&app, &request).await?;
    let _pass = app.report().await?;
    let court = &signed.staff.court;
    let (from, before) = (UnixMillis(0), UnixMillis(i64::MAX));
    let list = |by| app.journal.standings(court, by, from, before, own);
    let waits = list(StandingsBy::Waiting).await.map_err(|_fault| Problem::overloaded())?;
    let meets = list(StandingsBy::Meeting).await.map_err(|_fault| Problem::overloaded())?;
    let names = app.doors.staff_names(court).await.map_err(|_fault| Problem::overloaded())?;
    let shape = |case: &StandingListed| row(case, &names);
    Ok(HttpResponse::Ok().json(json!({
        "now": app.clock.now().0,
        "waiting": waits.iter().map(shape).collect::<Vec<_>>(),
        "meetings": meets.iter().map(shape).collect::<Vec<_>>(),
    })))
}

fn row(case: &StandingListed, names: &BTreeMap<UserId, String>) -> Value {
    let handler =
        case.handler.map(|user| json!({"id": user.to_string(), "name": names.get(&user)}));
    json!({
        "case": case.case.to_string(), "number": case.number, "handler": handler,
        "waits_since": case.standing.waits_since.map(|at| at.0),
        "appointment": case.standing.appointment.map(|at| at.0),
        "appointment_asked": case.standing.appointment_asked,
    })
}

#[cfg(test)]
mod tests {
    use tiande_core::case::Grade;
    use tiande_core::ids::CaseId;
    use uuid::Uuid;

    use super::*;

    fn case(n: u128, how: Option<ClosedBy>, grade: Grade) -> StandingListed {
        let closed = how.map(|how| (how, UnixMillis(1)));
        let standing = CaseStanding { closed, grade, ..CaseStanding::default() };
        StandingListed {
            case: CaseId(Uuid::from_u128(n)),
            number: n.to_string(),
            handler: None,
            standing,
        }
    }

    #[test]
    fn each_figure_counts_its_own_cases_and_each_petition_once() {
        let paid = Grade { with_assets: true, in_time: Some(true), ..Grade::default() };
        let late = Grade { in_time: Some(false), petitions: 3, settled: 2, ..paid };
        let round = Grade { to_standard: Some(true), ..Grade::default() };
        let sloppy = Grade { to_standard: Some(false), with_assets: true, ..Grade::default() };
        let closed = [
            case(1, Some(ClosedBy::Fulfilled), paid),
            case(2, Some(ClosedBy::Fulfilled), late),
            case(3, Some(ClosedBy::RoundClosed), round),
            case(4, Some(ClosedBy::RoundClosed), sloppy),
        ];
        let docketed = [case(2, Some(ClosedBy::Fulfilled), late), case(5, None, Grade::default())];
        let of = |figure: &Figure| (figure.met.clone(), figure.missed.clone());
        let [in_time, standard, petitions, closing] = figures(&closed, &docketed);
        assert_eq!(of(&in_time), (vec!["1".to_owned()], vec!["2".to_owned()]));
        assert_eq!(of(&standard), (vec!["3".to_owned()], vec!["4".to_owned()]));
        assert_eq!(of(&petitions), (vec!["2".to_owned(); 2], vec!["2".to_owned()]));
        assert_eq!(of(&closing), (vec!["2".to_owned()], vec!["5".to_owned()]));
        assert_eq!(petitions.shown()["share"], 6_666);
        assert_eq!(petitions.shown()["fits"], false);
        let none = Figure::new("x", 90).shown();
        assert_eq!((&none["share"], &none["fits"]), (&Value::Null, &json!(true)));
    }
}
