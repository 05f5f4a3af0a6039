//! Enquiries 核查 into cargo that has not arrived, as people see them.

use super::Recorded;
use crate::movement::By;
use crate::{Time, TransferId};
use serde::{Deserialize, Serialize};

/// What became of an enquiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EnquiryStanding {
    /// Waits for the carrier's reply.
    Open,
    /// Waits for customs' word on the reply.
    Replied,
    Accepted,
    NotAccepted,
    /// No reply was accepted in time.
    Lapsed,
    /// The cargo arrived, or the transfer was cancelled.
    Ended,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnquiryView {
    pub transfer: TransferId,
    /// Counted for each transfer, from 1.
    pub number: u32,
    pub opened_at: Time,
    pub reason: String,
    /// The carrier's newest.
    pub reply: Option<String>,
    /// Of the officer who closed it.
    pub note: Option<String>,
    /// Who brought it to stand so.
    pub by: By,
    /// When it came to stand so.
    pub at: Time,
    pub standing: EnquiryStanding,
}

impl Recorded for EnquiryView {
    const KIND: &'static str = "enquiry";

    fn id(&self) -> String {
        format!("{}:{}", self.transfer, self.number)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}
