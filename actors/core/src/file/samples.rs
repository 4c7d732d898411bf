//! A sample of each event of a file, for the golden file of the journal.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::asset::{AssetEvent, FoundBy, PriceWay};
use super::closing::{Closed, ClosedBy, ClosingEvent};
use super::handover::{HandoverEvent, Offer, Segment};
use super::measure::{Measure, MeasureKind};
use super::paper::{Content, PaperEvent, Signature, SigningWay};
use super::party::{
    Appointment, AppointmentDeed, Arrival, Channel, MessageEvent, Service, ServiceEvent,
    SituationEvent, SituationTopic,
};
use super::petition::PetitionEvent;
use super::search::{Finding, Restriction, RestrictionDeed, SearchEvent};
use super::{
    About, CaseKind, FileEvent, FileRecord, Filing, FilingBasis, Link, LinkEvent, Particulars,
    Purpose, Sealed,
};
use crate::case::{CaseEvent, PartyRole};
use crate::deadline::Begin;
use crate::draw::{Candidate, DrawRecord, Exclusion};
use crate::geo::LatLon;
use crate::ids::{IncidentId, OfficerId, UserId};
use crate::journal::Subject;
use crate::money::{Account, Entry, Fen, Line, MoneyEvent, Side};
use crate::procedure::{AssetKind, NodeCode, Office};
use crate::time::UnixMillis;

const AT: UnixMillis = UnixMillis(1_795_413_600_000);

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn begin() -> Begin {
    Begin { at: AT, whole_day: true }
}

fn node() -> NodeCode {
    "B01".parse().expect("a code")
}

fn content(content_type: &str) -> Content {
    Content { sha256: [0xA5; 32], bytes: 1_024, content_type: content_type.into() }
}

/// Each of them, as it stands in the journal of a case; those that usually come with words have some.
pub(crate) fn events(case: Subject) -> Vec<CaseEvent> {
    let words = || Particulars {
        title: "豫G12345 轿车".into(),
        text: "停在李四家门口".into(),
        address: "人民路1号".into(),
        place: Some(LatLon::new(35.1997, 114.6689).expect("a place")),
    };
    let of = |event: FileEvent| {
        let worded = matches!(
            event,
            FileEvent::Filed { .. }
                | FileEvent::Asset(AssetEvent::Found { .. })
                | FileEvent::Measure(_)
                | FileEvent::Message(MessageEvent::Written { .. })
        );
        let words = if worded { words() } else { Particulars::default() };
        CaseEvent::File(Box::new(FileRecord { sealed: Sealed::under(case, words), event }))
    };
    let mut all = plain();
    all.extend(searches().into_iter().map(FileEvent::Search));
    all.extend(assets().into_iter().map(FileEvent::Asset));
    all.extend(papers().into_iter().map(FileEvent::Paper));
    all.extend(parties());
    all.extend(closings().into_iter().map(FileEvent::Closing));
    all.into_iter().map(of).collect()
}

fn plain() -> Vec<FileEvent> {
    let filing = Filing {
        kind: CaseKind::Money,
        basis: FilingBasis::Judgment,
        applied: begin(),
        claim: Fen(12_345_678),
    };
    let roles = vec![PartyRole::Applicant, PartyRole::Debtor, PartyRole::Agent];
    let record = DrawRecord {
        chain: 1,
        nth: 2,
        seed: [7; 32],
        candidates: vec![Candidate { judge: user(7), load: 3 }],
        excluded: vec![(user(8), Exclusion::Recused)],
        judge: user(7),
        replaces: Some(user(8)),
        only: true,
        at: AT,
    };
    let offer = Offer { from: user(7), segment: Segment::Field, code: [1; 32], until: AT };
    let (from, to, segment) = (user(7), user(8), Segment::Field);
    let link = Link {
        link: 1,
        party: 1,
        purpose: Purpose::Party,
        token: [2; 32],
        until: AT,
        revoked: false,
    };
    let line = |account, side| Line { account, side, amount: Fen(100) };
    let entry = Entry {
        number: 1,
        what: "received".into(),
        lines: vec![line(Account::Fund, Side::Debit), line(Account::Held, Side::Credit)],
        document: "银行回单".into(),
        reverses: None,
        by: Some(user(7)),
        at: AT,
    };
    let measure = Measure {
        measure: Uuid::from_u128(9),
        kind: MeasureKind::Sealed,
        incident: Some(IncidentId(Uuid::from_u128(2))),
        asset: Some(1),
        party: Some(2),
        officers: BTreeSet::from([OfficerId(Uuid::from_u128(3)), OfficerId(Uuid::from_u128(4))]),
        pictures: vec![content("image/jpeg")],
        at: AT,
    };
    vec![
        FileEvent::Filed { filing, roles },
        FileEvent::Docketed { at: AT },
        FileEvent::Drawn(record),
        FileEvent::Noted { event: "objection_received".into(), at: begin() },
        FileEvent::Handover(HandoverEvent::Offered(offer)),
        FileEvent::Handover(HandoverEvent::Taken { from, to, segment, at: AT }),
        FileEvent::Handover(HandoverEvent::Withdrawn {}),
        FileEvent::Link(LinkEvent::Granted(link)),
        FileEvent::Link(LinkEvent::Revoked { link: 1 }),
        FileEvent::Measure(measure),
        FileEvent::Money(MoneyEvent::Posted(entry)),
        FileEvent::Bound { about: About::Asset(1), node: node(), opening: 1 },
        FileEvent::Petition(PetitionEvent::Logged { petition: 1, received: AT, at: AT }),
        FileEvent::Petition(PetitionEvent::Answered { petition: 1, settled: true, at: AT }),
    ]
}

