//! One resource on its way into existence: its properties with their places, and the requests made for it.
//!
//! This file knows how requests are addressed and tagged, and no resource type.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;

use super::super::schema::Properties;
use super::super::value::{Value, ValueKind};
use super::Source;
use crate::cloud::{ApiError, RunInstances, Tag};
use crate::frontend::Api;
use crate::frontend::diagnostic::{Sources, Span};
use crate::frontend::node::Key;
use crate::id::{AccountId, Origin, Region};

/// A resource being created.
pub(crate) struct Creation<'a> {
    pub(crate) api: &'a mut dyn Api,
    pub(crate) sources: &'a Sources,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) stack_name: &'a SmolStr,
    pub(crate) stack_id: &'a SmolStr,
    pub(crate) logical_id: &'a SmolStr,
    /// The place of the logical id.
    pub(crate) span: Span,
    /// The properties as AWS takes them.
    pub(crate) properties: Properties,
    /// The same with their places.
    pub(crate) values: &'a [(Key, Value)],
    /// Where the last request was written.
    pub(crate) requested_at: Span,
}

/// A resource that exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Created {
    /// What `Ref` gives: CloudFormation's physical id.
    pub(crate) physical_id: SmolStr,
    /// What EC2's own requests know it by, if that is something else.
    pub(crate) id: Option<SmolStr>,
}

impl Created {
    /// A resource whose physical id is EC2's.
    pub(crate) fn new(id: impl Into<SmolStr>) -> Created {
        Created { physical_id: id.into(), id: None }
    }
}

