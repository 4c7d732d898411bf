//! What passes between parties and the court: messages, appointments, service, and what an applicant may know of
//! how the debtor stands. Party and judge never meet in a corridor.

mod appointment;
mod message;
mod service;
mod situation;

pub use appointment::{Appointment, AppointmentCommand, AppointmentDeed, AppointmentRefusal};
pub use message::{MessageCommand, MessageEvent, MessageRefusal, Messages, Thread};
pub use service::{
    Arrival, Channel, Consent, Service, ServiceCommand, ServiceEvent, ServiceRefusal, Services,
};
pub use situation::{
    SituationCommand, SituationEvent, SituationItem, SituationRefusal, SituationTopic,
};

pub(super) use appointment::{apply as apply_appointment, decide as decide_appointment};
pub(super) use situation::{apply as apply_situation, decide as decide_situation};
