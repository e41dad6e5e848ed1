//! VPC peering connections (PCX): the whole life cycle of PCX-2, in virtual time.
//!
//! ```text
//! request ─► initiating-request ─► pending-acceptance ─► provisioning ─► active ─► deleted
//!                     │                 │ │ │
//!                     ▼                 │ │ └► rejected   (accepter)
//!                   failed              │ └──► deleted    (requester)
//!            (blocks overlap, PCX-4)    └────► expired    (after 7 days)
//! ```
//!
//! `initiating-request`, `provisioning` and, between Regions, `deleting` before `deleted` last [`SETTLING`]. SIM: AWS says
//! "for an instant".

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::answer::{Answer, Object, done, just};
use super::cidr::{overlap, overlap_v6};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::index::VpcContents;
use super::lookup::{Resource, parse_id};
use super::records::Records;
use super::request::{members, requests};
use super::tag::TagSpecification;
use super::transition::Transition;
use super::{ApiError, Caller, Cloud, Quota, Tags, Vpc};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;

/// How long a connection stays in a state that passes by itself.
const SETTLING: SimDuration = SimDuration::from_millis(100);

const HOUR: SimDuration = SimDuration::from_secs(3_600);

/// A VPC peering connection.
#[derive(Clone, Debug)]
pub(crate) struct VpcPeeringConnection {
    pub(crate) id: VpcPeeringConnectionId,
    pub(crate) requester: PeeringSide,
    pub(crate) accepter: PeeringSide,
    pub(crate) status: PeeringStatus,
    /// When a pending request expires: seven days after it was made (PCX-2).
    pub(crate) expires: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// One end of a peering connection. Its blocks are those the VPC has, or had when the connection ended.
#[derive(Clone, Debug)]
pub(crate) struct PeeringSide {
    pub(crate) vpc: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) ipv4_blocks: Vec<Ipv4Net>,
    pub(crate) ipv6_blocks: Vec<Ipv6Net>,
    /// `AllowDnsResolutionFromRemoteVpc` (PCX-35).
    pub(crate) allow_dns_resolution: bool,
}

/// The states of PCX-2, each with what it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PeeringStatus {
    /// For an instant after the request.
    InitiatingRequest {
        since: SimTime,
    },
    PendingAcceptance,
    /// For an instant after acceptance.
    Provisioning {
        since: SimTime,
    },
    Active,
    /// The blocks overlap (PCX-4).
    Failed {
        since: SimTime,
    },
    Expired {
        since: SimTime,
    },
    Rejected {
        since: SimTime,
        by: AccountId,
    },
    /// Between Regions, for an instant before it is deleted.
    Deleting {
        since: SimTime,
        by: AccountId,
    },
    Deleted {
        since: SimTime,
        by: AccountId,
    },
}

members! {
    /// One side's options.
    PeeringOptions {
        allow_dns_resolution_from_remote_vpc: Option<bool>,
        allow_egress_from_local_classic_link_to_remote_vpc: Option<bool>,
        allow_egress_from_local_vpc_to_remote_classic_link: Option<bool>,
    }
}

