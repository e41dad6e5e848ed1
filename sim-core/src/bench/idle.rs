//! A world of instances that do nothing: what one costs to make, to boot and to keep.

use serde_json::json;

use super::{empty_world, launch, ok, pass, text};
use crate::cloud::InstanceState;
use crate::engine::SimDuration;
use crate::sim::links::LinkSettings;
use crate::sim::world::World;

/// What a subnet of 4,096 addresses has for instances (ADDR-12).
const SUBNET_CAPACITY: usize = 4_091;

/// How many subnets of that size a VPC's block holds.
const SUBNETS_PER_VPC: usize = 16;

/// VPCs with the same number of instances in each, none of which sends anything.
pub struct IdleWorld {
    world: World,
}

impl IdleWorld {
    /// Makes `vpcs` VPCs with `instances_each` instances through CreateVpc, CreateSubnet and RunInstances with a count. The
    /// instances are pending.
    ///
    /// # Panics
    /// When a VPC's block of 65,536 addresses cannot hold the instances.
    pub fn build(vpcs: usize, instances_each: usize) -> IdleWorld {
        assert!(instances_each <= SUBNETS_PER_VPC * SUBNET_CAPACITY, "a VPC's block holds the instances");
        let mut world = empty_world(LinkSettings::default(), 1);
        for _ in 0..vpcs {
            let answer = ok(&mut world, "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
            let vpc = text(&answer, "/Vpc/VpcId");
            let mut left = instances_each;
            for subnet in 0..instances_each.div_ceil(SUBNET_CAPACITY) {
                let block = format!("10.0.{}.0/20", subnet * 16);
                let answer = ok(&mut world, "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": block}));
                let count = left.min(SUBNET_CAPACITY);
                left -= count;
                launch(&mut world, &text(&answer, "/Subnet/SubnetId"), count);
            }
        }
        IdleWorld { world }
    }

    /// Makes one VPC with `instances` instances, one request for each.
    ///
    /// # Panics
    /// When a VPC's block of 65,536 addresses cannot hold the instances.
    pub fn build_one_by_one(instances: usize) -> IdleWorld {
        let mut world = empty_world(LinkSettings::default(), 1);
        let answer = ok(&mut world, "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
        let vpc = text(&answer, "/Vpc/VpcId");
        let mut subnet = String::new();
        for instance in 0..instances {
            if instance % SUBNET_CAPACITY == 0 {
                let block = format!("10.0.{}.0/20", instance / SUBNET_CAPACITY * 16);
                let answer = ok(&mut world, "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": block}));
                subnet = text(&answer, "/Subnet/SubnetId");
            }
            launch(&mut world, &subnet, 1);
        }
        IdleWorld { world }
    }

    /// Lets virtual time pass until every instance has booted and can be reached.
    pub fn boot(&mut self) {
        super::boot(&mut self.world);
    }

    /// Terminates every instance, a VPC's worth in a request, and lets time pass until they are gone.
    pub fn terminate(&mut self) {
        let mut by_subnet: Vec<Vec<String>> = Vec::new();
        let mut last = None;
        for instance in self.world.cloud().instances.values() {
            if last.replace(instance.subnet) != Some(instance.subnet) {
                by_subnet.push(Vec::new());
            }
            by_subnet.last_mut().expect("pushed before").push(instance.id.to_string());
        }
        for ids in by_subnet {
            ok(&mut self.world, "TerminateInstances", json!({"InstanceIds": ids}));
        }
        pass(&mut self.world, SimDuration::from_secs(60));
    }

    /// How many instances run.
    pub fn running(&self) -> usize {
        self.world.cloud().instances.values().filter(|instance| instance.state == InstanceState::Running).count()
    }
}
