//! Guests run: they wake, get their frames and alarms, and what they and their platform's services send goes onto links.

use std::mem;

use super::{Event, Partition, Shared};
use crate::dataplane::answer_in_vpc;
use crate::dataplane::pipeline::{self, Entry, Hop, Transit};
use crate::dataplane::services::PlatformService;
use crate::dataplane::tables::EniIndex;
use crate::engine::{EventKey, SimTime, mix};
use crate::host::{Finished, Host, ProcessId};
use crate::net::Frame;
use crate::sim::dhcp;
use crate::sim::flight::{Flight, Slot, Station};
use crate::sim::guests::{Awake, Guest, GuestState, LocalGuest, Plug};
use crate::sim::metadata;
use crate::sim::placement::Behind;
use crate::sim::platform::Maker;
use crate::sim::stations::zone_of;
use crate::trace::{DropCode, Leg, PacketId, PacketTag};

impl Partition {
    /// Starts a command line on a guest.
    pub(crate) fn start(&mut self, shared: &Shared<'_>, guest: LocalGuest, command_line: &str) -> Option<ProcessId> {
        self.start_with(shared, guest, |host, now| host.start(now, command_line))
    }

    /// Starts a guest's user data.
    pub(crate) fn start_user_data(
        &mut self,
        shared: &Shared<'_>,
        guest: LocalGuest,
        script: &str,
    ) -> Option<ProcessId> {
        self.start_with(shared, guest, |host, now| host.start_user_data(now, script))
    }

    fn start_with(
        &mut self,
        shared: &Shared<'_>,
        guest: LocalGuest,
        start: impl FnOnce(&mut Host, SimTime) -> ProcessId,
    ) -> Option<ProcessId> {
        self.begin_outside();
        let now = self.now();
        let awake = self.awake(shared, guest)?;
        let process = start(&mut awake.host, now);
        awake.awaited.push(process);
        self.run_guest(shared, guest);
        Some(process)
    }

    /// Ends a program as Ctrl-C does.
    pub(crate) fn interrupt(&mut self, shared: &Shared<'_>, guest: LocalGuest, process: ProcessId) {
        self.begin_outside();
        let now = self.now();
        if let Some(awake) = self.awake(shared, guest) {
            awake.host.interrupt(now, process);
            self.run_guest(shared, guest);
        }
    }

    /// Something happens that no event has brought about; it comes after all events of this moment.
    fn begin_outside(&mut self) {
        self.trace.begin(EventKey { time: self.now(), source: u32::MAX, sequence: u64::MAX });
    }

    /// Takes what a program left, once it has ended.
    pub(crate) fn take_finished(&mut self, guest: LocalGuest, process: ProcessId) -> Option<Finished> {
        let on = match &mut self.guests[guest.0 as usize].state {
            GuestState::Awake(awake) => awake.host.take_finished(process),
            GuestState::Off | GuestState::Asleep => None,
        };
        on.or_else(|| self.left.remove(&(guest, process)))
    }

    /// Whether a program runs or waits to be collected.
    pub(crate) fn knows(&mut self, guest: LocalGuest, process: ProcessId) -> bool {
        let is_on = match &mut self.guests[guest.0 as usize].state {
            GuestState::Awake(awake) => awake.host.knows(process),
            GuestState::Off | GuestState::Asleep => false,
        };
        is_on || self.left.contains_key(&(guest, process))
    }

    pub(super) fn awake(&mut self, shared: &Shared<'_>, guest: LocalGuest) -> Option<&mut Awake> {
        let now = self.now();
        let Guest { number, state, disk } = &mut self.guests[guest.0 as usize];
        if matches!(state, GuestState::Asleep) {
            let (host, plugs) = shared.directory.boot(*number, shared.cloud, disk.take().map(|disk| *disk), now);
            *state = GuestState::Awake(Box::new(Awake::new(host, plugs)));
        }
        match state {
            GuestState::Awake(awake) => Some(awake),
            GuestState::Off | GuestState::Asleep => None,
        }
    }

