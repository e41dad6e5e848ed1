//! `iptables`, `ip6tables`, `iptables-save`, `iptables-restore` (iptables(8)), and what the service `iptables` does.
//!
//! The rules are real: the guest's kernel asks them (`host/netfilter`). The tables `filter` and `nat` are there; what is not
//! simulated of them is refused with a note and changes nothing.

mod parse;
mod print;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::parse::{Misread, RuleReader, Words};
use self::print::Listing;
use crate::host::netfilter::{Chain, Family, Policy, Rule, Ruleset, Table, TableName, Target};
use crate::host::{Profile, Sys};

/// Where the service `iptables` keeps its rules.
const SAVED: &str = "/etc/sysconfig/iptables";
/// What the package `iptables-services` brings there: SSH and ping are let in, nothing is forwarded.
pub(super) const PACKAGED: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
    -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n\
    -A INPUT -j REJECT --reject-with icmp-host-prohibited\n-A FORWARD -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n";

/// A command line as it is meant.
struct Request {
    table: TableName,
    verb: Verb,
    listing: Listing,
}

enum Verb {
    Append(String, Vec<Rule>),
    Insert(String, usize, Vec<Rule>),
    Replace(String, usize, Rule),
    Check(String, Rule),
    Delete(String, Rule),
    DeleteNumber(String, usize),
    Flush(Option<String>),
    Zero(Option<String>),
    List(Option<String>),
    Commands(Option<String>),
    NewChain(String),
    DeleteChain(Option<String>),
    Policy(String, Policy),
}

/// iptables's own words for what the kernel refused.
const NO_SUCH_CHAIN: &str = "No chain/target/match by that name.";
const BAD_RULE: &str = "Bad rule (does a matching rule exist in that chain?).";

/// `iptables` and `ip6tables`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let program = arguments[0].rsplit('/').next().unwrap_or_default().to_owned();
    if !is_there(&sys) {
        sys.eprint(format!("bash: {program}: command not found\n"));
        return 127;
    }
    let family = if program.starts_with("ip6") { Family::V6 } else { Family::V4 };
    match read(family, TableName::Filter, &arguments[1..]) {
        Ok(request) => {
            let done = sys.netfilter(|netfilter| match &request.verb {
                Verb::List(chain) => {
                    let table = netfilter.rules(family).table(request.table);
                    shown(table, chain, |only| print::list(table, family, only, request.listing))
                }
                Verb::Commands(chain) => {
                    let table = netfilter.rules(family).table(request.table);
                    shown(table, chain, |only| print::commands(table, only))
                }
                _ => netfilter.change(family, |rules| execute(rules, request)).map(|()| String::new()),
            });
            match done {
                Ok(text) => {
                    sys.print(text);
                    0
                }
                Err(why) => {
                    sys.eprint(format!("{program}: {why}\n"));
                    1
                }
            }
        }
        Err(misread) => complain(&sys, &program, misread),
    }
}

/// Amazon Linux 2023 has nftables only, unless somebody installs the old tool.
fn is_there(sys: &Sys) -> bool {
    match sys.profile() {
        Profile::AmazonLinux2 | Profile::Ubuntu => true,
        Profile::AmazonLinux2023 => {
            ["iptables", "iptables-services", "iptables-nft"].iter().any(|it| sys.is_installed(it))
        }
        Profile::Windows => false,
    }
}

fn complain(sys: &Sys, program: &str, misread: Misread) -> i32 {
    match misread {
        Misread::Wrong(text) => {
            sys.eprint(format!(
                "{program} v1.8.4 (legacy): {text}\nTry `{program} -h' or '{program} --help' for more information.\n"
            ));
            2
        }
        Misread::NotSimulated(what) => sys.not_simulated(program, &what),
    }
}

