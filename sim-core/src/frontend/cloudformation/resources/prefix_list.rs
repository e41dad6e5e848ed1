//! AWS::EC2::PrefixList.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, Property, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

const ENTRY: &[Property] = &[required("Cidr", Kind::Text), optional("Description", Kind::FreeText)];

pub(super) static PREFIX_LIST: ResourceType = ResourceType {
    name: "AWS::EC2::PrefixList",
    properties: &[
        required("PrefixListName", Kind::Text),
        required("AddressFamily", Kind::Text),
        optional("MaxEntries", Kind::Integer),
        optional("Entries", Kind::List(&Kind::Object(ENTRY))),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("PrefixListId"),
        Attribute { name: "Arn", source: describe("/PrefixLists/0/PrefixListArn") },
        Attribute { name: "OwnerId", source: describe("/PrefixLists/0/OwnerId") },
        Attribute { name: "Version", source: describe("/PrefixLists/0/Version") },
    ],
    create,
};

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeManagedPrefixLists", ids: "PrefixListIds", pointer }
}

fn create(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["PrefixListName", "AddressFamily", "MaxEntries", "Entries"]);
    // CloudFormation makes a list as large as it has entries when it is told no size.
    let entries = creation.get("Entries").and_then(Json::as_array).map_or(0, Vec::len);
    request.entry("MaxEntries").or_insert(json!(entries.max(1)));
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("prefix-list"));
    let answer = creation.call("CreateManagedPrefixList", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/PrefixList/PrefixListId")?))
}
