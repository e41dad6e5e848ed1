//! Routes whose destination is a prefix list (RT-6, RT-10, RT-19, RT-23). Those of gateway endpoints come and go with the
//! endpoint's associations and cannot be made, changed or deleted in the table (GWE-3).

use super::answer::{Answer, done, nothing};
use super::error::permit;
use super::lookup::Resource;
use super::prefix_list::Family;
use super::route::check_link_local;
use super::{ApiError, Caller, Cloud, Quota, RouteTable, RouteTarget, VpcEndpoint};
use crate::id::*;

/// A route to everything that a prefix list holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PrefixListRoute {
    pub(crate) list: PrefixListId,
    pub(crate) target: RouteTarget,
    pub(crate) origin: Origin,
}

impl Cloud {
    pub(super) fn create_prefix_list_route(
        &mut self,
        caller: &Caller,
        table: RouteTableId,
        list: PrefixListId,
        target: RouteTarget,
        dry_run: bool,
    ) -> Answer {
        let found = self.prefix_list_of(caller, list)?;
        let (family, weight) = (found.family(), found.weight());
        found.blocks().into_iter().try_for_each(check_link_local)?; // RT-14
        let record = &self.route_tables[&table];
        if record.prefix_list_routes.iter().any(|route| route.list == list) {
            return Err(ApiError::new("RouteAlreadyExists", format!("The route identified by {list} already exists.")));
        }
        let blocks = record.routes.iter().filter(|route| Family::from(route.destination) == family).count();
        let existing = blocks + self.routes_of_lists(record, family);
        self.config.quotas.admit(Quota::RoutesPerRouteTable, existing + weight - 1)?; // RT-23
        permit(dry_run)?;
        let route = PrefixListRoute { list, target, origin: caller.origin };
        self.route_tables[&table].prefix_list_routes.push(route);
        self.touch(table);
        done()
    }

    pub(super) fn replace_prefix_list_route(
        &mut self,
        caller: &Caller,
        table: RouteTableId,
        list: PrefixListId,
        target: RouteTarget,
        dry_run: bool,
    ) -> Answer {
        let at = self.made_route_to(caller, table, list, "replace", || {
            ApiError::invalid_value(format!(
                "There is no route defined for '{list}' in the route table. Use CreateRoute instead."
            ))
        })?;
        permit(dry_run)?;
        self.route_tables[&table].prefix_list_routes[at] = PrefixListRoute { list, target, origin: caller.origin };
        self.touch(table);
        nothing()
    }

    pub(super) fn delete_prefix_list_route(
        &mut self,
        caller: &Caller,
        table: RouteTableId,
        list: PrefixListId,
        dry_run: bool,
    ) -> Answer {
        let at = self.made_route_to(caller, table, list, "remove", || {
            ApiError::new(
                "InvalidRoute.NotFound",
                format!("no route with destination-prefix-list-id {list} in route table {table}"),
            )
        })?;
        permit(dry_run)?;
        self.route_tables[&table].prefix_list_routes.remove(at);
        self.touch(table);
        nothing()
    }

    /// The place of a list's route that somebody made; an endpoint's own is not theirs to `change` (GWE-3).
    fn made_route_to(
        &self,
        caller: &Caller,
        table: RouteTableId,
        list: PrefixListId,
        change: &str,
        missing: impl FnOnce() -> ApiError,
    ) -> Result<usize, ApiError> {
        self.prefix_list_of(caller, list)?;
        let routes = &self.route_tables[&table].prefix_list_routes;
        let at = routes.iter().position(|route| route.list == list).ok_or_else(missing)?;
        if let RouteTarget::VpcEndpoint(_) = routes[at].target {
            return Err(ApiError::invalid_value(format!(
                "cannot {change} VPC endpoint route {list} in route table {table}"
            )));
        }
        Ok(at)
    }

    /// How many routes of a family a table's prefix lists count as (RT-23).
    pub(super) fn routes_of_lists(&self, table: &RouteTable, family: Family) -> usize {
        let (_, region) = table.home(self);
        let lists = table.prefix_list_routes.iter().filter_map(|route| self.prefix_list_in(region, route.list));
        lists.filter(|list| list.family() == family).map(|list| list.weight()).sum()
    }

    /// Why an endpoint cannot be a route's target (RT-19, GWE-3).
    pub(super) fn endpoint_as_target(&self, caller: &Caller, id: &str) -> ApiError {
        match self.find::<VpcEndpoint>(caller, id) {
            Ok(_) => ApiError::new(
                "RouteNotSupported",
                format!("unsupported route target {id}; endpoints of this type cannot be route targets"),
            ),
            Err(error) => error,
        }
    }
}