/// Reads a command line, for a table unless it names another.
fn read(family: Family, table: TableName, words: &[String]) -> Result<Request, Misread> {
    let mut words = Words::new(words);
    let mut reader = RuleReader::new(family);
    let (mut table, mut listing) = (table, Listing::default());
    let mut command: Option<(&str, Option<&str>, Option<&str>)> = None;
    while let Some(word) = words.next() {
        match word {
            "-t" | "--table" => {
                table = match words.value(word)? {
                    "filter" => TableName::Filter,
                    "nat" => TableName::Nat,
                    other @ ("mangle" | "raw" | "security") => {
                        return Err(Misread::NotSimulated(format!("-t {other}")));
                    }
                    other => return Err(Misread::Wrong(format!("can't initialize iptables table `{other}'"))),
                };
            }
            "-n" | "--numeric" => listing.numeric = true,
            "-v" | "--verbose" => listing.verbose = true,
            "--line-numbers" => listing.numbered = true,
            "-w" | "--wait" => drop(words.operand()),
            "-x" | "--exact" => {}
            // `-nvL` and the like.
            bundle
                if bundle.starts_with('-') && bundle.len() > 2 && bundle[1..].chars().all(|it| "nvLS".contains(it)) =>
            {
                listing.numeric |= bundle.contains('n');
                listing.verbose |= bundle.contains('v');
                let verb = if bundle.contains('S') { "-S" } else { "-L" };
                command = Some((verb, words.operand(), None));
            }
            _ if reader.read(word, &mut words)? => {}
            verb if verb.starts_with('-') => command = Some((verb, words.operand(), words.operand())),
            other => return Err(Misread::Wrong(format!("Bad argument `{other}'"))),
        }
    }
    let Some((verb, chain, operand)) = command else { return Err(Misread::Wrong("no command specified".to_owned())) };
    parse::check_complete(&reader.rule)?;
    let verb = verb_of(verb, chain, operand, reader)?;
    check_table(table, &verb)?;
    Ok(Request { table, verb, listing })
}

fn verb_of(verb: &str, chain: Option<&str>, operand: Option<&str>, reader: RuleReader) -> Result<Verb, Misread> {
    let name = chain.map(str::to_owned);
    let needed =
        || chain.map(str::to_owned).ok_or_else(|| Misread::Wrong(format!("option \"{verb}\" requires an argument")));
    let number = operand.map(|operand| operand.parse::<usize>());
    let bad_number = || Misread::Wrong(format!("Invalid rule number `{}'", operand.unwrap_or_default()));
    let RuleReader { rule, more_sources, .. } = reader;
    let all = || {
        let others = more_sources.iter().map(|net| {
            let mut other = rule.clone();
            if let Some(source) = &mut other.source {
                source.value = *net;
            }
            other
        });
        std::iter::once(rule.clone()).chain(others).collect::<Vec<Rule>>()
    };
    Ok(match verb {
        "-A" | "--append" => Verb::Append(needed()?, all()),
        "-I" | "--insert" => Verb::Insert(needed()?, number.unwrap_or(Ok(1)).map_err(|_| bad_number())?, all()),
        "-R" | "--replace" => Verb::Replace(needed()?, number.and_then(Result::ok).ok_or_else(bad_number)?, rule),
        "-C" | "--check" => Verb::Check(needed()?, rule),
        "-D" | "--delete" => match number {
            Some(number) => Verb::DeleteNumber(needed()?, number.map_err(|_| bad_number())?),
            None => Verb::Delete(needed()?, rule),
        },
        "-F" | "--flush" => Verb::Flush(name),
        "-Z" | "--zero" => Verb::Zero(name),
        "-L" | "--list" => Verb::List(name),
        "-S" | "--list-rules" => Verb::Commands(name),
        "-N" | "--new-chain" => Verb::NewChain(needed()?),
        "-X" | "--delete-chain" => Verb::DeleteChain(name),
        "-P" | "--policy" => {
            let policy = match operand {
                Some("ACCEPT") => Policy::Accept,
                Some("DROP") => Policy::Drop,
                other => return Err(Misread::Wrong(format!("Bad policy name `{}'", other.unwrap_or_default()))),
            };
            Verb::Policy(needed()?, policy)
        }
        other => return Err(Misread::Wrong(format!("unknown option \"{other}\""))),
    })
}

/// Targets belong to tables.
fn check_table(table: TableName, verb: &Verb) -> Result<(), Misread> {
    let rules = match verb {
        Verb::Append(_, rules) | Verb::Insert(_, _, rules) => rules.as_slice(),
        Verb::Replace(_, _, rule) => std::slice::from_ref(rule),
        _ => &[],
    };
    for rule in rules {
        let translates = matches!(
            rule.target,
            Some(Target::Snat { .. } | Target::Masquerade { .. } | Target::Dnat { .. } | Target::Redirect { .. })
        );
        let rejects = matches!(rule.target, Some(Target::Reject(_)));
        if (translates && table == TableName::Filter) || (rejects && table == TableName::Nat) {
            return Err(Misread::Wrong(format!("the target does not belong to the table `{}'", table.as_str())));
        }
    }
    Ok(())
}

