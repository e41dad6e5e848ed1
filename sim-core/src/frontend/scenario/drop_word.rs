//! The words that `expect: dropped:` takes: the codes of [`DropCode`], its families, and the codes of AWS Reachability
//! Analyzer that a packet can be dropped for on AWS and not yet here.
//!
//! Codes that AWS uses for analyses only, or as notes on a hop, are never the reason of a drop and are refused.

use super::expect::DropWord;
use crate::frontend::spelling::did_you_mean;
use crate::trace::{DropCode, DropFamily};

/// Reasons of AWS (and of parts of AWS that vpcsim does not simulate yet) that no packet is dropped for here so far. A
/// code that [`DropCode`] has is found there first.
const NOT_YET: &[&str] = &[
    "CONNTRACK_ALLOWANCE_EXCEEDED",
    "ELBV2_LISTENERS_MISMATCH",
    "ELBV2_LISTENER_HAS_NO_TG",
    "ELBV2_LISTENER_REQUIRES_TG_ACCEPT",
    "ELBV2_NO_TARGETS_IN_AZ",
    "ENI_ADDRESS_RESTRICTION",
    "FIREWALL_RULES_RESTRICTION",
    "GWLB_DESTINATION_PORT_RESTRICTION",
    "GWLB_PROTOCOL_RESTRICTION",
    "HOST_NO_NEIGHBOR",
    "HOST_NO_ROUTE",
    "LINK_FAULT",
    "NLB_FLOW_EXPIRED",
    "NLB_HAIRPIN",
    "REGIONAL_NGW_ROUTE_AZ_RESTRICTION",
    "SG_REFERENCING_SUPPORT",
    "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION",
    "TGW_ATTACH_VPC_AZ_RESTRICTION",
    "TGW_BAD_STATE_VPN",
    "TGW_ROUTE_AZ_RESTRICTION",
    "TGW_RTB_BAD_STATE_ROUTE",
    "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
    "BAD_STATE_VPN",
    "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS",
    "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
    "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION",
    "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
    "VPCE_INTRA_VPC_TRAFFIC",
    "VPCE_SERVICE_NOT_INSTALLED_IN_AZ",
    "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
];

/// The reason that a word names.
///
/// # Errors
/// What to write instead.
pub(super) fn drop_word(word: &str) -> Result<DropWord, String> {
    let code = DropCode::ALL.iter().find(|code| code.as_str() == word).map(|&code| DropWord::Code(code));
    let family =
        || DropFamily::ALL.iter().find(|family| family.as_str() == word).map(|&family| DropWord::Family(family));
    let not_yet = || NOT_YET.iter().find(|code| **code == word).map(|&code| DropWord::NotYet(code));
    code.or_else(family).or_else(not_yet).ok_or_else(|| {
        let families = || DropFamily::ALL.iter().map(|family| family.as_str());
        let words = families().chain(DropCode::ALL.iter().map(|code| code.as_str())).chain(NOT_YET.iter().copied());
        did_you_mean(word, words.chain(["none"])).unwrap_or_else(|| {
            let families: Vec<String> = families().map(|family| format!("`{family}`")).collect();
            format!("write a code that a run shows, a family ({}) or `none`", families.join(", "))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_families_are_taken_and_slips_are_helped() {
        assert_eq!(drop_word("NO_ROUTE_TO_DESTINATION"), Ok(DropWord::Code(DropCode::NoRouteToDestination)));
        assert_eq!(drop_word("NACL"), Ok(DropWord::Family(DropFamily::Nacl)));
        assert_eq!(drop_word("NLB_FLOW_EXPIRED"), Ok(DropWord::NotYet("NLB_FLOW_EXPIRED")));
        assert_eq!(drop_word("no_route_to_destinaton"), Err("did you mean `NO_ROUTE_TO_DESTINATION`?".to_owned()));
        assert!(drop_word("CANNOT_ROUTE").is_err(), "a note on a hop is not the reason of a drop");
        assert!(drop_word("whatever").is_err_and(|help| help.contains("`ROUTE`, `SECURITY_GROUP`")));
    }

    #[test]
    fn codes_of_our_own_and_families_do_not_collide() {
        for family in DropFamily::ALL {
            assert!(DropCode::ALL.iter().all(|code| code.as_str() != family.as_str()));
        }
    }
}
