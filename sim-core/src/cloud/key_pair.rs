//! Key pairs. Nobody logs in with them here; they exist so that commands about them answer.
//!
//! Differs from AWS: an instance may name a key pair that was never made. The key pair of a lab is its reader's own, made in
//! advance. The key material of a new pair is a placeholder, not a key.

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::base64::decode;
use super::describe::{Described, Filter, FilterTable, one};
use super::error::permit;
use super::lookup::Resource;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Tags};
use crate::engine::SimTime;
use crate::id::*;

/// A key pair.
#[derive(Clone, Debug)]
pub(crate) struct KeyPair {
    pub(crate) id: KeyPairId,
    pub(crate) name: String,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) key_type: String,
    pub(crate) created: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes a key pair.
    CreateKeyPair {
        key_name: String,
        key_type: Option<String>,
        key_format: Option<String>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Brings the public half of one's own.
    ImportKeyPair {
        key_name: String,
        public_key_material: String,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Forgets a key pair; that there is none is no mistake.
    DeleteKeyPair { key_name: Option<String>, key_pair_id: Option<String>, }
    /// Lists key pairs.
    DescribeKeyPairs {
        key_names: Vec<String>,
        key_pair_ids: Vec<String>,
        include_public_key: bool,
        filters: Vec<Filter>,
    }
}

impl Resource for KeyPair {
    type Id = KeyPairId;

    fn table(cloud: &Cloud) -> &Records<KeyPairId, KeyPair> {
        &cloud.key_pairs
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Described for KeyPair {
    const FILTERS: FilterTable<KeyPair> = &[
        ("fingerprint", |key, _| one(key.fingerprint())),
        ("key-name", |key, _| one(&key.name)),
        ("key-pair-id", |key, _| one(key.id)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        Object::new()
            .text("KeyPairId", self.id)
            .text("KeyType", &self.key_type)
            .list("Tags", self.tags.describe())
            .text("CreateTime", cloud.timestamp(self.created))
            .text("KeyName", &self.name)
            .text("KeyFingerprint", self.fingerprint())
            .into()
    }
}

impl KeyPair {
    /// Twenty octets that differ from pair to pair, in the form of a SHA-1 fingerprint.
    fn fingerprint(&self) -> String {
        let digits = self.id.to_string().replace("key-", "").repeat(3);
        let pairs: Vec<&str> = (0..20).map(|octet| &digits[octet * 2..octet * 2 + 2]).collect();
        pairs.join(":")
    }
}

impl Cloud {
    pub(crate) fn create_key_pair(&mut self, caller: &Caller, request: CreateKeyPair) -> Answer {
        self.check_new_key(caller, &request.key_name)?;
        let key_type = request.key_type.as_deref().unwrap_or("rsa");
        if !matches!(key_type, "rsa" | "ed25519") {
            return Err(ApiError::invalid_value(format!("Value ({key_type}) for parameter KeyType is invalid.")));
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::KeyPair, &[])?;
        permit(request.dry_run)?;
        let key = self.new_key_pair(caller, request.key_name, key_type, tags);
        let answer = Object::new()
            .text("KeyPairId", key.id)
            .optional_list("Tags", key.tags.describe())
            .text("KeyName", &key.name)
            .text("KeyFingerprint", key.fingerprint())
            .text("KeyMaterial", "(vpcsim makes no key material)");
        self.key_pairs.insert(key.id, key);
        Ok(answer.into())
    }

    fn new_key_pair(&mut self, caller: &Caller, name: String, key_type: &str, tags: Tags) -> KeyPair {
        KeyPair {
            id: self.ids.next(),
            name,
            owner: caller.account,
            region: caller.region,
            key_type: key_type.to_owned(),
            created: caller.now,
            tags,
            origin: caller.origin,
        }
    }

    /// Refuses a name that is none, or that another key pair has.
    fn check_new_key(&self, caller: &Caller, name: &str) -> Result<(), ApiError> {
        if name.is_empty() {
            return Err(ApiError::missing("KeyName"));
        }
        if self.key_named(caller, name).is_some() {
            return Err(ApiError::new("InvalidKeyPair.Duplicate", format!("The keypair already exists: '{name}'")));
        }
        Ok(())
    }

    fn key_named(&self, caller: &Caller, name: &str) -> Option<KeyPairId> {
        self.key_pairs.values().find(|key| key.visible(self, caller) && key.name == name).map(|key| key.id)
    }

    pub(crate) fn import_key_pair(&mut self, caller: &Caller, request: ImportKeyPair) -> Answer {
        self.check_new_key(caller, &request.key_name)?;
        let material = decode(&request.public_key_material).and_then(|bytes| String::from_utf8(bytes).ok());
        let key_type = match material.as_deref().and_then(|text| text.split_whitespace().next()) {
            Some("ssh-rsa") => "rsa",
            Some("ssh-ed25519") => "ed25519",
            _ => {
                let message = "Key is not in valid OpenSSH public key format";
                return Err(ApiError::new("InvalidKey.Format", message));
            }
        };
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::KeyPair, &[])?;
        permit(request.dry_run)?;
        let key = self.new_key_pair(caller, request.key_name, key_type, tags);
        let answer = Object::new()
            .text("KeyFingerprint", key.fingerprint())
            .text("KeyName", &key.name)
            .text("KeyPairId", key.id)
            .optional_list("Tags", key.tags.describe());
        self.key_pairs.insert(key.id, key);
        Ok(answer.into())
    }

    pub(crate) fn delete_key_pair(&mut self, caller: &Caller, request: DeleteKeyPair) -> Answer {
        let id = match (&request.key_name, &request.key_pair_id) {
            (Some(name), None) => self.key_named(caller, name),
            (None, Some(id)) => Some(self.find::<KeyPair>(caller, id)?.id),
            (None, None) => return Err(ApiError::missing("KeyName")),
            (Some(_), Some(_)) => {
                let message = "The parameters KeyName and KeyPairId cannot be used together";
                return Err(ApiError::new("InvalidParameterCombination", message));
            }
        };
        permit(request.dry_run)?;
        if let Some(id) = id {
            self.key_pairs.remove(&id);
        }
        Ok(Object::new().value("Return", true).optional_text("KeyPairId", id).into())
    }

    pub(crate) fn describe_key_pairs(&mut self, caller: &Caller, request: DescribeKeyPairs) -> Answer {
        permit(request.dry_run)?;
        let selected: Vec<&KeyPair> =
            self.selected::<KeyPair>(caller, &request.key_pair_ids, &request.filters)?.collect();
        for name in &request.key_names {
            if !self.key_pairs.values().any(|key| key.visible(self, caller) && key.name == *name) {
                return Err(ApiError::not_found(ResourceKind::KeyPair, name));
            }
        }
        let named = |key: &&KeyPair| request.key_names.is_empty() || request.key_names.contains(&key.name);
        let shown: Vec<Value> = selected.into_iter().filter(named).map(|key| key.describe(self, caller)).collect();
        just("KeyPairs", shown)
    }
}
