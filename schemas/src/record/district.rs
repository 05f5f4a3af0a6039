//! Customs districts 关区. Like places they are everybody's to read: what lies in one is another question.

use super::Recorded;
use crate::{DistrictId, Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DistrictView {
    pub id: DistrictId,
    pub name_zh: String,
    pub name_en: String,
    pub put_at: Time,
}

impl Recorded for DistrictView {
    const KIND: &'static str = "district";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn at(&self) -> Time {
        self.put_at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