requests! {
    /// Asks for a connection between two VPCs.
    CreateVpcPeeringConnection {
        vpc_id: String,
        peer_vpc_id: String,
        peer_owner_id: Option<String>,
        peer_region: Option<String>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Says yes to a request.
    AcceptVpcPeeringConnection { vpc_peering_connection_id: String, }
    /// Says no to a request.
    RejectVpcPeeringConnection { vpc_peering_connection_id: String, }
    /// Ends a connection, or takes a request back.
    DeleteVpcPeeringConnection { vpc_peering_connection_id: String, }
    /// Lists connections that the caller's account has an end of in this Region.
    DescribeVpcPeeringConnections {
        filters: Vec<Filter>,
        vpc_peering_connection_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Switches DNS resolution over a connection, each side by its owner (PCX-35).
    ModifyVpcPeeringConnectionOptions {
        vpc_peering_connection_id: String,
        accepter_peering_connection_options: Option<PeeringOptions>,
        requester_peering_connection_options: Option<PeeringOptions>,
    }
}

impl Resource for VpcPeeringConnection {
    type Id = VpcPeeringConnectionId;

    fn table(cloud: &Cloud) -> &Records<VpcPeeringConnectionId, VpcPeeringConnection> {
        &cloud.peerings
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        self.requester.home()
    }

    /// PCX-10: each side has tags of its own.
    fn tags<'a>(&'a self, cloud: &'a Cloud, caller: &Caller) -> &'a Tags {
        if self.requester.home() == (caller.account, caller.region) {
            return &self.tags;
        }
        cloud.accepter_tags.get(&self.id).unwrap_or(&NO_TAGS)
    }

    /// Both sides see it, and for a while after its end too (the last column of PCX-2's table).
    fn visible(&self, _: &Cloud, caller: &Caller) -> bool {
        let home = (caller.account, caller.region);
        let (requests, accepts) = (self.requester.home() == home, self.accepter.home() == home);
        let one_account = self.requester.owner == self.accepter.owner;
        let within =
            |since: SimTime, hours: u64| caller.now.since(since) < SimDuration::from_nanos(HOUR.as_nanos() * hours);
        (requests || accepts)
            && match self.status {
                PeeringStatus::Failed { since } => requests && within(since, 2),
                PeeringStatus::Expired { since } => within(since, 48),
                PeeringStatus::Rejected { since, .. } => within(since, if requests && !one_account { 48 } else { 2 }),
                PeeringStatus::Deleted { since, by } => {
                    within(since, if one_account || by == caller.account { 2 } else { 48 })
                }
                _ => true,
            }
    }
}

static NO_TAGS: std::sync::LazyLock<Tags> = std::sync::LazyLock::new(Tags::default);

impl PeeringSide {
    /// Whose it is, and where.
    pub(crate) fn home(&self) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn of(vpc: &Vpc) -> PeeringSide {
        PeeringSide {
            vpc: vpc.id,
            owner: vpc.owner,
            region: vpc.region,
            ipv4_blocks: vpc.ipv4_blocks.iter().map(|(_, block)| *block).collect(),
            ipv6_blocks: vpc.ipv6_blocks.iter().map(|(_, block)| *block).collect(),
            allow_dns_resolution: false,
        }
    }

    /// PCX-12: any one block that overlaps is enough, of either family.
    fn overlaps(&self, other: &PeeringSide) -> bool {
        let ipv4 = self.ipv4_blocks.iter().any(|a| other.ipv4_blocks.iter().any(|b| overlap(*a, *b)));
        ipv4 || self.ipv6_blocks.iter().any(|a| other.ipv6_blocks.iter().any(|b| overlap_v6(*a, *b)))
    }

    /// As shown to both; the accepter's blocks and options are not shown before it has accepted.
    fn describe(&self, blocks: Blocks) -> Object {
        let object = match blocks {
            Blocks::Hidden => Object::new(),
            Blocks::Shown => Object::new()
                .optional_text("CidrBlock", self.ipv4_blocks.first())
                .optional_list(
                    "Ipv6CidrBlockSet",
                    self.ipv6_blocks.iter().map(|block| Object::new().text("Ipv6CidrBlock", block)),
                )
                .list("CidrBlockSet", self.ipv4_blocks.iter().map(|block| Object::new().text("CidrBlock", block))),
        };
        let object = object.text("OwnerId", self.owner);
        let object = match blocks {
            Blocks::Hidden => object,
            Blocks::Shown => object.value("PeeringOptions", options(self.allow_dns_resolution)),
        };
        object.text("VpcId", self.vpc).text("Region", self.region)
    }
}

/// Whether a side's blocks are shown.
#[derive(Clone, Copy)]
enum Blocks {
    Shown,
    Hidden,
}

impl PeeringStatus {
    /// The code, as in `pending-acceptance`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            PeeringStatus::InitiatingRequest { .. } => "initiating-request",
            PeeringStatus::PendingAcceptance => "pending-acceptance",
            PeeringStatus::Provisioning { .. } => "provisioning",
            PeeringStatus::Active => "active",
            PeeringStatus::Failed { .. } => "failed",
            PeeringStatus::Expired { .. } => "expired",
            PeeringStatus::Rejected { .. } => "rejected",
            PeeringStatus::Deleting { .. } => "deleting",
            PeeringStatus::Deleted { .. } => "deleted",
        }
    }

    /// Whether a request or connection is under way, so that the pair may not have another (PCX-11).
    pub(crate) fn is_alive(self) -> bool {
        matches!(
            self,
            PeeringStatus::InitiatingRequest { .. }
                | PeeringStatus::PendingAcceptance
                | PeeringStatus::Provisioning { .. }
                | PeeringStatus::Active
        )
    }
}

