//! What the areas of commands have in common: the `type` of each variant, told once.

/// For a tagged enum of commands: `KINDS`, every `type` it knows, and `kind()`, the `type` of a value.
macro_rules! kinds {
    ($area:ident { $($variant:ident => $kind:literal),* $(,)? }) => {
        impl $area {
            /// The `type`s of this area.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// The `type` that the command has in JSON.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $kind),*
                }
            }
        }
    };
}
pub(super) use kinds;
