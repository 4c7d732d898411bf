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
