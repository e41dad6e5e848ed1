//! The attributes of an account that labs look up: its default VPC, and how many of some things it may have.

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::error::permit;
use super::request::requests;
use super::{ApiError, Caller, Cloud, Quota};

requests! {
    /// Lists attributes of the account in a Region.
    DescribeAccountAttributes { attribute_names: Vec<String>, }
}

impl Cloud {
    pub(crate) fn describe_account_attributes(
        &mut self,
        caller: &Caller,
        request: DescribeAccountAttributes,
    ) -> Answer {
        let addresses = self.config.quotas.get(Quota::ElasticIpsPerRegion).to_string();
        let groups = self.config.quotas.get(Quota::SecurityGroupsPerInterface).to_string();
        let attributes = [
            ("supported-platforms", "VPC".to_owned()),
            ("vpc-max-security-groups-per-interface", groups),
            ("max-elastic-ips", addresses.clone()),
            ("vpc-max-elastic-ips", addresses),
            ("default-vpc", self.default_vpc(caller).map_or_else(|| "none".to_owned(), |vpc| vpc.id.to_string())),
        ];
        for name in &request.attribute_names {
            if name == "max-instances" {
                return Err(ApiError::not_simulated("The attribute max-instances"));
            }
            if !attributes.iter().any(|(known, _)| known == name) {
                return Err(ApiError::invalid_value(format!("Invalid value '{name}' for attribute name.")));
            }
        }
        permit(request.dry_run)?;
        let asked =
            |name: &str| request.attribute_names.is_empty() || request.attribute_names.iter().any(|it| it == name);
        let shown = attributes.into_iter().filter(|(name, _)| asked(name)).map(|(name, value)| {
            let values = [Object::new().text("AttributeValue", value)];
            Value::from(Object::new().text("AttributeName", name).list("AttributeValues", values))
        });
        just("AccountAttributes", shown.collect::<Vec<_>>())
    }
}
