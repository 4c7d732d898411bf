//! The five conditions of closing a round without property (法〔2016〕373号 1条), and what each still lacks. Of a case
//! that went on after such a closing only what was done since counts.

use super::numbers_of;
use crate::case::PartyRole;
use crate::file::CaseFile;
use crate::file::paper::issued_since;
use crate::file::search::{Finding, Inquiry, Restriction, RestrictionDeed};

plain_enum! {
    /// A condition of closing a round without property (法〔2016〕373号 1条).
    Condition {
        /// Notice and asset-report order were issued, and the answer was checked.
        NoticeAndReport => "notice_and_report",
        /// Consumption is restricted, and who meets what the list asks for is on it.
        Restricted => "restricted",
        /// All search is exhausted: nothing was found, or what was found cannot be sold.
        SearchExhausted => "search_exhausted",
        /// More than three months since docketing.
        ThreeMonths => "three_months",
        /// Who is missing was searched for.
        DebtorSought => "debtor_sought",
    }
}

/// A condition and what it still lacks: codes such as `execution_notice` or `lead:2`; none: it is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Which.
    pub condition: Condition,
    /// What is missing.
    pub missing: Vec<String>,
}

/// The five conditions, in the order of the text, and what each still lacks.
#[must_use]
pub fn conditions(file: &CaseFile, roles: &[PartyRole], waited: bool) -> Vec<Checked> {
    let debtors = numbers_of(roles, PartyRole::Debtor);
    let debtors: Vec<u16> = debtors.collect();
    let before = file.closing.before;
    let stated = |finding: Finding| file.search.findings.contains(&finding);
    let mut notice = Vec::new();
    for template in ["execution_notice", "asset_report_order"] {
        if issued_since(&file.papers, template, before.papers).is_none() {
            notice.push(template.to_owned());
        }
    }
    if !stated(Finding::ReportChecked) {
        notice.push(Finding::ReportChecked.name().to_owned());
    }
    let mut restricted = Vec::new();
    let imposed = |what, party| {
        matches!(
            file.search.restriction(what, party),
            Some(RestrictionDeed::Imposed | RestrictionDeed::GroundArose)
        )
    };
    for debtor in &debtors {
        if !imposed(Restriction::Consumption, *debtor) {
            restricted.push(format!("consumption:{debtor}"));
        }
        if !imposed(Restriction::Blacklist, *debtor) && !stated(Finding::ListingNotDue) {
            restricted.push(format!("blacklist:{debtor}"));
        }
    }
    let mut search = Vec::new();
    for debtor in &debtors {
        let asked = |i: &&Inquiry| {
            i.party == *debtor && i.inquiry > before.inquiries && i.answered.is_some()
        };
        if file.search.inquiries.iter().find(asked).is_none() {
            search.push(format!("inquiry:{debtor}"));
        }
    }
    let hits = file.search.inquiries.iter().filter(|inquiry| inquiry.hits > 0);
    search.extend(hits.map(|inquiry| format!("hits:{}", inquiry.inquiry)));
    if !stated(Finding::LocalSearchDone) {
        search.push(Finding::LocalSearchDone.name().to_owned());
    }
    let leads = file.search.leads.iter().filter(|lead| lead.useful.is_none());
    search.extend(leads.map(|lead| format!("lead:{}", lead.lead)));
    let assets = file.assets.iter().filter(|asset| asset.is_open());
    search.extend(assets.map(|asset| format!("asset:{}", asset.asset)));
    let sought = stated(Finding::DebtorPresent) || stated(Finding::DebtorSought);
    let lacks = |lacks: bool, what: &str| if lacks { vec![what.to_owned()] } else { Vec::new() };
    let checked = |condition, missing| Checked { condition, missing };
    vec![
        checked(Condition::NoticeAndReport, notice),
        checked(Condition::Restricted, restricted),
        checked(Condition::SearchExhausted, search),
        checked(Condition::ThreeMonths, lacks(!waited, "three_months")),
        checked(Condition::DebtorSought, lacks(!sought, Finding::DebtorSought.name())),
    ]
}