impl VpcPeeringConnection {
    /// The end that is not this VPC.
    pub(crate) fn other_side(&self, vpc: VpcId) -> &PeeringSide {
        if self.requester.vpc == vpc { &self.accepter } else { &self.requester }
    }

    /// When the present state passes by itself.
    pub(crate) fn passes(&self) -> Option<SimTime> {
        match self.status {
            PeeringStatus::InitiatingRequest { since }
            | PeeringStatus::Provisioning { since }
            | PeeringStatus::Deleting { since, .. } => Some(since + SETTLING),
            PeeringStatus::PendingAcceptance => Some(self.expires),
            _ => None,
        }
    }

    fn message(&self) -> String {
        let accepter = self.accepter.owner;
        match self.status {
            PeeringStatus::InitiatingRequest { .. } => format!("Initiating Request to {accepter}"),
            PeeringStatus::PendingAcceptance => format!("Pending Acceptance by {accepter}"),
            PeeringStatus::Provisioning { .. } => "Provisioning".to_owned(),
            PeeringStatus::Active => "Active".to_owned(),
            PeeringStatus::Failed { .. } => {
                "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned()
            }
            PeeringStatus::Expired { .. } => "Expired".to_owned(),
            PeeringStatus::Rejected { by, .. } => format!("Rejected by {by}"),
            PeeringStatus::Deleting { by, .. } => format!("Deleting by {by}"),
            PeeringStatus::Deleted { by, .. } => format!("Deleted by {by}"),
        }
    }

    fn wrong_state(&self) -> ApiError {
        ApiError::new(
            "InvalidStateTransition",
            format!("Connection {} is not in the correct state ({}) for the request.", self.id, self.status.code()),
        ) // PCX-3
    }

    /// Whether the accepter's end has ever been agreed to, and is shown in full.
    fn accepter_blocks(&self) -> Blocks {
        match self.status {
            PeeringStatus::Provisioning { .. }
            | PeeringStatus::Active
            | PeeringStatus::Deleting { .. }
            | PeeringStatus::Deleted { .. } => Blocks::Shown,
            _ => Blocks::Hidden,
        }
    }
}

impl Described for VpcPeeringConnection {
    const FILTERS: FilterTable<VpcPeeringConnection> = &[
        ("accepter-vpc-info.cidr-block", |peering, _| many(&peering.accepter.ipv4_blocks)),
        ("accepter-vpc-info.owner-id", |peering, _| one(peering.accepter.owner)),
        ("accepter-vpc-info.vpc-id", |peering, _| one(peering.accepter.vpc)),
        ("expiration-time", |peering, cloud| one(cloud.timestamp(peering.expires))),
        ("requester-vpc-info.cidr-block", |peering, _| many(&peering.requester.ipv4_blocks)),
        ("requester-vpc-info.owner-id", |peering, _| one(peering.requester.owner)),
        ("requester-vpc-info.vpc-id", |peering, _| one(peering.requester.vpc)),
        ("status-code", |peering, _| one(peering.status.code())),
        ("status-message", |peering, _| one(peering.message())),
        ("vpc-peering-connection-id", |peering, _| one(peering.id)),
    ];

