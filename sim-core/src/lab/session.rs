//! A lab under way: the world with its stacks, and whoever watches it.
//!
//! Time passes only through [`Session::pass_until`] and its siblings, so that every trace event reaches the captures and the
//! witness, in order and in bounded memory.

use std::mem;

use serde_json::Value;

use super::explain::Follower;
use super::generate::RESOURCES_PER_TEMPLATE;
use super::names::{LogicalIds, Names};
use super::report::{Observer, Progress};
use super::witness::Witness;
use crate::cloud::{ApiError, Caller, RunInstances};
use crate::engine::{SimDuration, SimTime};
use crate::frontend::Api;
use crate::frontend::cloudformation::Stack;
use crate::frontend::diagnostic::Sources;
use crate::host::Finished;
use crate::id::{AccountId, Origin, Region};
use crate::sim::world::{Pause, Running, World};
use crate::trace::{CaptureError, CaptureSummary, Captures, FlowLogSummary, FlowLogs, Recording};

/// How long a call to AWS takes, as seen by whoever makes it. A SIM value: the real CLI takes about half a second.
const CALL: SimDuration = SimDuration::from_millis(500);

/// What takes longer than this is not waited for before the next resource is made.
const SETTLE: SimDuration = SimDuration::from_secs(1);

/// The calls of a stack that is being created.
#[derive(Debug, Default)]
struct Creating {
    /// How many are under way at the same time.
    side_by_side: usize,
    /// How many have been made since time has passed.
    called: usize,
}

/// A lab under way.
pub(super) struct Session<'a> {
    pub world: World,
    pub sources: &'a Sources,
    pub stacks: Vec<Stack>,
    pub logical_ids: LogicalIds,
    pub witness: Witness,
    /// Keeps the whole way of packets that are to be explained.
    pub follower: Option<Follower>,
    /// Sees how far the lab is, and may ask it to stop.
    pub observer: &'a mut dyn Observer,
    /// The number and title of the step under way.
    step: Option<(u32, String)>,
    creating: Creating,
    interrupted: bool,
    /// Before the captures: their folder goes last.
    flow_logs: FlowLogs,
    captures: Captures,
    recording: Recording,
}

