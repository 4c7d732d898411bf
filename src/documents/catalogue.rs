//! The texts that are built in.

/// The declarations, and the text of each template by its code.
pub(super) const DECLARED: (&str, &[(&str, &str)]) =
    (include_str!("templates/templates.toml"), TEXTS);

/// What templates share, by the path under which they import it.
pub(super) const PARTS: &[(&str, &str)] = &[
    ("/court.typ", include_str!("templates/court.typ")),
    ("/law.typ", include_str!("templates/law.typ")),
];

macro_rules! texts {
    ($($code:ident),* $(,)?) => {
        &[$((stringify!($code), include_str!(concat!("templates/", stringify!($code), ".typ")))),*]
    };
}

const TEXTS: &[(&str, &str)] = texts![
    execution_notice,
];
