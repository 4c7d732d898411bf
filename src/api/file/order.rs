//! What may be asked of a file, as JSON: `{"do": "asset_find", …, "title": …, "text": …}`. Amounts are fen; moments
//! are dates or RFC 3339, and now when they are not given.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tiande_core::deadline::Begin;
use tiande_core::file::asset::{AssetCommand, FoundBy, PriceWay};
use tiande_core::file::closing::{ClosedBy, ClosingCommand};
use tiande_core::file::handover::{HandoverCommand, OFFER_MAX, Segment};
use tiande_core::file::paper::{PaperCommand, SigningWay};
use tiande_core::file::party::{
    AppointmentCommand, Arrival, Channel, MessageCommand, ServiceCommand, SituationCommand,
    SituationTopic,
};
use tiande_core::file::petition::PetitionCommand;
use tiande_core::file::search::{Finding, Restriction, RestrictionDeed, SearchCommand};
use tiande_core::file::{FileCommand, LinkCommand, Particulars, Purpose};
use tiande_core::geo::LatLon;
use tiande_core::ids::CaseId;
use tiande_core::money::{Account, Fen, Line, MoneyCommand, Posting, Side};
use tiande_core::procedure::{AssetKind, Office};
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use crate::access::token_hash;
use crate::api::nodes::invalid;
use crate::api::problem::Problem;
use crate::keys::random;
use crate::procedure::read_time;

