//! Regions and Availability Zones as Describe shows them (ID-3).

use super::answer::{Answer, Object, just};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::request::requests;
use super::{ApiError, Caller, Cloud};
use crate::id::*;

requests! {
    /// Lists the zones of the caller's Region.
    DescribeAvailabilityZones {
        filters: Vec<Filter>,
        zone_names: Vec<String>,
        zone_ids: Vec<String>,
        all_availability_zones: bool,
    }
    /// Lists Regions.
    DescribeRegions { filters: Vec<Filter>, region_names: Vec<String>, all_regions: bool, }
}

impl Cloud {
    pub(crate) fn describe_availability_zones(
        &mut self,
        caller: &Caller,
        request: DescribeAvailabilityZones,
    ) -> Answer {
        let fields = |zone: AvailabilityZone| {
            [
                ("zone-name", zone.to_string()),
                ("zone-id", zone.zone_id()),
                ("region-name", zone.region().to_string()),
                ("state", "available".to_owned()),
                ("zone-type", "availability-zone".to_owned()),
                ("opt-in-status", "opt-in-not-required".to_owned()),
                ("group-name", zone.region().to_string()),
            ]
        };
        let zones: Vec<AvailabilityZone> = caller.region.zones().collect();
        for name in &request.zone_names {
            if !zones.iter().any(|zone| zone.to_string() == *name) {
                return Err(ApiError::invalid_value(format!("Invalid availability zone: [{name}]")));
            }
        }
        for id in &request.zone_ids {
            if !zones.iter().any(|zone| zone.zone_id() == *id) {
                return Err(ApiError::invalid_value(format!("Invalid availability zone-id: [{id}]")));
            }
        }
        check_filters(&request.filters, &fields(zones[0]))?;
        permit(request.dry_run)?;
        let named = |zone: &AvailabilityZone| {
            (request.zone_names.is_empty() || request.zone_names.contains(&zone.to_string()))
                && (request.zone_ids.is_empty() || request.zone_ids.contains(&zone.zone_id()))
        };
        let shown =
            zones.into_iter().filter(named).filter(|zone| passes(&request.filters, &fields(*zone))).map(|zone| {
                let region = zone.region();
                Object::new()
                    .text("OptInStatus", "opt-in-not-required")
                    .list("Messages", [] as [Object; 0])
                    .text("RegionName", region)
                    .text("ZoneName", zone)
                    .text("ZoneId", zone.zone_id())
                    .text("GroupName", region)
                    .text("NetworkBorderGroup", region)
                    .text("ZoneType", "availability-zone")
                    .text("State", "available")
            });
        Ok(Object::new().list("AvailabilityZones", shown).into())
    }

    pub(crate) fn describe_regions(&mut self, _: &Caller, request: DescribeRegions) -> Answer {
        let fields = |region: Region| {
            [
                ("region-name", region.to_string()),
                ("endpoint", endpoint(region)),
                ("opt-in-status", "opt-in-not-required".to_owned()),
            ]
        };
        for name in &request.region_names {
            if name.parse::<Region>().is_err() {
                return Err(ApiError::invalid_value(format!("Invalid region name: [{name}]")));
            }
        }
        check_filters(&request.filters, &fields(Region::DEFAULT))?;
        permit(request.dry_run)?;
        let shown = Region::all()
            .filter(|region| {
                request.region_names.is_empty() || request.region_names.iter().any(|it| it == region.name())
            })
            .filter(|region| passes(&request.filters, &fields(*region)))
            .map(|region| {
                Object::new()
                    .text("OptInStatus", "opt-in-not-required")
                    .text("RegionName", region)
                    .text("Endpoint", endpoint(region))
            });
        just("Regions", Vec::from_iter(shown.map(serde_json::Value::from)))
    }
}

fn endpoint(region: Region) -> String {
    format!("ec2.{region}.amazonaws.com")
}

fn check_filters(filters: &[Filter], fields: &[(&'static str, String)]) -> Result<(), ApiError> {
    filters.iter().try_for_each(|filter| check_filter(fields.iter().map(|(name, _)| *name), filter))
}

fn passes(filters: &[Filter], fields: &[(&'static str, String)]) -> bool {
    filters.iter().all(|filter| {
        let value = fields.iter().find(|(name, _)| *name == filter.name);
        value.is_some_and(|(_, value)| filter.values.iter().any(|pattern| matches_wildcard(pattern, value)))
    })
}
