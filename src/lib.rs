//! Server of Tiande.
