//! The images that can be found by asking: those behind the public parameters that labs use.
//!
//! Differs from AWS: there is one of each, made at the beginning of 2024, and nobody has images of their own.

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::lookup::parse_id;
use super::request::requests;
use super::{Caller, Cloud, Image, ImageFamily};

const CREATED: &str = "2024-01-01T00:00:00.000Z";

requests! {
    /// Lists images.
    DescribeImages {
        image_ids: Vec<String>,
        owners: Vec<String>,
        executable_users: Vec<String>,
        include_deprecated: bool,
        include_disabled: bool,
        filters: Vec<Filter>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

/// Who publishes a family's images: the account, and the name that stands for it.
fn owner(family: ImageFamily) -> (&'static str, &'static str) {
    match family {
        ImageFamily::AmazonLinux2 | ImageFamily::AmazonLinux2023 => ("137112412989", "amazon"),
        ImageFamily::Ubuntu => ("099720109477", "amazon"),
        ImageFamily::Windows => ("801119661308", "amazon"),
    }
}

/// What filters may ask for, and Describe shows.
struct Facts {
    id: String,
    name: String,
    architecture: &'static str,
    owner: &'static str,
    alias: &'static str,
    is_windows: bool,
}

impl Facts {
    fn of(image: &Image, name: &str) -> Facts {
        let (owner, alias) = owner(image.family);
        Facts {
            id: image.id.to_string(),
            name: name.to_owned(),
            architecture: if name.contains("arm64") { "arm64" } else { "x86_64" },
            owner,
            alias,
            is_windows: image.family == ImageFamily::Windows,
        }
    }

    fn fields(&self) -> [(&'static str, &str); 13] {
        [
            ("image-id", &self.id),
            ("name", &self.name),
            ("architecture", self.architecture),
            ("owner-id", self.owner),
            ("owner-alias", self.alias),
            ("platform", if self.is_windows { "windows" } else { "" }),
            ("state", "available"),
            ("image-type", "machine"),
            ("is-public", "true"),
            ("root-device-type", "ebs"),
            ("virtualization-type", "hvm"),
            ("hypervisor", "xen"),
            ("creation-date", CREATED),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        let value = self.fields().into_iter().find(|(name, _)| *name == filter.name).map(|(_, value)| value);
        value.is_some_and(|value| filter.values.iter().any(|pattern| matches_wildcard(pattern, value)))
    }

    fn describe(&self) -> Value {
        let platform = self.is_windows.then_some("windows");
        Object::new()
            .text("PlatformDetails", if self.is_windows { "Windows" } else { "Linux/UNIX" })
            .text("Architecture", self.architecture)
            .text("CreationDate", CREATED)
            .text("ImageId", &self.id)
            .text("ImageLocation", format!("{}/{}", self.alias, self.name))
            .text("ImageType", "machine")
            .value("Public", true)
            .text("OwnerId", self.owner)
            .optional_text("Platform", platform)
            .text("State", "available")
            .value("EnaSupport", true)
            .text("Hypervisor", "xen")
            .text("ImageOwnerAlias", self.alias)
            .text("Name", &self.name)
            .text("RootDeviceType", "ebs")
            .text("VirtualizationType", "hvm")
            .into()
    }
}

impl Cloud {
    pub(crate) fn describe_images(&mut self, caller: &Caller, request: DescribeImages) -> Answer {
        let mut found: Vec<Facts> = Vec::new();
        for id in &request.image_ids {
            let image = Image::from_id(caller.region, parse_id(id)?);
            let known = Image::catalogue(caller.region).find(|(known, _)| known.id == image.id);
            found.push(Facts::of(&image, known.map_or(image.name.as_str(), |(_, name)| name)));
        }
        if request.image_ids.is_empty() {
            found.extend(Image::catalogue(caller.region).map(|(image, name)| Facts::of(&image, name)));
        }
        let known: Vec<&str> =
            found.first().map(|facts| facts.fields().map(|(name, _)| name).to_vec()).unwrap_or_default();
        for filter in &request.filters {
            check_filter(known.iter().copied(), filter)?;
        }
        permit(request.dry_run)?;
        let is_by = |facts: &Facts| {
            request.owners.is_empty() || request.owners.iter().any(|owner| owner == facts.owner || owner == facts.alias)
        };
        let is_for = |users: &[String]| users.is_empty() || users.iter().any(|user| user == "all");
        found.retain(|facts| {
            is_by(facts)
                && is_for(&request.executable_users)
                && request.filters.iter().all(|filter| facts.passes(filter))
        });
        just("Images", found.iter().map(Facts::describe).collect::<Vec<_>>())
    }
}
