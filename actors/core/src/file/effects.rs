//! What an event of the file means for the rest of the case: which events of the procedure happened with it, and
//! which nodes it ends. The procedure says which nodes those are; nothing here names one.

use super::asset::{AssetEvent, PriceWay};
use super::closing::ClosingEvent;
use super::handover::HandoverEvent;
use super::measure::MeasureKind;
use super::paper::{Origin, PaperEvent};
use super::party::ServiceEvent;
use super::petition::PetitionEvent;
use super::search::{Restriction, RestrictionDeed, SearchEvent};
use super::state::About;
use super::{CaseFile, FileEvent};
use crate::case::PartyRole;
use crate::deadline::Begin;
use crate::money::MoneyEvent;
use crate::procedure::{AssetKind, Deed, NodeCode};
use crate::time::UnixMillis;

/// What follows for the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An event of the procedure happened: clocks that start with it start.
    Happened {
        /// Which.
        event: String,
        /// When.
        at: Begin,
        /// What the clocks are about.
        about: Option<About>,
        /// Of an asset: what it is. Nodes for other assets do not start.
        kind: Option<AssetKind>,
    },
    /// Something was done that ends nodes.
    Did {
        /// What.
        deed: Deed,
        /// Only clocks about that.
        about: Option<About>,
        /// When.
        at: UnixMillis,
        /// Of a node that recurs: which recurrence of its opening.
        round: Option<u16>,
    },
    /// A document was issued. It counts for the node it names, and for every other of the case as a whole that
    /// waits for that document: the outer limit of a notice has the same notice.
    Issued {
        /// Code of its template.
        template: String,
        /// For which node, and which opening or recurrence.
        node: Option<(NodeCode, u16)>,
        /// When.
        at: UnixMillis,
    },
    /// A document was withdrawn: what it had ended is not done.
    Withdrawn {
        /// Its number.
        paper: u16,
    },
    /// Clocks about that do not apply any more.
    Ended {
        /// About what.
        about: About,
        /// The document, or what it is called for, that says so.
        document: String,
        /// Those that end with that deed go on.
        but: Option<Deed>,
    },
    /// What had ended nodes counts no more: they run again, from where they ran.
    Undone {
        /// What was not done after all.
        deed: Deed,
        /// Only clocks about that.
        about: Option<About>,
    },
    /// The case goes on after a closing: what looked after a closed case stops, and its terms run anew.
    Resumed {
        /// From when.
        at: UnixMillis,
    },
    /// The case is closed: what was still to be done in it is not.
    Closed {
        /// Its assets stay held, and are looked after.
        round_only: bool,
        /// When.
        at: UnixMillis,
    },
}

fn exact(at: UnixMillis) -> Begin {
    Begin { at, whole_day: false }
}

fn happened(event: &str, at: UnixMillis) -> Effect {
    Effect::Happened { event: event.to_owned(), at: exact(at), about: None, kind: None }
}

fn did(deed: Deed, at: UnixMillis) -> Effect {
    Effect::Did { deed, about: None, at, round: None }
}

/// What follows from an event, which the file has taken in since it was as `before`. In order.
#[must_use]
pub fn effects(event: &FileEvent, before: &CaseFile, file: &CaseFile) -> Vec<Effect> {
    match event {
        FileEvent::Filed { filing, .. } => vec![Effect::Happened {
            event: "application_received".to_owned(),
            at: filing.applied,
            about: None,
            kind: None,
        }],
        FileEvent::Docketed { at } => {
            vec![did(Deed::Docketed, *at), happened("docketing_decided", *at)]
        }
        FileEvent::Noted { event, at } => {
            vec![Effect::Happened { event: event.clone(), at: *at, about: None, kind: None }]
        }
        FileEvent::Search(event) => search(event, file),
        FileEvent::Asset(event) => asset(event, file),
        FileEvent::Measure(measure) => {
            let at = measure.at;
            match measure.kind {
                MeasureKind::BroughtIn => vec![happened("person_brought_in", at)],
                MeasureKind::Detained => {
                    vec![happened("detention_imposed", at), happened("detention_begins", at)]
                }
                MeasureKind::Arrived
                | MeasureKind::Announced
                | MeasureKind::Searched
                | MeasureKind::Sealed
                | MeasureKind::Impounded
                | MeasureKind::Served
                | MeasureKind::Left => Vec::new(),
            }
        }
        FileEvent::Money(event) => money(event, file),
        FileEvent::Paper(PaperEvent::Issued { template, node, at, .. }) => {
            vec![Effect::Issued { template: template.clone(), node: *node, at: *at }]
        }
        FileEvent::Service(event) => service(event, before, file),
        FileEvent::Paper(PaperEvent::Withdrawn { paper }) if file.closing.closed.is_none() => {
            vec![Effect::Withdrawn { paper: *paper }]
        }
        FileEvent::Petition(event) => petition(event),
        FileEvent::Closing(event) => closing(event),
        FileEvent::Handover(
            HandoverEvent::Offered(_) | HandoverEvent::Taken { .. } | HandoverEvent::Withdrawn {},
        )
        | FileEvent::Drawn(_)
        | FileEvent::Link(_)
        | FileEvent::Paper(_)
        | FileEvent::Message(_)
        | FileEvent::Appointment(_)
        | FileEvent::Situation(_)
        | FileEvent::Bound { .. } => Vec::new(),
    }
}

