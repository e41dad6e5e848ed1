//! What `aws cloudformation` says of the scenario's stacks.
//!
//! Stacks are made before the first step and stay as they are: these operations look, and none changes anything.

use serde_json::{Map, Value, json};

use crate::cloud::{ApiError, Caller};
use crate::frontend::cloudformation::{Stack, StackOutput};

/// The answer to one operation of CloudFormation.
pub(super) fn answer(
    stacks: &[Stack],
    caller: &Caller,
    operation: &str,
    parameters: &Value,
) -> Result<Value, ApiError> {
    let own = stacks.iter().filter(|stack| (stack.account, stack.region) == (caller.account, caller.region));
    let own: Vec<&Stack> = own.collect();
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    match operation {
        "DescribeStacks" => {
            let asked = text("StackName").map(|name| named(&own, name)).transpose()?;
            let asked = asked.map_or(own, |stack| vec![stack]);
            Ok(json!({ "Stacks": asked.into_iter().map(describe).collect::<Vec<_>>() }))
        }
        "DescribeStackResources" => {
            resources(&own, text("StackName"), text("PhysicalResourceId"), text("LogicalResourceId"))
        }
        "ListExports" => Ok(json!({ "Exports": own.into_iter().flat_map(exports).collect::<Vec<_>>() })),
        other => Err(ApiError::new("InvalidAction", format!("{other} is not simulated"))),
    }
}

/// A stack by its name or ARN.
fn named<'s>(own: &[&'s Stack], name: &str) -> Result<&'s Stack, ApiError> {
    let found = own.iter().find(|stack| stack.name == name || stack.id == name);
    found.copied().ok_or_else(|| validation(format!("Stack with id {name} does not exist")))
}

fn validation(message: String) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn describe(stack: &Stack) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("StackId", json!(stack.id));
    put("StackName", json!(stack.name));
    if let Some(description) = &stack.description {
        put("Description", json!(description));
    }
    let parameter = |(name, value): (&String, &String)| json!({ "ParameterKey": name, "ParameterValue": value });
    if !stack.parameters.is_empty() {
        put("Parameters", stack.parameters.iter().map(parameter).collect());
    }
    put("RollbackConfiguration", json!({}));
    put("StackStatus", json!("CREATE_COMPLETE"));
    put("DisableRollback", json!(false));
    put("NotificationARNs", json!([]));
    let output = |(name, StackOutput { value, description, export }): (&String, &StackOutput)| {
        let mut shown = json!({ "OutputKey": name, "OutputValue": value });
        if let Some(description) = description {
            shown["Description"] = json!(description);
        }
        if let Some(export) = export {
            shown["ExportName"] = json!(export);
        }
        shown
    };
    if !stack.outputs.is_empty() {
        put("Outputs", stack.outputs.iter().map(output).collect());
    }
    put("Tags", json!([]));
    put("EnableTerminationProtection", json!(false));
    put("DriftInformation", json!({ "StackDriftStatus": "NOT_CHECKED" }));
    Value::Object(shown)
}

fn exports(stack: &Stack) -> Vec<Value> {
    let exported = stack.outputs.values().filter_map(|output| Some((output.export.as_ref()?, &output.value)));
    let shown = exported.map(|(name, value)| json!({ "ExportingStackId": stack.id, "Name": name, "Value": value }));
    shown.collect()
}

/// The resources of a stack, which is named or has a resource of this physical id.
fn resources(
    own: &[&Stack],
    name: Option<&str>,
    physical_id: Option<&str>,
    logical_id: Option<&str>,
) -> Result<Value, ApiError> {
    let stack = match (name, physical_id) {
        (Some(name), _) => named(own, name)?,
        (None, Some(id)) => {
            let has = |stack: &&&Stack| stack.resources.values().any(|resource| resource.physical_id == id);
            let found = own.iter().find(has).copied();
            found.ok_or_else(|| validation(format!("Stack for {id} does not exist")))?
        }
        (None, None) => {
            return Err(validation("Either StackName or PhysicalResourceId must be specified".to_owned()));
        }
    };
    let is_asked = |name: &str| logical_id.is_none_or(|asked| asked == name);
    let shown = stack.resources.iter().filter(|(name, _)| is_asked(name)).map(|(name, resource)| {
        json!({
            "StackName": stack.name,
            "StackId": stack.id,
            "LogicalResourceId": name.as_str(),
            "PhysicalResourceId": resource.physical_id.as_str(),
            "ResourceType": resource.type_name(),
            "ResourceStatus": "CREATE_COMPLETE",
            "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
        })
    });
    Ok(json!({ "StackResources": shown.collect::<Vec<_>>() }))
}
