//! JSON schemas of the identities, which are texts or numbers with a shape. Written by hand: their fields are private.

use crate::cargo::{AirWaybill, BillNumber, CargoUnit, HouseNumber};
use crate::gate::Plate;
use crate::ledger::{GoodsCode, HsCode, Quantity, Reference, UnitCode};
use crate::{
    AlertId, CorridorId, DeviceId, DistrictId, GateId, KeyId, PartyId, PhotoHash, PlaceId, PublicKey, Time, TransferId, UserId, WebhookId,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! text_schema {
    ($($name:ident: $pattern:literal, $example:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some($pattern)).examples([$example]);
                RefOr::T(Schema::Object(text.build()))
            }
        }

        impl ToSchema for $name {}
    )*};
}

text_schema! {
    DeviceId: "^[A-Z0-9][A-Z0-9-]{2,31}$", "XA-7Q2K";
    PartyId: "^[a-z0-9][a-z0-9-]{0,63}$", "carrier-longsea";
    UserId: "^[a-z0-9][a-z0-9-]{0,63}$", "officer-wang";
    PlaceId: "^[a-z0-9][a-z0-9-]{0,63}$", "port-qingdao";
    CorridorId: "^[a-z0-9][a-z0-9-]{0,63}$", "rail-qingdao-xian";
    DistrictId: "^[a-z0-9][a-z0-9-]{0,63}$", "xian";
    GateId: "^[a-z0-9][a-z0-9-]{0,63}$", "epz-a-south";
    WebhookId: "^[a-z0-9][a-z0-9-]{0,63}$", "port-system";
    TransferId: "^[0-9]{2}[A-Z]{2}[A-Z0-9]{13}[0-9]$", "26CNXA000000000173";
    Plate: r"^[A-Z0-9\p{L}-]{2,16}$", "陕A12345";
    Quantity: r"^[0-9]{1,12}(\.[0-9]{1,3})?$", "12.5";
    GoodsCode: "^[A-Za-z0-9-]{1,32}$", "CHIP-7";
    HsCode: "^[0-9]{6,10}$", "85423190";
    UnitCode: "^[A-Z0-9]{2,3}$", "PCE";
    Reference: "^[A-Za-z0-9-]{1,64}$", "L-2026-11";
    CargoUnit: r"^[^\s]{1,32}$", "CSQU3054383";
    AirWaybill: "^[0-9]{3}-?[0-9]{7}[0-6]$", "020-81140743";
    BillNumber: "^[A-Za-z0-9-]{1,35}$", "COSU6123456780";
    HouseNumber: "^[A-Za-z0-9-]{1,35}$", "SW-77";
    PhotoHash: "^[0-9a-f]{64}$", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    KeyId: "^[0-9a-f]{16}$", "d75a980182b10ab7";
    PublicKey: "^[0-9a-f]{64}$", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
}

macro_rules! number_schema {
    ($($name:ident: $description:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let number = ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                    .minimum(Some(0))
                    .description(Some($description));
                RefOr::T(Schema::Object(number.build()))
            }
        }

        impl ToSchema for $name {}
    )*};
}

number_schema! {
    Time: "Unix milliseconds, UTC.";
    AlertId: "Counted up by the platform.";
}
