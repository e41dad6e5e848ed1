//! "Did you mean": the nearest of the names that exist.

/// The candidate most like `name`, if one is like enough to be what was meant. Case counts less than letters do, and of
/// equally near ones the first wins.
pub(crate) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // One edit in three characters: `Cidr` for `CIDR` and `Resorces` for `Resources`, but not `VPC` for `EIP`.
    nearest_within((name.chars().count() / 3).max(1), name, candidates)
}

/// The same with at most so many edits, for long names that have most of their letters in common.
pub(crate) fn nearest_within<'c>(
    allowed: usize,
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// "did you mean `X`?" for the nearest candidate.
pub(crate) fn did_you_mean<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let names = ["Resources", "Parameters", "CidrBlock", "VpcId"];
        for (name, expected) in [
            ("Resorces", Some("Resources")),
            ("cidrblock", Some("CidrBlock")),
            ("VPCID", Some("VpcId")),
            ("Paramaters", Some("Parameters")),
            ("Bananas", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
        assert_eq!(nearest_within(1, "Resorcs", names), None);
        assert_eq!(did_you_mean("Vpcid", names).as_deref(), Some("did you mean `VpcId`?"));
    }
}
