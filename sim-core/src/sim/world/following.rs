//! Guests follow the control plane: they boot, stop, and lose and get interfaces as their instances do.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::{Boot, Running, World};
use crate::cloud::{Instance, InstanceState};
use crate::dataplane::tables::EniIndex;
use crate::engine::SimDuration;
use crate::id::InstanceId;
use crate::sim::boot::{ChangeKind, InterfaceChange};
use crate::sim::dhcp;
use crate::sim::guests::Plug;
use crate::sim::partition::GuestIndex;
use crate::sim::placement::Behind;

/// From `running` until user data starts: firmware, kernel, services. A SIM value; AWS promises none.
const BOOT: SimDuration = SimDuration::from_secs(20);

impl World {
    /// Brings guests in step with the control plane.
    pub(super) fn follow_cloud(&mut self) {
        self.follow_dhcp_options();
        let changed = self.cloud.take_changed_instances();
        if changed.is_empty() {
            return;
        }
        self.compile();
        let (mut known, new): (Vec<InstanceId>, Vec<InstanceId>) =
            changed.into_iter().partition(|id| self.guests.of_instance(*id).is_some());
        self.start_new(&new);
        known.sort_unstable();
        known.dedup();
        for id in known {
            self.follow_instance(id);
        }
    }

    /// Instances hear of other DHCP options when they renew their leases (ADDR-19). Those without an IPv4 address have none: SIM, they
    /// hear when they boot.
    fn follow_dhcp_options(&mut self) {
        for (id, before) in self.cloud.take_changed_dhcp_options() {
            let Some(vpc) = self.cloud.vpcs.get(&id) else { continue };
            let before = dhcp::resolver_by(&self.cloud, vpc, false, before).unwrap_or_default();
            self.guests.change_leases(id, self.now(), before);
            let has_lease = |instance: &&Instance| !self.cloud.subnets[&instance.subnet].is_ipv6_only();
            let instances = self.cloud.instances.values().filter(|instance| instance.vpc == id).filter(has_lease);
            for guest in instances.filter_map(|instance| self.guests.of_instance(instance.id)) {
                let (partition, local) = self.guests.place(guest);
                self.partitions[partition as usize].outdate_lease(local);
            }
        }
    }

    /// Makes guests of the instances that run for the first time and lets them boot. They are numbered by id, and plugged in in
    /// the order in which they were created, in which what is near in memory belongs together: for a quarter of a million that is
    /// most of the time.
    fn start_new(&mut self, instances: &[InstanceId]) {
        let mut starting = Vec::with_capacity(instances.len());
        for (at, id) in instances.iter().enumerate() {
            let Some(instance) = self.cloud.instances.get(id) else { continue };
            if instance.state == InstanceState::Running {
                let launch = instance.launch.user_data.is_some().then(|| instance.launch.clone());
                let enis = self.interfaces_of(instance);
                let vpc = enis.first().map(|eni| self.tables.enis[eni.0 as usize].vpc);
                let partition = vpc.map_or(0, |vpc| self.placement.of_vpc(vpc));
                let image = (instance.launch.image.family, instance.zone.region());
                starting.push((*id, at, image, partition, launch, enis));
            }
        }
        starting.sort_unstable_by_key(|(id, at, ..)| (*id, *at));
        starting.dedup_by_key(|(id, ..)| *id);
        let up = self.now() + BOOT;
        let mut guests = vec![None; instances.len()];
        for (id, at, (family, region), partition, launch, enis) in starting {
            let local = self.partitions[partition as usize].add_guest(self.guests.next());
            let guest = self.guests.add_instance(id, family, region, (partition, local));
            // The newest number is the last of its moment.
            self.boots.entry(up).or_default().push_back((guest, launch));
            guests[at] = Some((guest, enis));
        }
        for (guest, enis) in guests.into_iter().flatten() {
            self.plug_in(guest, &enis);
        }
    }

