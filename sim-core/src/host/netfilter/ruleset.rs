//! Tables of chains, and a packet's way through a chain: rule by rule, until one decides, or else by the chain's policy.

use super::rule::{Rule, Target, View};

/// A table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TableName {
    Filter,
    Nat,
}

impl TableName {
    /// As `-t` has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            TableName::Filter => "filter",
            TableName::Nat => "nat",
        }
    }
}

/// A place in the kernel's path of a packet that has a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

impl Hook {
    /// The name of its chain.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }
}

/// What a built-in chain does with a packet that no rule decides about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Policy {
    Accept,
    Drop,
}

/// A chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Its name.
    pub(crate) name: String,
    /// A built-in chain's; the user's own return to the chain that called them.
    pub(crate) policy: Option<Policy>,
    /// In order.
    pub(crate) rules: Vec<Rule>,
    /// Packets that no rule decided about.
    pub(crate) packets: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Chain {
    /// An empty chain.
    pub(crate) fn new(name: &str, policy: Option<Policy>) -> Chain {
        Chain { name: name.to_owned(), policy, rules: Vec::new(), packets: 0, bytes: 0 }
    }
}

/// A table's chains: the built-in ones first.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// In the order in which they are listed.
    pub(crate) chains: Vec<Chain>,
}

/// Where a packet's way through a chain ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    /// Never `Return`, `Jump` or `Log`.
    pub(super) target: Target,
    /// The first packet of all that ended there: worth a word if it is lost.
    pub(super) first: bool,
    /// The chain, and the number of the rule or `None` for the policy.
    pub(super) place: (usize, Option<usize>),
}

/// How deep chains call each other; iptables refuses loops, this bounds them.
const DEPTH_MAX: u8 = 16;

impl Table {
    pub(super) fn new(hooks: &[Hook]) -> Table {
        Table { chains: hooks.iter().map(|hook| Chain::new(hook.as_str(), Some(Policy::Accept))).collect() }
    }

    /// Whether every packet passes it untouched.
    pub(super) fn is_idle(&self) -> bool {
        self.chains.iter().all(|chain| chain.rules.is_empty() && chain.policy != Some(Policy::Drop))
    }

    /// Where a chain is.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.chains.iter().position(|chain| chain.name == name)
    }

    /// Takes a packet through a hook's chain, and counts it there.
    pub(super) fn judge(&mut self, hook: Hook, packet: &View<'_>) -> Verdict {
        let at = self.position(hook.as_str());
        let accepted = Verdict { target: Target::Accept, first: false, place: (0, None) };
        let Some(at) = at else { return accepted };
        if let Some(verdict) = self.traverse(at, packet, 0) {
            return verdict;
        }
        let chain = &mut self.chains[at];
        chain.packets += 1;
        chain.bytes += u64::from(packet.ip.total_len);
        let target = if chain.policy == Some(Policy::Drop) { Target::Drop } else { Target::Accept };
        Verdict { target, first: chain.packets == 1, place: (at, None) }
    }

    fn traverse(&mut self, at: usize, packet: &View<'_>, depth: u8) -> Option<Verdict> {
        for number in 0..self.chains[at].rules.len() {
            let rule = &mut self.chains[at].rules[number];
            if !rule.matches(packet) {
                continue;
            }
            rule.packets += 1;
            rule.bytes += u64::from(packet.ip.total_len);
            let first = rule.packets == 1;
            match rule.target.clone() {
                None | Some(Target::Log) => {}
                Some(Target::Return) => return None,
                Some(Target::Jump(name)) => {
                    let next = self.position(&name).filter(|_| depth < DEPTH_MAX);
                    if let Some(verdict) = next.and_then(|next| self.traverse(next, packet, depth + 1)) {
                        return Some(verdict);
                    }
                }
                Some(target) => return Some(Verdict { target, first, place: (at, Some(number)) }),
            }
        }
        None
    }

    /// A verdict's place in words.
    pub(super) fn describe(&self, verdict: &Verdict) -> String {
        let (chain, rule) = verdict.place;
        let name = &self.chains[chain].name;
        match rule {
            Some(number) => format!("rule {} of chain {name}", number + 1),
            None => format!("the policy of chain {name}"),
        }
    }
}