fn execute(rules: &mut Ruleset, request: Request) -> Result<(), &'static str> {
    let table = rules.table_mut(request.table);
    let known = |table: &Table, rule: &Rule| match &rule.target {
        Some(Target::Jump(name)) => table.position(name).is_some_and(|at| table.chains[at].policy.is_none()),
        _ => true,
    };
    let at = |table: &Table, chain: &str| table.position(chain).ok_or(NO_SUCH_CHAIN);
    match request.verb {
        Verb::Append(chain, rules) => {
            let at = at(table, &chain)?;
            if !rules.iter().all(|rule| known(table, rule)) {
                return Err(NO_SUCH_CHAIN);
            }
            table.chains[at].rules.extend(rules);
        }
        Verb::Insert(chain, number, rules) => {
            let at = at(table, &chain)?;
            if !rules.iter().all(|rule| known(table, rule)) {
                return Err(NO_SUCH_CHAIN);
            }
            let list = &mut table.chains[at].rules;
            if number == 0 || number > list.len() + 1 {
                return Err("Index of insertion too big.");
            }
            list.splice(number - 1..number - 1, rules);
        }
        Verb::Replace(chain, number, rule) => {
            let at = at(table, &chain)?;
            let old = number.checked_sub(1).and_then(|index| table.chains[at].rules.get_mut(index));
            *old.ok_or("Index of replacement too big.")? = rule;
        }
        Verb::Check(chain, rule) => drop(find(&table.chains[at(table, &chain)?], &rule)?),
        Verb::Delete(chain, rule) => {
            let at = at(table, &chain)?;
            let number = find(&table.chains[at], &rule)?;
            table.chains[at].rules.remove(number);
        }
        Verb::DeleteNumber(chain, number) => {
            let at = at(table, &chain)?;
            if number == 0 || number > table.chains[at].rules.len() {
                return Err("Index of deletion too big.");
            }
            table.chains[at].rules.remove(number - 1);
        }
        Verb::Flush(chain) => each(table, chain, |chain| chain.rules.clear())?,
        Verb::Zero(chain) => each(table, chain, |chain| {
            (chain.packets, chain.bytes) = (0, 0);
            chain.rules.iter_mut().for_each(|rule| (rule.packets, rule.bytes) = (0, 0));
        })?,
        Verb::NewChain(name) if table.position(&name).is_some() => return Err("Chain already exists."),
        Verb::NewChain(name) => table.chains.push(Chain::new(&name, None)),
        Verb::DeleteChain(chain) => delete_chains(table, chain)?,
        Verb::Policy(chain, policy) => {
            let at = at(table, &chain)?;
            *table.chains[at].policy.as_mut().ok_or("Bad built-in chain name.")? = policy;
        }
        Verb::List(_) | Verb::Commands(_) => {}
    }
    Ok(())
}

/// The number of a rule like this one; counters do not matter.
fn find(chain: &Chain, wanted: &Rule) -> Result<usize, &'static str> {
    let same = |rule: &Rule| Rule { packets: 0, bytes: 0, ..rule.clone() } == *wanted;
    chain.rules.iter().position(same).ok_or(BAD_RULE)
}

fn each(table: &mut Table, chain: Option<String>, change: impl FnMut(&mut Chain)) -> Result<(), &'static str> {
    if let Some(name) = &chain
        && table.position(name).is_none()
    {
        return Err(NO_SUCH_CHAIN);
    }
    table.chains.iter_mut().filter(|it| chain.as_ref().is_none_or(|name| *name == it.name)).for_each(change);
    Ok(())
}

/// Chains of the user's: one, or all of them.
fn delete_chains(table: &mut Table, chain: Option<String>) -> Result<(), &'static str> {
    if let Some(name) = &chain {
        let at = table.position(name).filter(|at| table.chains[*at].policy.is_none()).ok_or(NO_SUCH_CHAIN)?;
        if !table.chains[at].rules.is_empty() {
            return Err("Directory not empty.");
        }
    }
    let goes = |it: &Chain| it.policy.is_none() && chain.as_ref().is_none_or(|name| *name == it.name);
    let is_called = table.chains.iter().flat_map(|it| &it.rules).any(|rule| match &rule.target {
        Some(Target::Jump(name)) => table.position(name).is_some_and(|at| goes(&table.chains[at])),
        _ => false,
    });
    if is_called {
        return Err("Too many links.");
    }
    table.chains.retain(|it| !goes(it));
    Ok(())
}

fn shown(
    table: &Table,
    chain: &Option<String>,
    text: impl FnOnce(Option<&str>) -> String,
) -> Result<String, &'static str> {
    match chain {
        Some(name) if table.position(name).is_none() => Err(NO_SUCH_CHAIN),
        chain => Ok(text(chain.as_deref())),
    }
}

/// `iptables-save` and `ip6tables-save`, of all tables that hold anything.
pub(crate) async fn save(sys: Sys, arguments: Vec<String>) -> i32 {
    if let Some(option) = arguments.get(1) {
        return sys.not_simulated(&arguments[0], option);
    }
    let family = if arguments[0].contains("ip6") { Family::V6 } else { Family::V4 };
    let text = saved(&sys, family);
    sys.print(text);
    0
}