    /// Switches an instance's guest on or off, as its state asks.
    fn follow_instance(&mut self, id: InstanceId) {
        let Some(guest) = self.instance_guest(id) else { return };
        let state = self.cloud.instances.get(&id).map(|instance| instance.state);
        if state == Some(InstanceState::Running) && self.going_down.contains(&guest) {
            self.switch_off(guest); // It reboots.
        }
        let Some(instance) = self.cloud.instances.get(&id) else { return };
        match instance.state {
            InstanceState::Running if self.is_on(guest) => self.follow_interfaces(id, guest),
            InstanceState::Running if self.boots.values().any(|due| boot_of(due, guest).is_ok()) => {
                self.plug_in(guest, &self.interfaces_of(instance));
            }
            InstanceState::Running => {
                // User data runs at the first boot only, as cloud-init has it.
                let is_first = self.guests.boots(guest) == 0;
                let launch = (is_first && instance.launch.user_data.is_some()).then(|| instance.launch.clone());
                self.plug_in(guest, &self.interfaces_of(instance));
                let up = self.now() + BOOT;
                let due = self.boots.entry(up).or_default();
                if let Err(at) = boot_of(due, guest) {
                    due.insert(at, (guest, launch));
                }
            }
            InstanceState::Pending { .. } => {}
            InstanceState::Stopping { .. } | InstanceState::ShuttingDown { .. } | InstanceState::Rebooting { .. }
                if self.is_on(guest) =>
            {
                self.shut_down(guest);
            }
            _ => {
                self.switch_off(guest);
                for due in self.boots.values_mut() {
                    if let Ok(at) = boot_of(due, guest) {
                        due.remove(at);
                    }
                }
                self.boots.retain(|_, due| !due.is_empty());
                self.booting.retain(|running| running.guest != guest);
            }
        }
    }

    fn is_on(&self, guest: GuestIndex) -> bool {
        let (partition, local) = self.guests.place(guest);
        self.partitions[partition as usize].is_on(local)
    }

    /// Between the request and the end of it, a guest's programs end and say so to those whom they talk to.
    fn shut_down(&mut self, guest: GuestIndex) {
        if !self.going_down.insert(guest) {
            return;
        }
        let (partition, local) = self.guests.place(guest);
        let (partitions, shared, _) = self.split();
        partitions[partition as usize].shut_down(&shared, local);
        self.booting.retain(|running| running.guest != guest);
    }

    fn switch_off(&mut self, guest: GuestIndex) {
        self.going_down.remove(&guest);
        let (partition, local) = self.guests.place(guest);
        let partition = &mut self.partitions[partition as usize];
        partition.switch_off(local);
        self.guests.interfaces(guest).for_each(|eni| partition.forget_flows(eni));
    }

    /// Gives an instance that boots the interfaces it has, with the addresses they have.
    fn plug_in(&mut self, guest: GuestIndex, enis: &[EniIndex]) {
        let (_, local) = self.guests.place(guest);
        let before = self.guests.set_interfaces(guest, enis, &self.tables);
        before.into_iter().for_each(|eni| self.unplug(guest, eni));
        for (eni, port) in enis.iter().zip(0..) {
            self.wiring.connect(*eni, Behind { guest: local, port });
        }
    }

    /// Pulls an interface out of a guest, which may be running: its link is dead from then on.
    fn unplug(&mut self, guest: GuestIndex, eni: EniIndex) {
        let (partition, local) = self.guests.place(guest);
        if self.wiring.behind(eni).is_some_and(|behind| behind.guest == local) {
            self.wiring.disconnect(eni);
            self.partitions[partition as usize].forget_flows(eni);
        }
    }

    /// A running instance gets and loses interfaces and addresses at once, as Amazon Linux sets them up by itself.
    fn follow_interfaces(&mut self, id: InstanceId, guest: GuestIndex) {
        let enis = self.interfaces_of(&self.cloud.instances[&id]);
        let (partition, local) = self.guests.place(guest);
        for InterfaceChange { eni, port, config, kind } in self.guests.change_interfaces(guest, &enis, &self.tables) {
            match kind {
                ChangeKind::Attached => self.wiring.connect(eni, Behind { guest: local, port }),
                ChangeKind::Detached => self.unplug(guest, eni),
                ChangeKind::Addresses => {}
            }
            self.partitions[partition as usize].configure(local, usize::from(port), Plug::Eni(eni), config);
        }
    }

    fn interfaces_of(&self, instance: &Instance) -> SmallVec<[EniIndex; 2]> {
        instance.interfaces.iter().filter_map(|eni| self.compiler.eni_index(*eni, &self.tables)).collect()
    }

    /// Switches on the guest whose boot is due.
    pub(super) fn boot_next(&mut self) {
        let Some(mut due) = self.boots.first_entry() else { return };
        let first = due.get_mut().pop_front();
        if due.get().is_empty() {
            due.remove();
        }
        let Some((guest, launch)) = first else { return };
        let (place, local) = self.guests.place(guest);
        self.partitions[place as usize].switch_on(local);
        let now = self.now();
        self.guests.count_boot(guest, now);
        let Some(script) = launch.as_ref().and_then(|launch| launch.user_data.as_deref()) else { return };
        let process = self.with(guest, |partition, local, shared| partition.start_user_data(shared, local, script));
        self.booting.extend(process.map(|process| Running { guest, process }));
        self.gather();
    }
}

/// Where a guest's boot is among those due at one moment, or would be.
fn boot_of(due: &VecDeque<Boot>, guest: GuestIndex) -> Result<usize, usize> {
    due.binary_search_by_key(&guest, |(booting, _)| *booting)
}