fn searches() -> Vec<SearchEvent> {
    let (inquiry, party, lead, at) = (1, 2, 1, AT);
    let (restriction, how) = (Restriction::Consumption, RestrictionDeed::Imposed);
    vec![
        SearchEvent::Inquired { inquiry, party, requery: Some(1), at },
        SearchEvent::Answered { inquiry, found: 3, at },
        SearchEvent::InquiryFailed { inquiry },
        SearchEvent::Settled { inquiry, hits: 2 },
        SearchEvent::LeadGiven { lead, party: Some(1), urgent: true, at },
        SearchEvent::LeadVerified { lead, useful: false, at },
        SearchEvent::Stated { finding: Finding::ReportChecked },
        SearchEvent::Restricted { restriction, party, how, at },
    ]
}

fn assets() -> Vec<AssetEvent> {
    let (asset, at, from, price) = (1, AT, begin(), Fen(100));
    let (kind, how) = (AssetKind::Vehicle, FoundBy::Query);
    vec![
        AssetEvent::Found { asset, kind, how, estimate: Some(price), at },
        AssetEvent::Controlled { asset, from, waiting: true, amount: None },
        AssetEvent::TookEffect { asset, from },
        AssetEvent::Renewed { asset, from },
        AssetEvent::PriceAsked { asset, way: PriceWay::Appraisal, at },
        AssetEvent::PriceReported { asset, at },
        AssetEvent::PriceFixed { asset, price, at },
        AssetEvent::Published { asset, round: 1, at },
        AssetEvent::Failed { asset, round: 1, at },
        AssetEvent::Sold { asset, round: 1, price, at },
        AssetEvent::PricePaid { asset, at },
        AssetEvent::Confirmed { asset, at },
        AssetEvent::HandedOver { asset, at },
        AssetEvent::SetOff { asset, price, at },
        AssetEvent::Transferred { asset, amount: price, at },
        AssetEvent::Released { asset, at },
        AssetEvent::GivenUp { asset, at },
    ]
}

fn papers() -> Vec<PaperEvent> {
    let signature = Signature { party: 1, way: SigningWay::Drawn, at: AT };
    vec![
        PaperEvent::Issued {
            paper: 1,
            content: content("application/pdf"),
            template: "execution_notice".into(),
            version: 1,
            node: Some((node(), 1)),
            to: vec![2],
            at: AT,
        },
        PaperEvent::HandedIn { paper: 2, content: content("image/png"), party: 1, at: AT },
        PaperEvent::Signed { paper: 1, signature, drawing: Some(content("image/png")) },
        PaperEvent::Withdrawn { paper: 1 },
    ]
}

fn parties() -> Vec<FileEvent> {
    let (party, paper, channel, at) = (1, 1, Channel::Sms, AT);
    let appointment = Appointment {
        appointment: 1,
        party,
        at,
        deed: AppointmentDeed::Made,
        changed: at,
        reminded: false,
    };
    let sent = Service { paper, party, channel, confirmed: true, sent: at, arrived: None };
    let arrived = ServiceEvent::Arrived { paper, party, channel, how: Arrival::Delivered, at };
    let noted = SituationEvent::Noted { item: 1, party: 2, topic: SituationTopic::Vehicles };
    vec![
        FileEvent::Message(MessageEvent::Written { message: 1, party, from_party: true, at }),
        FileEvent::Message(MessageEvent::Read { party, by_party: false, upto: 1, at }),
        FileEvent::Appointment(appointment),
        FileEvent::Service(ServiceEvent::Consented { party, channels: vec![channel], at }),
        FileEvent::Service(ServiceEvent::Sent(sent)),
        FileEvent::Service(arrived),
        FileEvent::Situation(noted),
        FileEvent::Situation(SituationEvent::Released { item: 1, released: true, at }),
    ]
}

