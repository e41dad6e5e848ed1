//! Managed prefix lists: AWS's own of each Region's S3 and DynamoDB ([`AwsPrefixList`]), and those that customers make.
//!
//! Routes and security group rules name a list; what it holds is looked up when they are compiled, so that a list that changes
//! changes them all (RT-10, RT-23, SG-28, SG-29).
//!
//! SIM: a change to a list takes no time. A list's earlier versions are not kept: only the current one can be asked for.

use ipnet::IpNet;
use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Described, Filter, FilterTable, check_filter, matches_wildcard, one};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::records::Records;
use super::request::{members, requests};
use super::tag::TagSpecification;
use super::{ApiError, AwsPrefixList, Caller, Cloud, Quota, Tags};
use crate::id::*;

/// The family of a list's entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    V4,
    V6,
}

impl From<IpNet> for Family {
    fn from(block: IpNet) -> Family {
        match block {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }
}

/// One range of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) block: IpNet,
    pub(crate) description: Option<String>,
}

/// A customer-managed prefix list.
#[derive(Clone, Debug)]
pub(crate) struct PrefixList {
    pub(crate) id: PrefixListId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) name: String,
    pub(crate) family: Family,
    /// How many entries it may ever hold, which is what it counts as where it is used (RT-23).
    pub(crate) max_entries: u32,
    pub(crate) entries: Vec<Entry>,
    /// Counts changes of the entries, from 1.
    pub(crate) version: u64,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// A list as those who name it see it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyList<'a> {
    /// AWS's, as it is in a Region.
    Aws(AwsPrefixList, Region),
    Customer(&'a PrefixList),
}

members! {
    /// An entry to add.
    AddPrefixListEntry { cidr: String, description: Option<String>, }
    /// An entry to take away.
    RemovePrefixListEntry { cidr: String, }
}

