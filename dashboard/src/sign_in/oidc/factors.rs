//! Whether a provider saw two factors of a person, by the methods in `amr` (RFC 8176, 2). Two of one kind are one factor: whoever learned a
//! password may have learned the PIN beside it. A method that names no kind, or one as weak as a text message, counts for nothing.

#[derive(Clone, Copy, PartialEq, Eq)]
enum Factor {
    Knows,
    Has,
    Is,
}

/// The provider says so in one word.
const SEVERAL: &str = "mfa";

pub(super) fn are_two<'a>(methods: impl Iterator<Item = &'a str>) -> bool {
    let mut first = None;
    for method in methods {
        let factor = factor(method);
        if method == SEVERAL || (first.is_some() && factor.is_some() && factor != first) {
            return true;
        }
        first = first.or(factor);
    }
    false
}

fn factor(method: &str) -> Option<Factor> {
    match method {
        "pwd" | "pin" | "kba" => Some(Factor::Knows),
        "otp" | "hwk" | "swk" | "sc" => Some(Factor::Has),
        "face" | "fpt" | "iris" | "retina" | "vbm" => Some(Factor::Is),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_factors_are_two_kinds() {
        for two in [&["mfa"][..], &["pwd", "otp"], &["otp", "pwd"], &["user", "hwk", "pin"], &["sc", "fpt"], &["pwd", "pin", "swk"]] {
            assert!(are_two(two.iter().copied()), "{two:?}");
        }
        for one in [&[][..], &["pwd"], &["otp"], &["face"], &["pwd", "pin"], &["hwk", "sc"], &["pwd", "sms"], &["user", "geo"], &["MFA"]] {
            assert!(!are_two(one.iter().copied()), "{one:?}");
        }
    }
}