impl Creation<'_> {
    /// A request on behalf of the resource as a whole.
    pub(crate) fn call(&mut self, operation: &str, parameters: Json) -> Result<Json, ApiError> {
        self.call_at(self.span, operation, parameters)
    }

    /// A request on behalf of what is written at a place, such as one rule of a list.
    pub(crate) fn call_at(&mut self, span: Span, operation: &str, parameters: Json) -> Result<Json, ApiError> {
        self.call_as(self.account, self.region, span, operation, parameters)
    }

    /// A request in another account or Region than the stack's.
    pub(crate) fn call_as(
        &mut self,
        account: AccountId,
        region: Region,
        span: Span,
        operation: &str,
        parameters: Json,
    ) -> Result<Json, ApiError> {
        self.requested_at = span;
        let origin = self.sources.origin(span);
        self.api.call(account, region, origin, operation, parameters)
    }

    /// Launches the instance that the resource is.
    pub(crate) fn launch(&mut self, request: RunInstances) -> Result<String, ApiError> {
        self.requested_at = self.span;
        self.api.launch(self.account, self.region, self.sources.origin(self.span), request)
    }

    /// Takes a property into a request whose member has its shape; nothing, if it is not given.
    pub(crate) fn take<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T, ApiError> {
        let given = self.properties.iter_mut().find(|(given, _)| *given == name);
        given.map_or_else(|| Ok(T::default()), |(_, value)| shaped(value.take()))
    }

    /// A property, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.properties.iter().find_map(|(given, value)| (*given == name).then_some(value))
    }

    /// A text property, if it is given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The given ones of these properties, under the same names: what most requests consist of.
    pub(crate) fn pick(&self, names: &[&str]) -> Map<String, Json> {
        names.iter().filter_map(|&name| Some((name.to_owned(), self.get(name)?.clone()))).collect()
    }

    /// All properties that are given, under the same names.
    pub(crate) fn all(&self) -> Map<String, Json> {
        self.properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    /// The place of a property's value, or of the resource.
    pub(crate) fn place(&self, name: &str) -> Span {
        self.values.iter().find(|(key, _)| key.text == name).map_or(self.span, |(_, value)| value.span)
    }

    /// The items of a list property, each with its place.
    pub(crate) fn items(&self, name: &str) -> Vec<(Json, Span)> {
        let Some(Json::Array(items)) = self.get(name) else { return Vec::new() };
        let written = self.values.iter().find(|(key, _)| key.text == name).map(|(_, value)| &value.kind);
        let spans: Vec<Span> = match written {
            Some(ValueKind::List(values)) => values.iter().map(|value| value.span).collect(),
            _ => Vec::new(),
        };
        items.iter().cloned().zip(spans.into_iter().chain(std::iter::repeat(self.span))).collect()
    }

    /// `TagSpecifications` for a kind of resource: the author's tags, then CloudFormation's.
    pub(crate) fn tag_specifications(&self, resource_type: &str) -> Json {
        let mut tags: Vec<Json> = self.get("Tags").and_then(Json::as_array).cloned().unwrap_or_default();
        tags.extend(self.stack_tags().map(|(key, value)| json!({ "Key": key, "Value": value.as_str() })));
        json!([{ "ResourceType": resource_type, "Tags": tags }])
    }

    /// The same tags, as a typed request takes them.
    pub(crate) fn tags(&mut self) -> Result<Vec<Tag>, ApiError> {
        let mut tags: Vec<Tag> = self.take("Tags")?;
        tags.extend(
            self.stack_tags().map(|(key, value)| Tag { key: SmolStr::new_static(key), value: Some(value.clone()) }),
        );
        Ok(tags)
    }

    /// CloudFormation's own tags.
    fn stack_tags(&self) -> [(&'static str, &SmolStr); 3] {
        [
            ("aws:cloudformation:stack-name", self.stack_name),
            ("aws:cloudformation:stack-id", self.stack_id),
            ("aws:cloudformation:logical-id", self.logical_id),
        ]
    }
}

/// A value in the shape that a request wants it in.
///
/// # Errors
/// When it has another, which the property's kind does not let happen.
pub(crate) fn shaped<T: DeserializeOwned>(value: Json) -> Result<T, ApiError> {
    serde_json::from_value(value).map_err(|error| ApiError::new("InvalidAction", error.to_string()))
}

/// A text in an answer.
///
/// # Errors
/// When it is not there, which is a fault of the control plane and not of the template.
pub(crate) fn text_at(answer: &Json, pointer: &str) -> Result<String, ApiError> {
    match answer.pointer(pointer).and_then(Json::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(ApiError::new("InternalError", format!("the answer has no text at {pointer}"))),
    }
}

/// What `Fn::GetAtt` finds: a text, a list, or nothing.
pub(crate) fn read_attribute(
    api: &mut dyn Api,
    account: AccountId,
    region: Region,
    source: Source,
    id: &str,
) -> Result<Vec<String>, ApiError> {
    let mut describe =
        |operation: &str, parameters: Json| api.call(account, region, Origin::Aws, operation, parameters);
    match source {
        Source::Id => Ok(vec![id.to_owned()]),
        Source::Describe { operation, ids, pointer } => {
            let answer = describe(operation, json!({ ids: [id] }))?;
            Ok(answer.pointer(pointer).and_then(scalar).into_iter().collect())
        }
        Source::IdPart(index) => Ok(id.split('|').nth(index).map(str::to_owned).into_iter().collect()),
        Source::DescribeList { operation, ids, pointer, from, item } => {
            let answer = describe(operation, json!({ ids: [id] }))?;
            let items = answer.pointer(pointer).and_then(Json::as_array);
            Ok(items
                .into_iter()
                .flatten()
                .skip(from)
                .filter_map(|found| found.pointer(item).and_then(scalar))
                .collect())
        }
        Source::Filtered { operation, filters, pointer } => {
            let filters: Vec<Json> = filters
                .iter()
                .map(|(name, value)| json!({ "Name": name, "Values": [value.replace("{id}", id)] }))
                .collect();
            let answer = describe(operation, json!({ "Filters": filters }))?;
            Ok(answer.pointer(pointer).and_then(scalar).into_iter().collect())
        }
    }
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
