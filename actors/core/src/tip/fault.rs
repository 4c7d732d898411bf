//! What can be wrong with a tip, named as on the wire.

/// One thing wrong with a tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipFault {
    /// JSON pointer (RFC 6901) into the body, such as `/location/lat`.
    pub pointer: String,
    /// What is wrong there.
    pub code: FaultCode,
}

macro_rules! fault_codes {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)+) => {
        /// What is wrong with a field: the codes inside `errors[]` (PROTOCOL §1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FaultCode {
            $($(#[$doc])* $variant,)+
        }

        impl FaultCode {
            /// All codes, in the order of PROTOCOL §1.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

fault_codes! {
    /// A field that is needed is absent.
    Missing => "missing",
    /// There is no such field. Found by the edge.
    UnknownField => "unknown-field",
    /// The JSON type is another one. Found by the edge.
    WrongType => "wrong-type",
    /// A number outside its range, or a word that is none of the known ones.
    OutOfRange => "out-of-range",
    /// A text with too many characters.
    TooLong => "too-long",
    /// A text or content with nothing in it.
    Empty => "empty",
    /// A text with characters that are not taken.
    TextInvalid => "text-invalid",
    /// No RFC 3339 time with a zone.
    TimeInvalid => "time-invalid",
    /// A time too far in the future.
    TimeInFuture => "time-in-future",
    /// A time too long ago.
    TooOld => "too-old",
    /// Not the court this source reports to.
    UnknownCourt => "unknown-court",
    /// A place too far from the court's area.
    OutsideCourt => "outside-court",
    /// No number of an enforcement case.
    CaseNumberInvalid => "case-number-invalid",
    /// No telephone number.
    PhoneInvalid => "phone-invalid",
    /// No kind that comes in from outside.
    KindUnknown => "kind-unknown",
    /// No picture of a known type, or another type than declared.
    MediaType => "media-type",
    /// A picture that does not say how large it is. Found by the edge.
    ImageBroken => "image-broken",
    /// A picture with more pixels than anybody decodes. Found by the edge.
    ImageTooLarge => "image-too-large",
    /// More items than are taken.
    TooMany => "too-many",
    /// No base64. Found by the edge.
    Base64Invalid => "base64-invalid",
}