fn saved(sys: &Sys, family: Family) -> String {
    let now = Timestamp::from_nanosecond(sys.wall_clock()).unwrap_or(Timestamp::UNIX_EPOCH);
    let now = now.to_zoned(TimeZone::UTC).strftime("%a %b %e %H:%M:%S %Y").to_string();
    let mut text = String::new();
    for name in [TableName::Nat, TableName::Filter] {
        let table = sys.netfilter(|netfilter| netfilter.rules(family).table(name).clone());
        text += &format!("# Generated by iptables-save v1.8.4 on {now}\n*{}\n", name.as_str());
        for Chain { name, policy, packets, bytes, .. } in &table.chains {
            let policy = policy.map_or("-", print::policy);
            text += &format!(":{name} {policy} [{packets}:{bytes}]\n");
        }
        for chain in &table.chains {
            for rule in &chain.rules {
                text += &format!("{}\n", print::command(&chain.name, rule));
            }
        }
        text += &format!("COMMIT\n# Completed on {now}\n");
    }
    text
}

/// `iptables-restore [FILE]`.
pub(crate) async fn restore(sys: Sys, arguments: Vec<String>) -> i32 {
    let family = if arguments[0].contains("ip6") { Family::V6 } else { Family::V4 };
    let text = match arguments.get(1) {
        Some(option) if option.starts_with('-') => return sys.not_simulated(&arguments[0], option),
        Some(path) => match sys.read_file(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                sys.eprint(format!("Can't open {path}: {error}\n"));
                return 1;
            }
        },
        None => sys.read_all().await,
    };
    load_text(&sys, family, &String::from_utf8_lossy(&text))
}

/// Takes rules as `iptables-save` wrote them in place of those there are. A line that is wrong leaves everything as it was.
fn load_text(sys: &Sys, family: Family, text: &str) -> i32 {
    let mut rules = sys.netfilter(|netfilter| netfilter.rules(family).clone());
    let mut table = None;
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        let wrong = |why: &str| {
            sys.eprint(format!("iptables-restore: line {number} failed: {why}\n"));
            1
        };
        match line.chars().next() {
            None | Some('#') => {}
            _ if line == "COMMIT" => table = None,
            Some('*') => {
                let name = match &line[1..] {
                    "nat" => TableName::Nat,
                    "filter" => TableName::Filter,
                    other => {
                        sys.note(format!("the iptables table '{other}' is not simulated; its lines do nothing"));
                        continue;
                    }
                };
                *rules.table_mut(name) = Ruleset::default().table(name).clone();
                table = Some(name);
            }
            Some(first) => {
                let Some(name) = table else { continue };
                if first == ':' {
                    let mut words = line[1..].split_whitespace();
                    let (chain, policy) = (words.next().unwrap_or_default(), words.next());
                    let known = rules.table(name).position(chain);
                    match known {
                        Some(at) if policy == Some("DROP") => {
                            rules.table_mut(name).chains[at].policy = Some(Policy::Drop);
                        }
                        Some(_) => {}
                        None => rules.table_mut(name).chains.push(Chain::new(chain, None)),
                    }
                    continue;
                }
                let words = words_of(line);
                match read(family, name, &words) {
                    Ok(request) => {
                        if let Err(why) = execute(&mut rules, request) {
                            return wrong(why);
                        }
                    }
                    Err(Misread::Wrong(why)) => return wrong(&why),
                    Err(Misread::NotSimulated(what)) => {
                        sys.note(format!("iptables: '{what}' is not simulated; the rule '{line}' does nothing"));
                    }
                }
            }
        }
    }
    sys.netfilter(|netfilter| netfilter.change(family, |current| *current = rules));
    0
}

/// The words of a saved line: a comment may be quoted.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (part, index) in line.split('"').zip(0..) {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// What starting the service `iptables` does: the saved rules take effect.
pub(super) fn start_service(sys: &Sys) {
    let text = sys.read_file(SAVED).unwrap_or_default();
    load_text(sys, Family::V4, &String::from_utf8_lossy(&text));
}

/// What stopping it does: everything passes.
pub(super) fn stop_service(sys: &Sys) {
    sys.netfilter(|netfilter| netfilter.change(Family::V4, |rules| *rules = Ruleset::default()));
}

/// `service iptables save`.
pub(super) fn save_service(sys: &Sys) -> i32 {
    let text = saved(sys, Family::V4);
    sys.files(|files| files.write(SAVED, text.as_bytes()));
    sys.print("iptables: Saving firewall rules to /etc/sysconfig/iptables: [  OK  ]\n");
    0
}

/// `nft`: another language for the same kernel.
pub(crate) async fn nft(sys: Sys, _: Vec<String>) -> i32 {
    sys.eprint("vpcsim: nft: this program is not simulated\n");
    sys.note("'nft' is not simulated; its rules do nothing. 'iptables' is");
    2
}