fn closings() -> Vec<ClosingEvent> {
    let (at, by) = (AT, user(7));
    vec![
        ClosingEvent::Intended { at },
        ClosingEvent::InterviewHeld { record: 1, at },
        ClosingEvent::ApprovalAsked { by, at },
        ClosingEvent::Approved { by, office: Office::President },
        ClosingEvent::Returned {},
        ClosingEvent::Closed(Closed { how: ClosedBy::RoundClosed, at, to_standard: true }),
        ClosingEvent::Requeried { round: 1, at },
        ClosingEvent::ResumptionAsked { at },
        ClosingEvent::ResumptionDecided { granted: true, at },
        ClosingEvent::Archived { at },
    ]
}

/// Does not compile when an event is added: then it wants a sample above and a line in the golden file.
#[allow(dead_code)]
fn known_to_the_samples(event: &FileEvent) {
    match event {
        FileEvent::Filed { .. }
        | FileEvent::Docketed { .. }
        | FileEvent::Drawn(_)
        | FileEvent::Noted { .. }
        | FileEvent::Measure(_)
        | FileEvent::Appointment(_)
        | FileEvent::Bound { .. }
        | FileEvent::Money(MoneyEvent::Posted(_))
        | FileEvent::Handover(
            HandoverEvent::Offered(_) | HandoverEvent::Taken { .. } | HandoverEvent::Withdrawn {},
        )
        | FileEvent::Link(LinkEvent::Granted(_) | LinkEvent::Revoked { .. })
        | FileEvent::Search(
            SearchEvent::Inquired { .. }
            | SearchEvent::Answered { .. }
            | SearchEvent::InquiryFailed { .. }
            | SearchEvent::Settled { .. }
            | SearchEvent::LeadGiven { .. }
            | SearchEvent::LeadVerified { .. }
            | SearchEvent::Stated { .. }
            | SearchEvent::Restricted { .. },
        )
        | FileEvent::Asset(
            AssetEvent::Found { .. }
            | AssetEvent::Controlled { .. }
            | AssetEvent::TookEffect { .. }
            | AssetEvent::Renewed { .. }
            | AssetEvent::PriceAsked { .. }
            | AssetEvent::PriceReported { .. }
            | AssetEvent::PriceFixed { .. }
            | AssetEvent::Published { .. }
            | AssetEvent::Failed { .. }
            | AssetEvent::Sold { .. }
            | AssetEvent::PricePaid { .. }
            | AssetEvent::Confirmed { .. }
            | AssetEvent::HandedOver { .. }
            | AssetEvent::SetOff { .. }
            | AssetEvent::Transferred { .. }
            | AssetEvent::Released { .. }
            | AssetEvent::GivenUp { .. },
        )
        | FileEvent::Paper(
            PaperEvent::Issued { .. }
            | PaperEvent::HandedIn { .. }
            | PaperEvent::Signed { .. }
            | PaperEvent::Withdrawn { .. },
        )
        | FileEvent::Message(MessageEvent::Written { .. } | MessageEvent::Read { .. })
        | FileEvent::Service(
            ServiceEvent::Consented { .. } | ServiceEvent::Sent(_) | ServiceEvent::Arrived { .. },
        )
        | FileEvent::Situation(SituationEvent::Noted { .. } | SituationEvent::Released { .. })
        | FileEvent::Petition(PetitionEvent::Logged { .. } | PetitionEvent::Answered { .. })
        | FileEvent::Closing(
            ClosingEvent::Intended { .. }
            | ClosingEvent::InterviewHeld { .. }
            | ClosingEvent::ApprovalAsked { .. }
            | ClosingEvent::Approved { .. }
            | ClosingEvent::Returned {}
            | ClosingEvent::Closed(_)
            | ClosingEvent::Requeried { .. }
            | ClosingEvent::ResumptionAsked { .. }
            | ClosingEvent::ResumptionDecided { .. }
            | ClosingEvent::Archived { .. },
        ) => {}
    }
}