    /// Lets a guest run at the present moment; what it sends goes onto its links.
    pub(super) fn run_guest(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        if self.awake(shared, guest).is_some() {
            self.run_awake(shared, guest);
        }
    }

    /// Lets a guest that is awake run.
    pub(super) fn run_awake(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        let now = self.queue.now();
        let Partition { guests, outbox, pool, .. } = self;
        let GuestState::Awake(awake) = &mut guests[guest.0 as usize].state else { return };
        awake.run(now, pool, &mut |interface, frame| outbox.push((interface, frame)));
        let transfers = awake.host.take_transfers();
        if !outbox.is_empty() {
            let mut outbox = mem::take(outbox);
            for (interface, bytes) in outbox.drain(..) {
                self.send(shared, guest, interface, bytes);
            }
            self.outbox = outbox;
        }
        self.tell_transfers(shared, guest, transfers);
        self.run_platform(shared, guest);
        self.look_after(guest, now);
    }

    /// Hands a packet to the service at the far end of a guest's link.
    pub(super) fn ask_platform(&mut self, shared: &Shared<'_>, eni: EniIndex, service: PlatformService, slot: Slot) {
        let now = self.queue.now();
        let frame = self.flights.remove(slot).transit.frame;
        let (Some(Behind { guest, port }), Some(at)) = (shared.wiring.behind(eni), shared.tables.interface(eni)) else {
            return self.pool.give(frame.bytes);
        };
        let Guest { number, state, .. } = &mut self.guests[guest.0 as usize];
        let GuestState::Awake(awake) = state else { return self.pool.give(frame.bytes) };
        let instance = shared.directory.instance(*number);
        let contents =
            || instance.map(|instance| metadata::of(shared.cloud, instance, shared.seed)).unwrap_or_default();
        let seed = mix(shared.seed ^ mix(u64::from(number.0)));
        let maker = Maker {
            now,
            epoch_nanos: shared.cloud.epoch_nanos(),
            seed,
            router_mac: at.subnet.router_mac,
            resolver: at.vpc.resolver,
        };
        awake.platform.receive(maker, (service, port), frame, contents);
        self.run_platform(shared, guest);
        self.look_after(guest, now);
    }

    /// Hands a packet to the DHCP server of a guest's subnet, which answers at once.
    pub(super) fn ask_dhcp(&mut self, shared: &Shared<'_>, eni: EniIndex, slot: Slot) {
        let frame = self.flights.remove(slot).transit.frame;
        if let (Some(Behind { guest, port }), Some(at)) = (shared.wiring.behind(eni), shared.tables.interface(eni))
            && let Some(instance) = shared.directory.instance(self.guests[guest.0 as usize].number)
            && let Some(answer) = dhcp::answer(shared.cloud, instance, &at, &frame)
        {
            self.send_from_platform(shared, guest, usize::from(port), answer.bytes);
        }
        self.pool.give(frame.bytes);
    }

    /// Lets the services that a guest has asked run; what they send goes down its links.
    fn run_platform(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        let now = self.queue.now();
        let Partition { guests, outbox, pool, .. } = self;
        let GuestState::Awake(awake) = &mut guests[guest.0 as usize].state else { return };
        if awake.platform.is_empty() {
            return;
        }
        let Awake { platform, plugs, .. } = &mut **awake;
        let resolve = |interface: usize, question: &Frame| match plugs.get(interface) {
            Some(Plug::Eni(eni)) => answer_in_vpc(&shared.tables.interface(*eni)?, question),
            _ => None,
        };
        platform.run(now, pool, &resolve, &mut |interface, frame| outbox.push((interface, frame)));
        let mut outbox = mem::take(outbox);
        for (interface, bytes) in outbox.drain(..) {
            self.send_from_platform(shared, guest, interface, bytes);
        }
        self.outbox = outbox;
    }

