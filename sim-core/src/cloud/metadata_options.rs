//! How an instance's metadata service answers: whether at all, to whom, and how far its tokens travel (IMDS-3, IMDS-4).

use serde_json::Value;

use super::answer::{Answer, Object};
use super::error::permit;
use super::request::{members, requests};
use super::{ApiError, Caller, Cloud, ImageFamily, Instance};

/// An instance's metadata options.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MetadataOptions {
    pub(crate) tokens: HttpTokens,
    /// The IP TTL of an answer that carries a token: 1 to 64.
    pub(crate) hop_limit: u8,
    pub(crate) endpoint: Switch,
    /// The IPv6 address, fd00:ec2::254.
    pub(crate) ipv6: Switch,
    /// Whether the instance's tags are shown.
    pub(crate) tags: Switch,
}

/// Whether a request needs a token (IMDS-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HttpTokens {
    /// Version 1 and version 2.
    Optional,
    /// Version 2 only.
    Required,
}

/// On or off, in EC2's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Switch {
    Enabled,
    Disabled,
}

members! {
    /// The metadata options of a launch; what is left out is as the image has it.
    MetadataOptionsRequest {
        http_tokens: Option<String>,
        http_put_response_hop_limit: Option<i64>,
        http_endpoint: Option<String>,
        http_protocol_ipv6: Option<String>,
        instance_metadata_tags: Option<String>,
    }
}

requests! {
    /// Changes an instance's metadata options; what is left out stays.
    ModifyInstanceMetadataOptions {
        instance_id: String,
        http_tokens: Option<String>,
        http_put_response_hop_limit: Option<i64>,
        http_endpoint: Option<String>,
        http_protocol_ipv6: Option<String>,
        instance_metadata_tags: Option<String>,
    }
}

impl MetadataOptions {
    /// What instances of an image have unless somebody says otherwise: Amazon Linux 2023 is flagged for version 2 (IMDS-4).
    pub(crate) fn of_image(family: ImageFamily) -> MetadataOptions {
        let (tokens, hop_limit) = match family {
            ImageFamily::AmazonLinux2023 => (HttpTokens::Required, 2),
            ImageFamily::AmazonLinux2 | ImageFamily::Ubuntu | ImageFamily::Windows => (HttpTokens::Optional, 1),
        };
        let (endpoint, off) = (Switch::Enabled, Switch::Disabled);
        MetadataOptions { tokens, hop_limit, endpoint, ipv6: off, tags: off }
    }

    /// The same with what a request changes.
    pub(super) fn with(mut self, request: &MetadataOptionsRequest) -> Result<MetadataOptions, ApiError> {
        if let Some(text) = &request.http_tokens {
            self.tokens = match text.as_str() {
                "optional" => HttpTokens::Optional,
                "required" => HttpTokens::Required,
                _ => return Err(wrong("HttpTokens", text)),
            };
        }
        if let Some(limit) = request.http_put_response_hop_limit {
            let fits = u8::try_from(limit).ok().filter(|limit| (1..=64).contains(limit));
            self.hop_limit = fits.ok_or_else(|| wrong("HttpPutResponseHopLimit", limit))?;
        }
        for (name, text, switch) in [
            ("HttpEndpoint", &request.http_endpoint, &mut self.endpoint),
            ("HttpProtocolIpv6", &request.http_protocol_ipv6, &mut self.ipv6),
            ("InstanceMetadataTags", &request.instance_metadata_tags, &mut self.tags),
        ] {
            if let Some(text) = text {
                *switch = Switch::parse(text).ok_or_else(|| wrong(name, text))?;
            }
        }
        Ok(self)
    }

    /// As Describe shows them.
    pub(super) fn describe(self, state: &str) -> Value {
        let tokens = match self.tokens {
            HttpTokens::Optional => "optional",
            HttpTokens::Required => "required",
        };
        Object::new()
            .text("State", state)
            .text("HttpTokens", tokens)
            .value("HttpPutResponseHopLimit", self.hop_limit)
            .text("HttpEndpoint", self.endpoint.name())
            .text("HttpProtocolIpv6", self.ipv6.name())
            .text("InstanceMetadataTags", self.tags.name())
            .into()
    }
}

impl Switch {
    fn parse(text: &str) -> Option<Switch> {
        match text {
            "enabled" => Some(Switch::Enabled),
            "disabled" => Some(Switch::Disabled),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Switch::Enabled => "enabled",
            Switch::Disabled => "disabled",
        }
    }
}

impl Cloud {
    pub(crate) fn modify_instance_metadata_options(
        &mut self,
        caller: &Caller,
        request: ModifyInstanceMetadataOptions,
    ) -> Answer {
        let instance = self.find::<Instance>(caller, &request.instance_id)?;
        let (id, interfaces) = (instance.id, instance.interfaces.clone());
        let changes = MetadataOptionsRequest {
            http_tokens: request.http_tokens,
            http_put_response_hop_limit: request.http_put_response_hop_limit,
            http_endpoint: request.http_endpoint,
            http_protocol_ipv6: request.http_protocol_ipv6,
            instance_metadata_tags: request.instance_metadata_tags,
        };
        let options = instance.metadata_options.with(&changes)?;
        permit(request.dry_run)?;
        self.instances[&id].metadata_options = options;
        interfaces.into_iter().for_each(|interface| self.touch(interface));
        let shown = options.describe("pending");
        Ok(Object::new().text("InstanceId", id).value("InstanceMetadataOptions", shown).into())
    }
}

fn wrong(parameter: &str, value: impl std::fmt::Display) -> ApiError {
    ApiError::invalid_value(format!("Value ({value}) for parameter {parameter} is invalid."))
}
