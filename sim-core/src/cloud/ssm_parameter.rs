//! The public parameters of Systems Manager that name images: what `aws ssm get-parameters` finds.
//!
//! Differs from AWS: these are all there is. Nobody can put parameters of their own.

use serde_json::Value;

use super::answer::{Answer, Object};
use super::request::requests;
use super::{ApiError, Caller, Cloud, Image};
use crate::id::Region;

requests! {
    /// Gets one parameter.
    GetParameter { name: String, with_decryption: bool, }
    /// Gets several; those that are not there are listed apart.
    GetParameters { names: Vec<String>, with_decryption: bool, }
}

fn parameter(region: Region, name: &str) -> Option<Value> {
    let image = Image::from_ssm_parameter(region, name)?;
    let parameter = Object::new()
        .text("Name", name)
        .text("Type", "String")
        .text("Value", image.id)
        .value("Version", 1)
        .text("LastModifiedDate", "2024-01-01T00:00:00+00:00")
        .text("ARN", format!("arn:aws:ssm:{region}::parameter{name}"))
        .text("DataType", "aws:ec2:image");
    Some(parameter.into())
}

impl Cloud {
    pub(crate) fn get_parameter(&mut self, caller: &Caller, request: GetParameter) -> Answer {
        // AWS gives this error without a sentence.
        let found = parameter(caller.region, &request.name).ok_or_else(|| ApiError::new("ParameterNotFound", ""))?;
        Ok(Object::new().value("Parameter", found).into())
    }

    pub(crate) fn get_parameters(&mut self, caller: &Caller, request: GetParameters) -> Answer {
        let (mut found, mut invalid) = (Vec::new(), Vec::new());
        for name in &request.names {
            match parameter(caller.region, name) {
                Some(parameter) => found.push(parameter),
                None => invalid.push(Value::from(name.as_str())),
            }
        }
        Ok(Object::new().list("Parameters", found).list("InvalidParameters", invalid).into())
    }
}
