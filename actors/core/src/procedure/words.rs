//! Words of a procedure that are the same in every court.

plain_enum! {
    /// Who is told or alarmed: an office, not a person.
    Office {
        /// The judge or officer who handles the case (承办人).
        Handler => "handler",
        /// The party who asked for enforcement (申请执行人).
        Applicant => "applicant",
        /// Head of the filing division (立案庭负责人).
        FilingHead => "filing_head",
        /// Finance (财务).
        Finance => "finance",
        /// The command centre (执行指挥中心).
        CommandCentre => "command_centre",
        /// Enforcement director (执行局长).
        Director => "director",
        /// Court president (院长).
        President => "president",
        /// Discipline inspection at the court (驻院纪检监察组).
        Discipline => "discipline",
    }
}

plain_enum! {
    /// How far the answer to an emergency is, as an incident shows by itself.
    IncidentStep {
        /// Somebody has taken it up: officers are being asked, or a dispatcher has placed it (接警确认).
        Acknowledged => "acknowledged",
        /// Officers were asked or ordered to go (派单).
        Ordered => "ordered",
        /// The first of them is on the way (出发).
        Rolling => "rolling",
        /// The first of them is there (到场).
        OnScene => "on_scene",
    }
}

plain_enum! {
    /// What somebody does in a case's file that may end a node by itself.
    Deed {
        /// The case was docketed (立案).
        Docketed => "docketed",
        /// The bureau has the file (移送执行局).
        FileReceived => "file_received",
        /// A judge was drawn or named (分案).
        Assigned => "assigned",
        /// All documents of the node were issued (文书签发).
        DocumentsIssued => "documents_issued",
        /// A query for assets was sent (发起查控).
        InquirySent => "inquiry_sent",
        /// A lead was verified (线索核实).
        LeadVerified => "lead_verified",
        /// An asset was frozen, sealed or impounded (冻结、查封、扣押).
        AssetControlled => "asset_controlled",
        /// The control of an asset goes on (续行查封、冻结).
        ControlRenewed => "control_renewed",
        /// A report on an asset's price has come (收到报告).
        PriceReported => "price_reported",
        /// The reference price of an asset is fixed (确定参考价).
        PriceFixed => "price_fixed",
        /// The auction notice is out (发布拍卖公告).
        NoticePublished => "notice_published",
        /// The auction was held, sold or not (拍卖).
        AuctionHeld => "auction_held",
        /// The ruling that confirms the sale is with the buyer (成交裁定送达).
        SaleConfirmed => "sale_confirmed",
        /// The buyer has the asset (移交).
        AssetHandedOver => "asset_handed_over",
        /// Money was found to be this case's (案款认领).
        FundsIdentified => "funds_identified",
        /// All of a receipt was paid out (案款发放).
        PaidOut => "paid_out",
        /// Consumption was restricted (限制消费).
        Restricted => "restricted",
        /// The debtor was put on the list (纳入失信).
        Blacklisted => "blacklisted",
        /// The debtor is off the list again (删除失信).
        Delisted => "delisted",
        /// The applicant was heard before the closing (终本约谈).
        InterviewHeld => "interview_held",
        /// This round was closed without property (终本裁定).
        RoundClosed => "round_closed",
        /// A query after the closing was answered (终本后查询).
        Requeried => "requeried",
        /// It was decided whether the case goes on (恢复执行审查).
        ResumptionDecided => "resumption_decided",
        /// The case was closed (结案).
        CaseClosed => "case_closed",
        /// The file is in the archive (归档).
        Archived => "archived",
        /// A petition was logged (信访录入).
        PetitionLogged => "petition_logged",
        /// A petition was answered (信访办结).
        PetitionAnswered => "petition_answered",
    }
}

plain_enum! {
    /// What an asset is, as far as law tells them apart.
    AssetKind {
        /// Money with a bank or a payment company (存款、网络资金).
        Deposit => "deposit",
        /// A movable thing (动产).
        Movable => "movable",
        /// A vehicle (车辆): a movable with a register.
        Vehicle => "vehicle",
        /// Land or a building (不动产).
        Immovable => "immovable",
        /// Securities, shares, claims and other rights (其他财产权).
        Right => "right",
    }
}

plain_enum! {
    /// What kind of norm a limit rests on.
    Rank {
        /// Statute or judicial interpretation (法律、司法解释).
        Law => "law",
        /// Normative document of the Supreme People's Court, binding inside courts.
        CourtNorm => "court_norm",
        /// No text: the court's own default.
        CourtDefault => "court_default",
    }
}

plain_enum! {
    /// How sure a row is.
    Sure {
        /// The article's text was read.
        Verified => "verified",
        /// The article's words are quoted by another source.
        Quoted => "quoted",
        /// From memory; the text was not found again. A court must confirm it.
        Memory => "memory",
        /// No national rule; ours. A court must confirm it.
        Default => "default",
    }
}

plain_enum! {
    /// How much a party is told when a node is reached.
    Telling {
        /// All of it.
        Full => "full",
        /// Without details of assets and without live places, unless a judge releases them.
        Summary => "summary",
    }
}

impl Sure {
    /// A court must confirm such a row before it relies on it.
    #[must_use]
    pub fn must_be_confirmed(self) -> bool {
        matches!(self, Self::Memory | Self::Default)
    }
}