/// What follows when somebody gets the case for the first time.
pub(crate) fn received(at: UnixMillis) -> Vec<Effect> {
    vec![did(Deed::Assigned, at), did(Deed::FileReceived, at), happened("file_received", at)]
}

fn search(event: &SearchEvent, file: &CaseFile) -> Vec<Effect> {
    match *event {
        SearchEvent::Inquired { requery: None, at, .. } => vec![did(Deed::InquirySent, at)],
        SearchEvent::Answered { inquiry, at, .. } => {
            // One that had failed has gone out after all.
            let of = file.search.inquiries.iter().find(|known| known.inquiry == inquiry);
            let first = of.filter(|known| known.requery.is_none());
            first.map(|_| did(Deed::InquirySent, at)).into_iter().collect()
        }
        SearchEvent::InquiryFailed { .. } if file.closing.closed.is_none() => {
            let out = |known: &super::search::Inquiry| {
                known.requery.is_none()
                    && !known.failed
                    && known.inquiry > file.closing.before.inquiries
            };
            let none = !file.search.inquiries.iter().any(out);
            let undone = Effect::Undone { deed: Deed::InquirySent, about: None };
            none.then_some(undone).into_iter().collect()
        }
        SearchEvent::LeadGiven { lead, urgent, at, .. } => vec![Effect::Happened {
            event: if urgent { "urgent_lead_received" } else { "lead_received" }.to_owned(),
            at: exact(at),
            about: Some(About::Lead(lead)),
            kind: None,
        }],
        SearchEvent::LeadVerified { lead, at, .. } => vec![Effect::Did {
            deed: Deed::LeadVerified,
            about: Some(About::Lead(lead)),
            at,
            round: None,
        }],
        SearchEvent::Restricted { restriction, party, how, at } => {
            let known = (1..).zip(&file.search.restrictions);
            let mut own = known.filter(|(_, (of, on, _))| (*of, *on) == (restriction, party));
            let about = own.next().map(|(number, _)| About::Restriction(number));
            match (restriction, how) {
                (Restriction::Consumption, RestrictionDeed::Imposed) => {
                    vec![did(Deed::Restricted, at)]
                }
                (Restriction::Blacklist, RestrictionDeed::Imposed) => {
                    vec![did(Deed::Blacklisted, at)]
                }
                (_, RestrictionDeed::GroundArose) => vec![Effect::Happened {
                    event: "deletion_ground".to_owned(),
                    at: exact(at),
                    about,
                    kind: None,
                }],
                (_, RestrictionDeed::Lifted) => {
                    vec![Effect::Did { deed: Deed::Delisted, about, at, round: None }]
                }
            }
        }
        SearchEvent::Inquired { .. }
        | SearchEvent::Settled { .. }
        | SearchEvent::InquiryFailed { .. }
        | SearchEvent::Stated { .. } => Vec::new(),
    }
}