requests! {
    /// Makes a list.
    CreateManagedPrefixList {
        prefix_list_name: String,
        entries: Vec<AddPrefixListEntry>,
        max_entries: u32,
        tag_specifications: Vec<TagSpecification>,
        address_family: String,
        client_token: Option<String>,
    }
    /// Changes a list's entries, name or size.
    ModifyManagedPrefixList {
        prefix_list_id: String,
        current_version: Option<u64>,
        prefix_list_name: Option<String>,
        add_entries: Vec<AddPrefixListEntry>,
        remove_entries: Vec<RemovePrefixListEntry>,
        max_entries: Option<u32>,
    }
    /// Deletes a list that nothing names.
    DeleteManagedPrefixList { prefix_list_id: String, }
    /// Lists prefix lists, AWS's first.
    DescribeManagedPrefixLists {
        filters: Vec<Filter>,
        prefix_list_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Lists a list's entries.
    GetManagedPrefixListEntries {
        prefix_list_id: String,
        target_version: Option<u64>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Lists what names a list.
    GetManagedPrefixListAssociations {
        prefix_list_id: String,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Lists AWS's lists with their ranges: the older request.
    DescribePrefixLists {
        filters: Vec<Filter>,
        prefix_list_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

impl Resource for PrefixList {
    type Id = PrefixListId;

    fn table(cloud: &Cloud) -> &Records<PrefixListId, PrefixList> {
        &cloud.prefix_lists
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Described for PrefixList {
    const FILTERS: FilterTable<PrefixList> = &[
        ("owner-id", |list, _| one(list.owner)),
        ("prefix-list-id", |list, _| one(list.id)),
        ("prefix-list-name", |list, _| one(&list.name)),
    ];

    fn describe(&self, _: &Cloud, _: &Caller) -> Value {
        Object::new()
            .text("PrefixListId", self.id)
            .text("AddressFamily", family_name(self.family))
            .text("State", if self.version > 1 { "modify-complete" } else { "create-complete" })
            .text("PrefixListArn", arn(self.region, &self.owner.to_string(), self.id))
            .text("PrefixListName", &self.name)
            .value("MaxEntries", self.max_entries)
            .value("Version", self.version)
            .list("Tags", self.tags.describe())
            .text("OwnerId", self.owner)
            .into()
    }
}

impl AnyList<'_> {
    pub(crate) fn family(&self) -> Family {
        match self {
            AnyList::Aws(list, _) => list.family,
            AnyList::Customer(list) => list.family,
        }
    }

    /// How many routes or rules a reference counts as (RT-23, SG-29). AWS gives all of these lists the weight 1.
    pub(crate) fn weight(&self) -> usize {
        match self {
            AnyList::Aws(..) => 1,
            AnyList::Customer(list) => list.max_entries as usize,
        }
    }

    /// The ranges it holds.
    pub(crate) fn blocks(&self) -> Vec<IpNet> {
        match self {
            AnyList::Aws(list, region) => list.blocks_in(*region),
            AnyList::Customer(list) => list.entries.iter().map(|entry| entry.block).collect(),
        }
    }
}

impl Cloud {
    /// A list by its id, as the resources of a Region see it.
    pub(crate) fn prefix_list_in(&self, region: Region, id: PrefixListId) -> Option<AnyList<'_>> {
        let of_aws = AwsPrefixList::of_id(region, id).map(|list| AnyList::Aws(list, region));
        of_aws.or_else(|| self.prefix_lists.get(&id).filter(|list| list.region == region).map(AnyList::Customer))
    }

    /// A list that the caller may name.
    pub(crate) fn prefix_list_of(&self, caller: &Caller, id: PrefixListId) -> Result<AnyList<'_>, ApiError> {
        self.prefix_list_in(caller.region, id)
            .filter(|list| match list {
                AnyList::Aws(..) => true,
                AnyList::Customer(list) => list.owner == caller.account,
            })
            .ok_or_else(|| ApiError::not_found(ResourceKind::PrefixList, id))
    }

    pub(crate) fn create_managed_prefix_list(&mut self, caller: &Caller, request: CreateManagedPrefixList) -> Answer {
        let family = match request.address_family.as_str() {
            "IPv4" => Family::V4,
            "IPv6" => Family::V6,
            "" => return Err(ApiError::missing("AddressFamily")),
            other => {
                return Err(ApiError::invalid_value(format!(
                    "Value ({other}) for parameter AddressFamily is invalid. Valid values are IPv4 and IPv6."
                )));
            }
        };
        check_name(&request.prefix_list_name)?;
        if request.max_entries == 0 {
            return Err(ApiError::invalid_value("MaxEntries must be at least 1"));
        }
        self.config.quotas.admit(Quota::EntriesPerPrefixList, request.max_entries as usize - 1)?;
        let mut entries = Vec::new();
        for entry in &request.entries {
            add(&mut entries, family, entry)?;
        }
        check_size(&entries, request.max_entries)?;
        let existing = self.index.owned(caller.account, caller.region, ResourceKind::PrefixList);
        self.config.quotas.admit(Quota::PrefixListsPerRegion, existing)?;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::PrefixList, &[])?;
        permit(request.dry_run)?;
        let id = self.ids.next();
        let list = PrefixList {
            id,
            owner: caller.account,
            region: caller.region,
            name: request.prefix_list_name,
            family,
            max_entries: request.max_entries,
            entries,
            version: 1,
            tags,
            origin: caller.origin,
        };
        self.index.gained(caller.account, caller.region, ResourceKind::PrefixList);
        self.prefix_lists.insert(id, list);
        just("PrefixList", self.prefix_lists[&id].describe(self, caller))
    }

    pub(crate) fn modify_managed_prefix_list(&mut self, caller: &Caller, request: ModifyManagedPrefixList) -> Answer {
        let list = self.customer_list(caller, &request.prefix_list_id)?;
        let (id, family) = (list.id, list.family);
        let changes_entries = !request.add_entries.is_empty() || !request.remove_entries.is_empty();
        if changes_entries && request.max_entries.is_some() {
            return Err(ApiError::new(
                "InvalidParameterCombination",
                "You cannot change the entries of a prefix list and its size in one request",
            ));
        }
        match request.current_version {
            None if changes_entries => return Err(ApiError::missing("CurrentVersion")),
            Some(version) if version != list.version => {
                return Err(ApiError::new(
                    "PrefixListVersionMismatch",
                    format!("The prefix list has version {}, not {version}.", list.version),
                ));
            }
            _ => {}
        }
        if let Some(name) = &request.prefix_list_name {
            check_name(name)?;
        }
        let mut entries = list.entries.clone();
        for entry in &request.remove_entries {
            let block = read_block(family, &entry.cidr)?;
            let at = entries.iter().position(|it| it.block == block).ok_or_else(|| {
                ApiError::invalid_value(format!("The prefix list has no entry for the CIDR block {block}"))
            })?;
            entries.remove(at);
        }
        for entry in &request.add_entries {
            add(&mut entries, family, entry)?;
        }
        let max_entries = request.max_entries.unwrap_or(list.max_entries);
        self.config.quotas.admit(Quota::EntriesPerPrefixList, (max_entries as usize).saturating_sub(1))?;
        check_size(&entries, max_entries)?;
        permit(request.dry_run)?;
        let list = &mut self.prefix_lists[&id];
        list.entries = entries;
        list.max_entries = max_entries;
        list.version += u64::from(changes_entries);
        if let Some(name) = request.prefix_list_name {
            list.name = name;
        }
        self.touch(id);
        just("PrefixList", self.prefix_lists[&id].describe(self, caller))
    }

    pub(crate) fn delete_managed_prefix_list(&mut self, caller: &Caller, request: DeleteManagedPrefixList) -> Answer {
        let id = self.customer_list(caller, &request.prefix_list_id)?.id;
        // DEL-6: what names it goes first.
        if let Some((user, _)) = self.users_of_prefix_list(caller.region, id).next() {
            return Err(ApiError::new(
                "ResourceInUse",
                format!("The prefix list {id} is in use by {user} and cannot be deleted."),
            ));
        }
        permit(request.dry_run)?;
        let mut shown = self.prefix_lists[&id].describe(self, caller);
        shown["State"] = "delete-complete".into();
        self.prefix_lists.remove(&id);
        self.index.lost(caller.account, caller.region, ResourceKind::PrefixList);
        just("PrefixList", shown)
    }

    pub(crate) fn describe_managed_prefix_lists(
        &mut self,
        caller: &Caller,
        request: DescribeManagedPrefixLists,
    ) -> Answer {
        permit(request.dry_run)?;
        let (of_aws, own) = split_ids(caller.region, &request.prefix_list_ids);
        let mut found = Vec::new();
        for list in of_aws {
            let passes = |filter: &Filter| {
                let any = |value: &str| filter.values.iter().any(|it| matches_wildcard(it, value));
                match filter.name.as_str() {
                    "owner-id" => any("AWS"),
                    "prefix-list-id" => any(&list.id_in(caller.region).to_string()),
                    "prefix-list-name" => any(&list.name_in(caller.region)),
                    _ => false,
                }
            };
            if request.filters.iter().all(passes) {
                found.push(describe_aws_list(list, caller.region));
            }
        }
        if request.prefix_list_ids.is_empty() || !own.is_empty() {
            found.extend(self.described::<PrefixList>(caller, &own, &request.filters)?);
        }
        just("PrefixLists", found)
    }

    pub(crate) fn get_managed_prefix_list_entries(
        &mut self,
        caller: &Caller,
        request: GetManagedPrefixListEntries,
    ) -> Answer {
        let list = self.prefix_list_of(caller, parse_id(&request.prefix_list_id)?)?;
        let version = if let AnyList::Customer(list) = list { list.version } else { 1 };
        if request.target_version.is_some_and(|asked| asked != version) {
            return Err(ApiError::not_simulated("An earlier version of a prefix list"));
        }
        permit(request.dry_run)?;
        let entries: Vec<Value> = match list {
            AnyList::Aws(..) => {
                list.blocks().into_iter().map(|block| Object::new().text("Cidr", block).into()).collect()
            }
            AnyList::Customer(list) => list.entries.iter().map(describe_entry).collect(),
        };
        just("Entries", entries)
    }

    pub(crate) fn get_managed_prefix_list_associations(
        &mut self,
        caller: &Caller,
        request: GetManagedPrefixListAssociations,
    ) -> Answer {
        let id = self.customer_list(caller, &request.prefix_list_id)?.id;
        permit(request.dry_run)?;
        let shown: Vec<Value> = self
            .users_of_prefix_list(caller.region, id)
            .map(|(user, owner)| Object::new().text("ResourceId", user).text("ResourceOwner", owner).into())
            .collect();
        just("PrefixListAssociations", shown)
    }

    pub(crate) fn describe_prefix_lists(&mut self, caller: &Caller, request: DescribePrefixLists) -> Answer {
        for filter in &request.filters {
            check_filter(["prefix-list-id", "prefix-list-name"], filter)?;
        }
        permit(request.dry_run)?;
        let (of_aws, own) = split_ids(caller.region, &request.prefix_list_ids);
        if let Some(other) = own.first() {
            return Err(ApiError::not_found(ResourceKind::PrefixList, other));
        }
        let mut found: Vec<Value> = Vec::new();
        for list in of_aws {
            let (id, name) = (list.id_in(caller.region), list.name_in(caller.region));
            let passes = |filter: &Filter| {
                let value = if filter.name == "prefix-list-id" { &id.to_string() } else { &name };
                filter.values.iter().any(|it| matches_wildcard(it, value))
            };
            if request.filters.iter().all(passes) {
                let ranges = list.blocks_in(caller.region).into_iter().map(|range| range.to_string());
                found.push(
                    Object::new().list("Cidrs", ranges).text("PrefixListId", id).text("PrefixListName", name).into(),
                );
            }
        }
        just("PrefixLists", found)
    }

    /// A customer's list; AWS's cannot be changed.
    fn customer_list(&self, caller: &Caller, text: &str) -> Result<&PrefixList, ApiError> {
        match self.prefix_list_of(caller, parse_id(text)?)? {
            AnyList::Customer(list) => Ok(list),
            AnyList::Aws(..) => Err(ApiError::new(
                "OperationNotPermitted",
                format!("The prefix list {text} is managed by AWS and cannot be changed."),
            )),
        }
    }

    /// The groups and route tables that name a list, with their owners.
    fn users_of_prefix_list(&self, region: Region, id: PrefixListId) -> impl Iterator<Item = (ResourceId, AccountId)> {
        let groups = self.security_groups.values().filter(move |group| {
            group.home(self).1 == region && group.rules().any(|rule| rule.peer == super::RulePeer::PrefixList(id))
        });
        let tables = self.route_tables.values().filter(move |table| {
            table.home(self).1 == region && table.prefix_list_routes.iter().any(|route| route.list == id)
        });
        groups
            .map(|group| (group.id.into(), group.owner))
            .chain(tables.map(|table| (table.id.into(), table.home(self).0)))
    }
}

/// AWS's lists that are meant, and the ids that are not AWS's; without ids all of AWS's.
fn split_ids(region: Region, ids: &[String]) -> (Vec<AwsPrefixList>, Vec<String>) {
    if ids.is_empty() {
        return (AwsPrefixList::ALL.to_vec(), Vec::new());
    }
    let of_aws = |id: &String| id.parse().ok().and_then(|id| AwsPrefixList::of_id(region, id));
    (ids.iter().filter_map(of_aws).collect(), ids.iter().filter(|id| of_aws(id).is_none()).cloned().collect())
}

fn describe_aws_list(list: AwsPrefixList, region: Region) -> Value {
    let id = list.id_in(region);
    Object::new()
        .text("PrefixListId", id)
        .text("AddressFamily", family_name(list.family))
        .text("State", "create-complete")
        .text("PrefixListArn", arn(region, "aws", id))
        .text("PrefixListName", list.name_in(region))
        .list("Tags", [] as [Value; 0])
        .text("OwnerId", "AWS")
        .into()
}

fn describe_entry(entry: &Entry) -> Value {
    Object::new().text("Cidr", entry.block).optional_text("Description", entry.description.as_ref()).into()
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

fn arn(region: Region, owner: &str, id: PrefixListId) -> String {
    format!("arn:aws:ec2:{region}:{owner}:prefix-list/{id}")
}

fn check_name(name: &str) -> Result<(), ApiError> {
    match name {
        "" => Err(ApiError::missing("PrefixListName")),
        name if name.len() > 255 => Err(ApiError::invalid_value("A prefix list's name has at most 255 characters")),
        name if name.starts_with("com.amazonaws") => Err(ApiError::invalid_value(format!(
            "Value ({name}) for parameter PrefixListName is invalid. Names that begin with com.amazonaws are AWS's."
        ))),
        _ => Ok(()),
    }
}

fn check_size(entries: &[Entry], max_entries: u32) -> Result<(), ApiError> {
    if entries.len() <= max_entries as usize {
        return Ok(());
    }
    Err(ApiError::new(
        "PrefixListMaxEntriesExceeded",
        format!("The prefix list holds at most {max_entries} entries, not {}.", entries.len()),
    ))
}

/// Adds an entry, or gives the one there is another description.
fn add(entries: &mut Vec<Entry>, family: Family, entry: &AddPrefixListEntry) -> Result<(), ApiError> {
    let block = read_block(family, &entry.cidr)?;
    let description = entry.description.clone().filter(|text| !text.is_empty());
    match entries.iter_mut().find(|it| it.block == block) {
        Some(there) => there.description = description,
        None => entries.push(Entry { block, description }),
    }
    Ok(())
}

fn read_block(family: Family, text: &str) -> Result<IpNet, ApiError> {
    text.parse::<IpNet>().ok().map(|block| block.trunc()).filter(|block| Family::from(*block) == family).ok_or_else(
        || {
            ApiError::invalid_value(format!(
                "Value ({text}) for parameter Cidr is invalid. This is not a valid {} CIDR block.",
                family_name(family)
            ))
        },
    )
}
