//! "Did you mean": the nearest of some names.

/// The candidate that `text` was probably meant to be; `None` when nothing is near.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = text.to_lowercase();
    let limit = (wanted.chars().count() / 3).clamp(1, 6);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != text && candidate.len().abs_diff(text.len()) <= limit)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ``did you mean `x`?`` for the nearest candidate.
pub fn did_you_mean<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(text, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_only() {
        let names = ["GetUserProfile", "InitiateRefund", "Finish"];
        for (text, expected) in [
            ("GetUserProfil", Some("GetUserProfile")),
            ("initiaterefund", Some("InitiateRefund")),
            ("Finsh", Some("Finish")),
            ("Start", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, names), expected, "{text}");
        }
    }
}