fn asset(event: &AssetEvent, file: &CaseFile) -> Vec<Effect> {
    let number = event.asset();
    let Some(asset) = file.assets.iter().find(|known| known.asset == number) else {
        return Vec::new();
    };
    let about = About::Asset(number);
    let starts = |event: &str, at: Begin| Effect::Happened {
        event: event.to_owned(),
        at,
        about: Some(about),
        kind: Some(asset.kind),
    };
    let ends = |deed, at| Effect::Did { deed, about: Some(about), at, round: None };
    let over = |document: &str| Effect::Ended { about, document: document.to_owned(), but: None };
    let deposit = asset.kind == AssetKind::Deposit;
    let effective = if deposit { "freeze_effective" } else { "seizure_effective" };
    match *event {
        AssetEvent::Found { at, .. } => {
            let found = if deposit { "assets_found_by_query" } else { "assets_found" };
            vec![starts(found, exact(at))]
        }
        AssetEvent::Controlled { from, waiting, .. } => {
            let mut all = vec![ends(Deed::AssetControlled, from.at)];
            if !waiting {
                all.push(starts(effective, from));
                all.push(starts("asset_seized", from));
            }
            // A measure before the debtor had the notice: it is sent after it (执行程序解释 22条).
            if super::paper::issued(&file.papers, "execution_notice").is_none() {
                all.push(Effect::Happened {
                    event: "measure_taken".to_owned(),
                    at: from,
                    about: None,
                    kind: None,
                });
            }
            all
        }
        AssetEvent::TookEffect { from, .. } => {
            vec![starts(effective, from), starts("asset_seized", from)]
        }
        AssetEvent::Renewed { from, .. } => {
            vec![ends(Deed::ControlRenewed, from.at), starts(effective, from)]
        }
        AssetEvent::PriceAsked { way: PriceWay::Online, at, .. } => {
            vec![starts("platform_commissioned", exact(at))]
        }
        AssetEvent::PriceAsked { way: PriceWay::Appraisal, at, .. } => {
            vec![starts("sale_decided", exact(at)), starts("appraiser_commissioned", exact(at))]
        }
        AssetEvent::PriceAsked { .. } => Vec::new(),
        AssetEvent::PriceReported { at, .. } => {
            vec![ends(Deed::PriceReported, at), starts("report_received", exact(at))]
        }
        AssetEvent::PriceFixed { at, .. } => {
            vec![ends(Deed::PriceFixed, at), starts("price_fixed", exact(at))]
        }
        AssetEvent::Published { round, at, .. } => {
            let mut all = vec![ends(Deed::NoticePublished, at)];
            // The later notices are out for a shorter time, which the asset itself looks after.
            if round == 1 {
                all.push(starts("notice_published", exact(at)));
            }
            all
        }
        AssetEvent::Failed { round, at, .. } => {
            let mut all = vec![ends(Deed::AuctionHeld, at)];
            if round == 1 {
                all.push(starts("first_auction_failed", exact(at)));
            }
            all
        }
        AssetEvent::Sold { at, .. } => vec![ends(Deed::AuctionHeld, at)],
        AssetEvent::PricePaid { at, .. } => vec![starts("price_paid", exact(at))],
        AssetEvent::SetOff { at, .. } => vec![starts("price_paid", exact(at))],
        AssetEvent::Confirmed { at, .. } => vec![ends(Deed::SaleConfirmed, at)],
        AssetEvent::HandedOver { at, .. } => {
            vec![ends(Deed::AssetHandedOver, at), over("移交笔录")]
        }
        AssetEvent::Transferred { .. } if asset.is_open() => Vec::new(),
        AssetEvent::Transferred { .. } => vec![over("扣划裁定")],
        AssetEvent::Released { .. } => vec![over("解除查封、冻结裁定")],
        // It cannot be sold; that it is held goes on, with its clock.
        AssetEvent::GivenUp { .. } => vec![Effect::Ended {
            about,
            document: "不宜处置情况说明".to_owned(),
            but: Some(Deed::ControlRenewed),
        }],
    }
}