impl<'a> Session<'a> {
    /// A lab in which nothing has happened yet.
    pub(super) fn new(
        world: World,
        sources: &'a Sources,
        captures: Captures,
        flow_logs: FlowLogs,
        observer: &'a mut dyn Observer,
    ) -> Session<'a> {
        Session {
            world,
            sources,
            stacks: Vec::new(),
            logical_ids: LogicalIds::default(),
            witness: Witness::default(),
            follower: None,
            observer,
            step: None,
            creating: Creating::default(),
            interrupted: false,
            flow_logs,
            captures,
            recording: Recording::default(),
        }
    }

    /// Knows every name.
    pub(super) fn names(&self) -> Names<'_> {
        names(&self.world, &self.logical_ids, self.sources)
    }

    /// A new step begins: its first packet is watched.
    pub(super) fn watch_first_packet(&mut self) {
        self.witness.begin_step();
        if let Some(follower) = &mut self.follower {
            *follower = Follower::of_first();
        }
        self.world.watch_first_packet();
    }

    /// Notes which step is under way, for whoever watches.
    pub(super) fn begin_step(&mut self, number: u32, title: String) {
        self.step = Some((number, title));
    }

    /// Whether the observer has asked to stop. No time passes any more.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Lets time pass until `until`.
    pub(super) fn pass_until(&mut self, until: SimTime) {
        self.pass(|world| world.run_until(until));
    }

    /// Lets time pass until every instance that starts has run its user data, or until `limit`.
    pub(super) fn pass_until_booted(&mut self, limit: SimTime) -> bool {
        self.pass(|world| world.run_until_booted(limit)).is_some()
    }

    /// Lets time pass until a program ends; `None` if it still runs at `limit`.
    pub(super) fn pass_until_finished(&mut self, running: Running, limit: SimTime) -> Option<Finished> {
        self.pass(|world| world.wait_for(running, limit))
    }

    /// Makes one call to AWS, which takes its time.
    pub(super) fn call(&mut self, caller: &Caller, name: &str, parameters: Value) -> Result<Value, ApiError> {
        let answer = self.world.call(caller, name, parameters);
        self.pass_until(self.world.now() + CALL);
        answer
    }

    /// Lets the time of a call pass once as many have been made as are under way at the same time.
    fn take_turn(&mut self) {
        self.creating.called += 1;
        if self.creating.called >= self.creating.side_by_side {
            self.creating.called = 0;
            self.pass_until(self.world.now() + CALL);
        }
    }

    /// How many flow logs there were that nothing was written of, since captures are not written either.
    pub(super) fn unwritten_flow_logs(&self) -> usize {
        self.flow_logs.unwritten()
    }

    /// Ends the captures and the flow logs.
    pub(super) fn finish(mut self) -> Result<(CaptureSummary, FlowLogSummary), CaptureError> {
        self.observe();
        let captures = self.captures.finish()?;
        Ok((captures, self.flow_logs.finish()?))
    }

    fn pass<T>(&mut self, mut run: impl FnMut(&mut World) -> Pause<T>) -> Option<T> {
        while !self.interrupted {
            let pause = run(&mut self.world);
            self.observe();
            let ended = match pause {
                Pause::Done(value) => Some(value),
                Pause::Limit => None,
                Pause::Meanwhile => continue,
            };
            self.settle_flow_logs();
            return ended;
        }
        None
    }

    /// Lets flow logs close their windows. It must not depend on how often somebody looks in between.
    fn settle_flow_logs(&mut self) {
        let names = names(&self.world, &self.logical_ids, self.sources);
        self.flow_logs.settle(self.world.now(), &names);
    }

    /// Shows what has happened to the captures, the flow logs and the witness, and how far the lab is to the observer.
    fn observe(&mut self) {
        let mut recording = mem::take(&mut self.recording);
        self.world.take_trace(&mut recording);
        let names = names(&self.world, &self.logical_ids, self.sources);
        self.flow_logs.follow(&names);
        for event in &recording.events {
            self.flow_logs.observe(event, &names);
            let frame = self.captures.observe(event, &names);
            self.witness.observe(event, frame);
            if let Some(follower) = &mut self.follower {
                follower.observe(event);
            }
        }
        self.captures.write(&mut recording);
        self.recording = recording;
        let progress = Progress {
            now: self.world.now(),
            packet_hops: self.world.packet_hops(),
            step: self.step.as_ref().map(|(number, title)| (*number, title.as_str())),
        };
        // Whoever hears of Ctrl-C first, all ranks stop here.
        let is_asked = self.observer.progress(&progress).is_break();
        self.interrupted |= self.world.is_anywhere(is_asked);
    }
}

fn names<'s>(world: &'s World, logical_ids: &'s LogicalIds, sources: &'s Sources) -> Names<'s> {
    Names { cloud: world.cloud(), logical_ids, internet: world.internet_hosts(), sources }
}

impl Api for Session<'_> {
    fn call(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError> {
        let caller = Caller { account, region, now: self.world.now(), origin };
        let answer = self.world.call(&caller, operation, parameters);
        self.take_turn();
        answer
    }

    fn launch(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        request: RunInstances,
    ) -> Result<String, ApiError> {
        let caller = Caller { account, region, now: self.world.now(), origin };
        let launched = self.world.launch(&caller, request);
        self.take_turn();
        launched.map(|launched| launched[0].to_string())
    }

    /// More resources than a stack may have are several stacks on AWS, which are created at the same time.
    fn begin_stack(&mut self, resources: usize) {
        self.creating = Creating { side_by_side: resources.div_ceil(RESOURCES_PER_TEMPLATE).max(1), called: 0 };
    }

    /// Waits for what settles at once: a peering request's check. Launches go on side by side; the lab waits for them at the
    /// end.
    fn settle(&mut self) {
        while let Some(at) = self.world.next_change().filter(|at| at.since(self.world.now()) < SETTLE)
            && !self.interrupted
        {
            self.pass_until(at);
        }
    }

    fn wait(&mut self, time: SimDuration) {
        if !self.interrupted {
            self.pass_until(self.world.now() + time);
        }
    }
}