    fn describe(&self, cloud: &Cloud, caller: &Caller) -> Value {
        let pending = matches!(self.status, PeeringStatus::InitiatingRequest { .. } | PeeringStatus::PendingAcceptance);
        let status = Object::new().text("Code", self.status.code()).text("Message", self.message());
        Object::new()
            .value("AccepterVpcInfo", self.accepter.describe(self.accepter_blocks()))
            .optional_text("ExpirationTime", pending.then(|| cloud.timestamp(self.expires)))
            .value("RequesterVpcInfo", self.requester.describe(Blocks::Shown))
            .value("Status", status)
            .list("Tags", Resource::tags(self, cloud, caller).describe())
            .text("VpcPeeringConnectionId", self.id)
            .into()
    }
}

impl Cloud {
    pub(crate) fn create_vpc_peering_connection(
        &mut self,
        caller: &Caller,
        request: CreateVpcPeeringConnection,
    ) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?;
        if request.peer_vpc_id.is_empty() {
            return Err(ApiError::missing("peerVpcId"));
        }
        let peer: VpcId = parse_id(&request.peer_vpc_id)?;
        let owner = match &request.peer_owner_id {
            None => caller.account,
            Some(text) => AccountId::parse(text).ok_or_else(|| {
                ApiError::invalid_value(format!("Value ({text}) for parameter peerOwnerId is invalid."))
            })?,
        };
        let region = match &request.peer_region {
            None => caller.region,
            Some(text) => text
                .parse()
                .map_err(|_| ApiError::invalid_value(format!("Value ({text}) for parameter peerRegion is invalid.")))?,
        };
        let found = self.vpcs.get(&peer).filter(|peer| (peer.owner, peer.region) == (owner, region));
        let accepter = match found {
            Some(peer) => PeeringSide::of(peer),
            None if owner == caller.account => return Err(ApiError::not_found(ResourceKind::Vpc, peer)),
            // Another account's VPCs are not the caller's to know of: the request is taken, and fails.
            None => PeeringSide {
                vpc: peer,
                owner,
                region,
                ipv4_blocks: Vec::new(),
                ipv6_blocks: Vec::new(),
                allow_dns_resolution: false,
            },
        };
        let requester = PeeringSide::of(vpc);
        if let Some(other) = self.peerings_between(vpc.id, peer).find(|peering| peering.status.is_alive()) {
            return Err(ApiError::new(
                "VpcPeeringConnectionAlreadyExists",
                format!("The VPC peering connection {} between {} and {peer} already exists", other.id, vpc.id),
            )); // PCX-11
        }
        let VpcContents { active_peerings, outstanding_requests, .. } = self.index.vpc(vpc.id);
        self.config.quotas.admit(Quota::PeeringsPerVpc, *active_peerings as usize)?;
        self.config.quotas.admit(Quota::OutstandingPeeringRequests, *outstanding_requests as usize)?;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::VpcPeeringConnection, &[])?;
        permit(request.dry_run)?;

        let id: VpcPeeringConnectionId = self.ids.next();
        let hours = u64::from(self.config.quotas.get(Quota::PeeringRequestExpiryHours));
        let peering = VpcPeeringConnection {
            id,
            requester,
            accepter,
            status: PeeringStatus::InitiatingRequest { since: caller.now },
            expires: caller.now + SimDuration::from_nanos(HOUR.as_nanos().saturating_mul(hours)),
            tags,
            origin: caller.origin,
        };
        for vpc in [peering.requester.vpc, peering.accepter.vpc] {
            if let Some(contents) = self.index.vpcs.get_mut(&vpc) {
                contents.peerings.insert(id);
            }
        }
        self.peerings.insert(id, peering);
        self.touch(id);
        self.schedule.at(caller.now + SETTLING, Transition::Peering(id));
        just("VpcPeeringConnection", self.peerings[&id].describe(self, caller))
    }

    pub(crate) fn accept_vpc_peering_connection(
        &mut self,
        caller: &Caller,
        request: AcceptVpcPeeringConnection,
    ) -> Answer {
        let peering = self.find::<VpcPeeringConnection>(caller, &request.vpc_peering_connection_id)?;
        let id = peering.id;
        check_answerer(peering, caller, "accept", "accepted")?;
        if peering.status != PeeringStatus::PendingAcceptance {
            return Err(peering.wrong_state());
        }
        for vpc in [peering.requester.vpc, peering.accepter.vpc] {
            self.config.quotas.admit(Quota::PeeringsPerVpc, self.index.vpc(vpc).active_peerings as usize)?;
        }
        permit(request.dry_run)?;
        self.set_peering_status(id, PeeringStatus::Provisioning { since: caller.now });
        self.schedule.at(caller.now + SETTLING, Transition::Peering(id));
        just("VpcPeeringConnection", self.peerings[&id].describe(self, caller))
    }

    pub(crate) fn reject_vpc_peering_connection(
        &mut self,
        caller: &Caller,
        request: RejectVpcPeeringConnection,
    ) -> Answer {
        let peering = self.find::<VpcPeeringConnection>(caller, &request.vpc_peering_connection_id)?;
        let id = peering.id;
        check_answerer(peering, caller, "reject", "accepted or rejected")?;
        if peering.status != PeeringStatus::PendingAcceptance {
            return Err(peering.wrong_state());
        }
        permit(request.dry_run)?;
        self.set_peering_status(id, PeeringStatus::Rejected { since: caller.now, by: caller.account });
        self.touch(id);
        done()
    }

    pub(crate) fn delete_vpc_peering_connection(
        &mut self,
        caller: &Caller,
        request: DeleteVpcPeeringConnection,
    ) -> Answer {
        let peering = self.find::<VpcPeeringConnection>(caller, &request.vpc_peering_connection_id)?;
        let id = peering.id;
        match peering.status {
            PeeringStatus::Active => {}
            PeeringStatus::PendingAcceptance if peering.requester.owner == caller.account => {}
            PeeringStatus::PendingAcceptance => {
                return Err(ApiError::new(
                    "OperationNotPermitted",
                    format!("User ({}) cannot delete peering {id}", caller.account),
                ));
            }
            _ => return Err(peering.wrong_state()),
        }
        permit(request.dry_run)?;
        self.end_peering(id, caller);
        done()
    }

    pub(crate) fn describe_vpc_peering_connections(
        &mut self,
        caller: &Caller,
        request: DescribeVpcPeeringConnections,
    ) -> Answer {
        permit(request.dry_run)?;
        let ids = &request.vpc_peering_connection_ids;
        let found = self.described::<VpcPeeringConnection>(caller, ids, &request.filters)?;
        just("VpcPeeringConnections", found)
    }

    pub(crate) fn modify_vpc_peering_connection_options(
        &mut self,
        caller: &Caller,
        request: ModifyVpcPeeringConnectionOptions,
    ) -> Answer {
        let peering = self.find::<VpcPeeringConnection>(caller, &request.vpc_peering_connection_id)?;
        let id = peering.id;
        let (accepter, requester) =
            (&request.accepter_peering_connection_options, &request.requester_peering_connection_options);
        if accepter.is_none() && requester.is_none() {
            return Err(ApiError::missing("requesterPeeringConnectionOptions"));
        }
        if peering.status != PeeringStatus::Active {
            return Err(ApiError::new(
                "OperationNotPermitted",
                format!("Peering {id} is not active. Peering options can be added only to active peerings."),
            ));
        }
        for (options, side, name) in
            [(accepter, &peering.accepter, "accepter"), (requester, &peering.requester, "requester")]
        {
            let Some(options) = options else { continue };
            if side.home() != (caller.account, caller.region) {
                return Err(ApiError::new(
                    "OperationNotPermitted",
                    format!("User ({}) cannot modify the {name} options of peering {id}", caller.account),
                ));
            }
            if options.allow_egress_from_local_classic_link_to_remote_vpc == Some(true)
                || options.allow_egress_from_local_vpc_to_remote_classic_link == Some(true)
            {
                return Err(ApiError::invalid_value("ClassicLink is no longer supported"));
            }
        }
        let wanted = |options: &Option<PeeringOptions>| options.as_ref()?.allow_dns_resolution_from_remote_vpc;
        let (accepter, requester) = (wanted(accepter), wanted(requester));
        let named = |side: &PeeringSide| {
            self.vpcs.get(&side.vpc).is_some_and(|vpc| vpc.enable_dns_hostnames && vpc.enable_dns_support)
        };
        let switches_on = accepter == Some(true) || requester == Some(true);
        if switches_on && !(named(&peering.accepter) && named(&peering.requester)) {
            return Err(ApiError::new(
                "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled",
                format!("DNS hostnames and DNS support must be enabled in both VPCs of peering {id}"),
            )); // PCX-35
        }
        permit(request.dry_run)?;
        let peering = &mut self.peerings[&id];
        let mut answer = Object::new();
        if let Some(allow) = accepter {
            peering.accepter.allow_dns_resolution = allow;
            answer = answer.value("AccepterPeeringConnectionOptions", options(allow));
        }
        if let Some(allow) = requester {
            peering.requester.allow_dns_resolution = allow;
            answer = answer.value("RequesterPeeringConnectionOptions", options(allow));
        }
        self.touch(id);
        Ok(answer.into())
    }

    /// A passing state passes, or a request expires.
    pub(crate) fn settle_peering(&mut self, id: VpcPeeringConnectionId, now: SimTime) {
        let peering = &self.peerings[&id];
        let status = match peering.status {
            PeeringStatus::InitiatingRequest { .. } => {
                let exists = self.vpcs.contains_key(&peering.accepter.vpc);
                if !exists || peering.requester.overlaps(&peering.accepter) {
                    PeeringStatus::Failed { since: now } // PCX-4, PCX-12
                } else {
                    self.schedule.at(peering.expires, Transition::Peering(id));
                    PeeringStatus::PendingAcceptance
                }
            }
            PeeringStatus::PendingAcceptance => PeeringStatus::Expired { since: now },
            PeeringStatus::Provisioning { .. } => PeeringStatus::Active,
            PeeringStatus::Deleting { by, .. } => PeeringStatus::Deleted { since: now, by },
            ended => ended,
        };
        self.set_peering_status(id, status);
        self.touch(id);
    }

    /// A connection's status changes, and with it what counts against the quotas of both ends.
    fn set_peering_status(&mut self, id: VpcPeeringConnectionId, status: PeeringStatus) {
        let peering = &mut self.peerings[&id];
        let before = std::mem::replace(&mut peering.status, status);
        let changed = |of: PeeringStatus| i32::from(status == of) - i32::from(before == of);
        for vpc in [peering.requester.vpc, peering.accepter.vpc] {
            if let Some(contents) = self.index.vpcs.get_mut(&vpc) {
                contents.active_peerings = contents.active_peerings.wrapping_add_signed(changed(PeeringStatus::Active));
            }
        }
        if let Some(contents) = self.index.vpcs.get_mut(&peering.requester.vpc) {
            let asked = changed(PeeringStatus::PendingAcceptance);
            contents.outstanding_requests = contents.outstanding_requests.wrapping_add_signed(asked);
        }
    }

    /// Ends a connection that is alive, for both sides (PCX-9); its routes stay and are blackholes (RT-17).
    pub(crate) fn end_peering(&mut self, id: VpcPeeringConnectionId, caller: &Caller) {
        let peering = &self.peerings[&id];
        if !peering.status.is_alive() {
            return;
        }
        let (since, by) = (caller.now, caller.account);
        if peering.requester.region == peering.accepter.region {
            self.set_peering_status(id, PeeringStatus::Deleted { since, by });
        } else {
            self.set_peering_status(id, PeeringStatus::Deleting { since, by });
            self.schedule.at(since + SETTLING, Transition::Peering(id));
        }
        self.touch(id);
    }

    /// ADDR-9: a block added to the accepter's VPC makes a pending request fail if it overlaps the requester's.
    pub(crate) fn fail_requests_that_overlap(&mut self, vpc: VpcId, block: Ipv4Net, caller: &Caller) {
        let fails = |peering: &VpcPeeringConnection| {
            matches!(peering.status, PeeringStatus::PendingAcceptance | PeeringStatus::InitiatingRequest { .. })
                && peering.requester.ipv4_blocks.iter().any(|theirs| overlap(*theirs, block))
        };
        let peerings = &self.index.vpc(vpc).peerings;
        let failed: Vec<_> = peerings.iter().copied().filter(|id| fails(&self.peerings[id])).collect();
        for id in failed {
            self.set_peering_status(id, PeeringStatus::Failed { since: caller.now });
        }
    }

    /// Notes that a VPC's blocks changed: its connections carry them (PCX-22).
    pub(crate) fn touch_with_peers(&mut self, vpc: VpcId) {
        self.touch(vpc);
        let now = PeeringSide::of(&self.vpcs[&vpc]);
        let peerings: Vec<_> = self.index.vpc(vpc).peerings.iter().copied().collect();
        for id in peerings {
            let peering = &mut self.peerings[&id];
            if !peering.status.is_alive() {
                continue;
            }
            for side in [&mut peering.requester, &mut peering.accepter] {
                if side.vpc == vpc {
                    side.ipv4_blocks.clone_from(&now.ipv4_blocks);
                    side.ipv6_blocks.clone_from(&now.ipv6_blocks);
                }
            }
            self.touch(id);
        }
    }

    /// The active connections between two VPCs.
    pub(crate) fn active_peerings(&self, vpc: VpcId, other: VpcId) -> impl Iterator<Item = &VpcPeeringConnection> {
        self.peerings_between(vpc, other).filter(|peering| peering.status == PeeringStatus::Active)
    }

    /// Every connection that two VPCs ever had.
    fn peerings_between(&self, vpc: VpcId, other: VpcId) -> impl Iterator<Item = &VpcPeeringConnection> {
        // A hub has many connections and each of its spokes few.
        let of = |vpc: VpcId| self.index.vpcs.get(&vpc).map(|contents| &contents.peerings);
        let fewer = of(vpc).into_iter().chain(of(other)).min_by_key(|peerings| peerings.len());
        let peerings = fewer.into_iter().flatten().map(|id| &self.peerings[id]);
        peerings.filter(move |peering| {
            let ends = [peering.requester.vpc, peering.accepter.vpc];
            ends == [vpc, other] || ends == [other, vpc]
        })
    }
}

/// PCX-5, PCX-6: the accepter's account answers, in the accepter's Region.
fn check_answerer(
    peering: &VpcPeeringConnection,
    caller: &Caller,
    verb: &str,
    participle: &str,
) -> Result<(), ApiError> {
    let (id, accepter) = (peering.id, &peering.accepter);
    if accepter.owner != caller.account {
        return Err(ApiError::new(
            "OperationNotPermitted",
            format!("User ({}) cannot {verb} peering {id}", caller.account),
        ));
    }
    if accepter.region != caller.region {
        return Err(ApiError::new(
            "OperationNotPermitted",
            format!(
                "Incorrect region ({}) specified for this request. VPC peering connection {id} must be {participle} in \
                 region {}",
                caller.region, accepter.region
            ),
        ));
    }
    Ok(())
}

fn options(allow_dns_resolution: bool) -> Object {
    Object::new()
        .value("AllowDnsResolutionFromRemoteVpc", allow_dns_resolution)
        .value("AllowEgressFromLocalClassicLinkToRemoteVpc", false)
        .value("AllowEgressFromLocalVpcToRemoteClassicLink", false)
}