/// Each receipt has a clock of its own until all of it was paid out.
fn money(event: &MoneyEvent, file: &CaseFile) -> Vec<Effect> {
    let MoneyEvent::Posted(entry) = event;
    let at = entry.at;
    let mut all = Vec::new();
    if let Some(reversed) = entry.reverses {
        let about = About::Receipt(reversed);
        all.push(Effect::Ended { about, document: entry.document.clone(), but: None });
    } else if entry.received().0 > 0 {
        let about = Some(About::Receipt(entry.number));
        let starts = |event: &str| Effect::Happened {
            event: event.to_owned(),
            at: exact(at),
            about,
            kind: None,
        };
        // Who posts it to a case has found out whose it is.
        all.push(starts("funds_received"));
        all.push(Effect::Did { deed: Deed::FundsIdentified, about, at, round: None });
        all.push(starts("funds_notice_received"));
    }
    // A payout that was reversed leaves what it had paid to be paid again.
    all.extend(file.money.receipts().into_iter().map(|(entry, paid)| {
        let (deed, about) = (Deed::PaidOut, Some(About::Receipt(entry)));
        if paid {
            Effect::Did { deed, about, at, round: None }
        } else {
            Effect::Undone { deed, about }
        }
    }));
    all
}

/// What starts when a document of that template has reached a party of that role.
fn served(template: &str, role: Option<PartyRole>) -> Option<&'static str> {
    match (template, role) {
        ("asset_report_order", Some(PartyRole::Debtor)) => Some("report_order_served"),
        ("execution_notice", Some(PartyRole::Debtor)) => Some("execution_notice_received"),
        ("objection_ruling", _) => Some("objection_ruling_served"),
        ("distribution_plan", _) => Some("distribution_plan_received"),
        ("third_party_notice", Some(PartyRole::Third)) => Some("third_party_notified"),
        ("detention_decision", Some(PartyRole::Debtor)) => Some("decision_received"),
        _ => None,
    }
}

fn service(event: &ServiceEvent, before: &CaseFile, file: &CaseFile) -> Vec<Effect> {
    let ServiceEvent::Arrived { paper, party, .. } = *event else { return Vec::new() };
    // The first service counts; what started with it is corrected by hand when word of an earlier one comes.
    let Some(at) = file.services.served(paper, party) else { return Vec::new() };
    if before.services.served(paper, party).is_some() {
        return Vec::new();
    }
    let known = file.papers.iter().find(|known| known.paper == paper);
    let Some(Origin::Court { template, .. }) = known.map(|known| &known.origin) else {
        return Vec::new();
    };
    let role = usize::from(party).checked_sub(1).and_then(|index| file.roles.get(index)).copied();
    served(template, role).map(|event| happened(event, at)).into_iter().collect()
}

fn petition(event: &PetitionEvent) -> Vec<Effect> {
    match *event {
        PetitionEvent::Logged { petition, received, at } => {
            let about = Some(About::Petition(petition));
            vec![
                Effect::Happened {
                    event: "petition_received".to_owned(),
                    at: exact(received),
                    about,
                    kind: None,
                },
                Effect::Did { deed: Deed::PetitionLogged, about, at, round: None },
            ]
        }
        PetitionEvent::Answered { petition, at, .. } => vec![Effect::Did {
            deed: Deed::PetitionAnswered,
            about: Some(About::Petition(petition)),
            at,
            round: None,
        }],
    }
}

fn closing(event: &ClosingEvent) -> Vec<Effect> {
    match *event {
        ClosingEvent::Intended { at } => vec![happened("closing_intended", at)],
        ClosingEvent::InterviewHeld { at, .. } => vec![did(Deed::InterviewHeld, at)],
        ClosingEvent::ApprovalAsked { at, .. } => vec![happened("approval_asked", at)],
        ClosingEvent::Closed(closed) => {
            let round_only = closed.how == super::closing::ClosedBy::RoundClosed;
            let at = closed.at;
            let mut all = vec![did(Deed::CaseClosed, at)];
            if round_only {
                all.push(did(Deed::RoundClosed, at));
            }
            all.push(Effect::Closed { round_only, at });
            if round_only {
                all.push(happened("closing_ruling", at));
            }
            all.push(happened("case_closed", at));
            all
        }
        ClosingEvent::Requeried { round, at } => {
            vec![Effect::Did { deed: Deed::Requeried, about: None, at, round: Some(round) }]
        }
        ClosingEvent::ResumptionAsked { at } => vec![happened("resumption_ground", at)],
        ClosingEvent::ResumptionDecided { granted, at } => {
            let goes_on = granted.then_some(Effect::Resumed { at });
            std::iter::once(did(Deed::ResumptionDecided, at)).chain(goes_on).collect()
        }
        ClosingEvent::Archived { at } => vec![did(Deed::Archived, at)],
        ClosingEvent::Approved { .. } | ClosingEvent::Returned {} => Vec::new(),
    }
}