    /// Puts a service's frame onto the link down to its guest.
    fn send_from_platform(&mut self, shared: &Shared<'_>, guest: LocalGuest, interface: usize, bytes: Vec<u8>) {
        let GuestState::Awake(awake) = &self.guests[guest.0 as usize].state else { return };
        let Some(&Plug::Eni(eni)) = awake.plugs.get(interface) else { return };
        let plug = Plug::Eni(eni);
        if shared.wiring.behind(eni).is_none_or(|behind| behind.guest != guest) {
            return self.pool.give(bytes); // Detached meanwhile.
        }
        let packet = PacketTag { leg: Leg::Return, ..PacketTag::new(PacketId(self.port(plug).packet())) };
        let transit = Transit::new(Frame::new(bytes), packet, Entry::Router);
        let (now, tables) = (self.queue.now(), shared.tables);
        let hop = &mut Hop { now, tables, rules: shared.rules, flows: &mut self.flows, trace: &mut self.trace };
        pipeline::leave_platform(hop, eni, &transit);
        let slot = self.flights.insert(Flight { to: Station::Guest(plug), transit, zone: None });
        self.down_the_access_link(shared, plug, slot);
    }

    /// After a guest has run: when it wants to be called again, what it has to say, and which programs have ended.
    fn look_after(&mut self, guest: LocalGuest, now: SimTime) {
        let Guest { number, state: GuestState::Awake(awake), .. } = &mut self.guests[guest.0 as usize] else { return };
        let Awake { host, platform, awaited, .. } = &mut **awake;
        if host.has_notes() {
            self.notes.extend(host.take_notes().into_iter().map(|note| (*number, note)));
        }
        if host.take_has_ended() {
            awaited.retain(|process| {
                let has_ended = host.has_ended(*process);
                if has_ended {
                    self.ended.push((*number, *process));
                }
                !has_ended
            });
        }
        if let Some(at) = host.next_wake().into_iter().chain(platform.next_wake()).min() {
            self.wake_at(guest, at.max(now));
        }
    }

    /// Sees to it that a guest that is awake runs at `at` or before.
    pub(super) fn wake_at(&mut self, guest: LocalGuest, at: SimTime) {
        let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state else { return };
        let Some(&plug) = awake.plugs.first() else { return };
        if awake.alarm.is_none_or(|alarm| alarm > at) {
            awake.alarm = Some(at);
            let key = self.port(plug).outlet.key(at);
            self.queue.push(key, Event::Wake(guest));
        }
    }

    /// Puts a guest's frame onto its link.
    fn send(&mut self, shared: &Shared<'_>, guest: LocalGuest, interface: usize, bytes: Vec<u8>) {
        let now = self.now();
        let GuestState::Awake(awake) = &self.guests[guest.0 as usize].state else { return };
        let Some(&plug) = awake.plugs.get(interface) else { return };
        if let Plug::Eni(eni) = plug
            && shared.wiring.behind(eni) != Some(Behind { guest, port: interface as u16 })
        {
            return; // Detached since the guest has booted: there is no link to put it on.
        }
        let port = self.port(plug);
        let (entry, zone) = match plug {
            Plug::Eni(eni) => (Entry::Interface(eni), port.zone(shared.rules, || zone_of(shared.tables, eni))),
            // What comes from the Internet enters a VPC at its gateway, which says so.
            Plug::Internet(_) => (Entry::Router, None),
        };
        let packet = PacketTag::new(PacketId(port.packet()));
        let arrival = port.out.carry(shared.links, now, bytes.len()).map(|at| port.outlet.key(at));
        let transit = Transit::new(Frame::new(bytes), packet, entry);
        match arrival {
            Some(key) => {
                let slot = self.flights.insert(Flight { to: Station::Leave(plug), transit, zone });
                self.queue.push(key, Event::Arrival(slot));
            }
            None => self.lose_at(shared, plug, &transit, DropCode::LinkQueueFull),
        }
    }
}