/// An order, with what is said.
#[derive(Deserialize)]
pub(super) struct FileOrder {
    #[serde(flatten)]
    what: What,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    address: String,
    place: Option<PlaceIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceIn {
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineIn {
    account: Account,
    side: Side,
    amount: Fen,
}

/// A moment as text; now when it is not given.
type When = Option<String>;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum What {
    Docket { at: When },
    Note { event: String, at: When },
    HandoverOffer { segment: Segment },
    HandoverWithdraw {},
    LinkGrant { party: u16, purpose: Purpose, days: u32 },
    LinkRevoke { link: u16 },
    Inquire { party: u16, requery: Option<u16> },
    InquiryAnswer { inquiry: u16, found: u16 },
    InquiryFail { inquiry: u16 },
    InquirySettle { inquiry: u16, hits: u16 },
    Lead { urgent: bool },
    LeadVerify { lead: u16, useful: bool },
    State { finding: Finding },
    Restrict { restriction: Restriction, party: u16, deed: RestrictionDeed, at: When },
    AssetFind { kind: AssetKind, how: FoundBy, estimate: Option<Fen>, at: When },
    AssetControl { asset: u16, from: When, waiting: Option<bool>, amount: Option<Fen> },
    AssetTakeEffect { asset: u16, from: When },
    AssetRenew { asset: u16, from: When },
    AssetAskPrice { asset: u16, way: PriceWay, at: When },
    AssetReportPrice { asset: u16, at: When },
    AssetFixPrice { asset: u16, price: Fen, at: When },
    AssetPublish { asset: u16, at: When },
    AssetFail { asset: u16, at: When },
    AssetSell { asset: u16, price: Fen, at: When },
    AssetPayPrice { asset: u16, at: When },
    AssetSetOff { asset: u16, price: Fen, at: When },
    AssetConfirm { asset: u16, at: When },
    AssetHandOver { asset: u16, at: When },
    AssetTransfer { asset: u16, amount: Fen, at: When },
    AssetRelease { asset: u16, at: When },
    AssetGiveUp { asset: u16, at: When },
    MoneyPost { what: Posting, amount: Fen, document: String },
    MoneyEnter { lines: Vec<LineIn>, document: String },
    MoneyReverse { entry: u32, reason: String },
    Message { party: u16 },
    MessageRead { party: u16, upto: u16 },
    AppointmentMake { party: u16, at: String },
    AppointmentAgree { appointment: u16, at: String },
    AppointmentCancel { appointment: u16 },
    AppointmentClose { appointment: u16, kept: bool },
    Consent { party: u16, channels: Vec<Channel> },
    Send { paper: u16, party: u16, channel: Channel },
    Arrived { paper: u16, party: u16, channel: Channel, how: Arrival, at: When },
    SituationNote { party: u16, topic: SituationTopic },
    SituationRelease { item: u16, released: bool },
    PetitionLog { received: When },
    PetitionAnswer { petition: u16, settled: bool },
    PaperSigned { paper: u16, party: u16 },
    PaperWithdraw { paper: u16 },
    ClosingIntend {},
    ClosingInterview { record: u16, at: When },
    ClosingAsk {},
    ClosingApprove {},
    ClosingReturn {},
    ClosingRound {},
    ClosingClose { how: ClosedBy, at: When },
    ResumptionAsk {},
    ResumptionDecide { granted: bool },
    Archive {},
}

/// What an order comes to.
pub(super) struct Wanted {
    pub(super) command: FileCommand,
    pub(super) words: Particulars,
    /// A code or token that was made for it, shown this once.
    pub(super) secret: Option<String>,
}

/// A secret that names its case, so that it can be looked up without a table: kind, case, 128 random bits.
fn fresh_secret(kind: char, case: CaseId) -> String {
    let mut bytes = case.0.as_bytes().to_vec();
    bytes.extend(random::<16>());
    format!("{kind}1{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The case that such a secret names.
pub(crate) fn case_of_secret(kind: char, secret: &str) -> Option<CaseId> {
    let rest = secret.strip_prefix(kind)?.strip_prefix('1')?;
    let bytes = URL_SAFE_NO_PAD.decode(rest).ok().filter(|bytes| bytes.len() == 32)?;
    Uuid::from_slice(bytes.get(..16)?).ok().map(CaseId)
}

/// The case that a hand-over code is for.
pub(super) fn case_of_code(code: &str) -> Option<CaseId> {
    case_of_secret('h', code)
}

impl FileOrder {
    /// It is for supervisors, and not for who handles the case.
    pub(super) fn is_approval(&self) -> bool {
        matches!(self.what, What::ClosingApprove {} | What::ClosingReturn {})
    }

    /// The command that it means.
    pub(super) fn wanted(
        self,
        case: CaseId,
        now: UnixMillis,
        office: Office,
    ) -> Result<Wanted, Problem> {
        let Self { what, title, text, address, place } = self;
        let place = place.map(|place| LatLon::new(place.lat, place.lon)).transpose();
        let place = place.map_err(|_nowhere| invalid("place", "place-invalid"))?;
        let words = Particulars { title, text, address, place };
        let secret = match &what {
            What::HandoverOffer { .. } => Some(fresh_secret('h', case)),
            What::LinkGrant { .. } => Some(fresh_secret('p', case)),
            _ => None,
        };
        let hash = token_hash(secret.as_deref().unwrap_or_default());
        let command = what.command(now, office, hash)?;
        Ok(Wanted { command, words, secret })
    }
}

impl What {
    fn command(
        self,
        now: UnixMillis,
        office: Office,
        hash: [u8; 32],
    ) -> Result<FileCommand, Problem> {
        let when = Moments { now };
        Ok(match self {
            Self::Docket { at } => FileCommand::Docket { at: when.moment(at)? },
            Self::Note { event, at } => FileCommand::Note { event, at: when.begin(at)? },
            Self::HandoverOffer { segment } => FileCommand::Handover(HandoverCommand::Offer {
                segment,
                code: hash,
                lasts: OFFER_MAX,
            }),
            Self::HandoverWithdraw {} => FileCommand::Handover(HandoverCommand::Withdraw),
            Self::LinkGrant { party, purpose, days } => {
                let lasts = Millis::from_secs(u64::from(days) * 86_400);
                FileCommand::Link(LinkCommand::Grant { party, purpose, token: hash, lasts })
            }
            Self::LinkRevoke { link } => FileCommand::Link(LinkCommand::Revoke { link }),
            other => return other.of_case(when, office),
        })
    }

    fn of_case(self, when: Moments, office: Office) -> Result<FileCommand, Problem> {
        Ok(match self {
            Self::Inquire { party, requery } => {
                FileCommand::Search(SearchCommand::Inquire { party, requery })
            }
            Self::InquiryAnswer { inquiry, found } => {
                FileCommand::Search(SearchCommand::Answer { inquiry, found })
            }
            Self::InquiryFail { inquiry } => FileCommand::Search(SearchCommand::Fail { inquiry }),
            Self::InquirySettle { inquiry, hits } => {
                FileCommand::Search(SearchCommand::Settle { inquiry, hits })
            }
            Self::Lead { urgent } => FileCommand::Search(SearchCommand::Lead { urgent }),
            Self::LeadVerify { lead, useful } => {
                FileCommand::Search(SearchCommand::Verify { lead, useful })
            }
            Self::State { finding } => FileCommand::Search(SearchCommand::State { finding }),
            Self::Restrict { restriction, party, deed, at } => {
                let at = when.moment(at)?;
                FileCommand::Search(SearchCommand::Restrict { restriction, party, deed, at })
            }
            Self::MoneyPost { what, amount, document } => {
                FileCommand::Money(MoneyCommand::Post { what, amount, document })
            }
            Self::MoneyEnter { lines, document } => {
                let line = |line: LineIn| Line {
                    account: line.account,
                    side: line.side,
                    amount: line.amount,
                };
                let lines = lines.into_iter().map(line).collect();
                FileCommand::Money(MoneyCommand::Enter { lines, document })
            }
            Self::MoneyReverse { entry, reason } => {
                FileCommand::Money(MoneyCommand::Reverse { entry, reason })
            }
            Self::PetitionLog { received } => {
                let received = when.moment(received)?;
                FileCommand::Petition(PetitionCommand::Log { received })
            }
            Self::PetitionAnswer { petition, settled } => {
                FileCommand::Petition(PetitionCommand::Answer { petition, settled })
            }
            Self::PaperSigned { paper, party } => {
                let (way, drawing) = (SigningWay::OnPaper, None);
                FileCommand::Paper(PaperCommand::Sign { paper, party, way, drawing })
            }
            Self::PaperWithdraw { paper } => FileCommand::Paper(PaperCommand::Withdraw { paper }),
            Self::ClosingIntend {} => FileCommand::Closing(ClosingCommand::Intend),
            Self::ClosingInterview { record, at } => {
                let at = when.moment(at)?;
                FileCommand::Closing(ClosingCommand::Interview { record, at })
            }
            Self::ClosingAsk {} => FileCommand::Closing(ClosingCommand::Ask),
            Self::ClosingApprove {} => FileCommand::Closing(ClosingCommand::Approve { office }),
            Self::ClosingReturn {} => FileCommand::Closing(ClosingCommand::Return),
            Self::ClosingRound {} => FileCommand::Closing(ClosingCommand::CloseRound),
            Self::ClosingClose { how, at } => {
                FileCommand::Closing(ClosingCommand::Close { how, at: when.moment(at)? })
            }
            Self::ResumptionAsk {} => FileCommand::Closing(ClosingCommand::AskResumption),
            Self::ResumptionDecide { granted } => {
                FileCommand::Closing(ClosingCommand::DecideResumption { granted })
            }
            Self::Archive {} => FileCommand::Closing(ClosingCommand::Archive),
            other => return other.of_party_or_asset(when),
        })
    }

    fn of_party_or_asset(self, when: Moments) -> Result<FileCommand, Problem> {
        Ok(match self {
            Self::Message { party } => FileCommand::Message(MessageCommand::Write { party }),
            Self::MessageRead { party, upto } => {
                FileCommand::Message(MessageCommand::Read { party, upto })
            }
            Self::AppointmentMake { party, at } => {
                let at = when.moment(Some(at))?;
                FileCommand::Appointment(AppointmentCommand::Make { party, at })
            }
            Self::AppointmentAgree { appointment, at } => {
                let at = when.moment(Some(at))?;
                FileCommand::Appointment(AppointmentCommand::Agree { appointment, at })
            }
            Self::AppointmentCancel { appointment } => {
                FileCommand::Appointment(AppointmentCommand::Cancel { appointment })
            }
            Self::AppointmentClose { appointment, kept } => {
                FileCommand::Appointment(AppointmentCommand::Close { appointment, kept })
            }
            Self::Consent { party, channels } => {
                FileCommand::Service(ServiceCommand::Consent { party, channels })
            }
            Self::Send { paper, party, channel } => {
                FileCommand::Service(ServiceCommand::Send { paper, party, channel })
            }
            Self::Arrived { paper, party, channel, how, at } => {
                let at = when.moment(at)?;
                FileCommand::Service(ServiceCommand::Arrived { paper, party, channel, how, at })
            }
            Self::SituationNote { party, topic } => {
                FileCommand::Situation(SituationCommand::Note { party, topic })
            }
            Self::SituationRelease { item, released } => {
                FileCommand::Situation(SituationCommand::Release { item, released })
            }
            asset => FileCommand::Asset(asset.of_asset(when)?),
        })
    }

    fn of_asset(self, when: Moments) -> Result<AssetCommand, Problem> {
        Ok(match self {
            Self::AssetFind { kind, how, estimate, at } => {
                AssetCommand::Find { kind, how, estimate, at: when.moment(at)? }
            }
            Self::AssetControl { asset, from, waiting, amount } => {
                let (from, waiting) = (when.begin(from)?, waiting.unwrap_or(false));
                AssetCommand::Control { asset, from, waiting, amount }
            }
            Self::AssetTakeEffect { asset, from } => {
                AssetCommand::TakeEffect { asset, from: when.begin(from)? }
            }
            Self::AssetRenew { asset, from } => {
                AssetCommand::Renew { asset, from: when.begin(from)? }
            }
            Self::AssetAskPrice { asset, way, at } => {
                AssetCommand::AskPrice { asset, way, at: when.moment(at)? }
            }
            Self::AssetReportPrice { asset, at } => {
                AssetCommand::ReportPrice { asset, at: when.moment(at)? }
            }
            Self::AssetFixPrice { asset, price, at } => {
                AssetCommand::FixPrice { asset, price, at: when.moment(at)? }
            }
            Self::AssetPublish { asset, at } => {
                AssetCommand::Publish { asset, at: when.moment(at)? }
            }
            Self::AssetFail { asset, at } => AssetCommand::Fail { asset, at: when.moment(at)? },
            Self::AssetSell { asset, price, at } => {
                AssetCommand::Sell { asset, price, at: when.moment(at)? }
            }
            Self::AssetPayPrice { asset, at } => {
                AssetCommand::PayPrice { asset, at: when.moment(at)? }
            }
            Self::AssetSetOff { asset, price, at } => {
                AssetCommand::SetOff { asset, price, at: when.moment(at)? }
            }
            Self::AssetConfirm { asset, at } => {
                AssetCommand::Confirm { asset, at: when.moment(at)? }
            }
            Self::AssetHandOver { asset, at } => {
                AssetCommand::HandOver { asset, at: when.moment(at)? }
            }
            Self::AssetTransfer { asset, amount, at } => {
                AssetCommand::Transfer { asset, amount, at: when.moment(at)? }
            }
            Self::AssetRelease { asset, at } => {
                AssetCommand::Release { asset, at: when.moment(at)? }
            }
            Self::AssetGiveUp { asset, at } => AssetCommand::GiveUp { asset, at: when.moment(at)? },
            // Every other order was turned before.
            _ => return Err(Problem::field_invalid()),
        })
    }
}

/// Reads moments.
#[derive(Clone, Copy)]
struct Moments {
    now: UnixMillis,
}

impl Moments {
    fn begin(self, text: When) -> Result<Begin, Problem> {
        let Some(text) = text else { return Ok(Begin { at: self.now, whole_day: false }) };
        read_time("at", &text).map_err(|_bad| invalid("at", "time-invalid"))
    }

    fn moment(self, text: When) -> Result<UnixMillis, Problem> {
        Ok(self.begin(text)?.at)
    }
}
