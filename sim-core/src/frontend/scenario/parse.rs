//! From the scenario's text to a [`Scenario`], all problems at once.
//!
//! The form is checked first, by the tables of `keys.rs`; then the meaning is built from whatever has the right form,
//! so that one wrong word hides no other. Templates are read, since a path may be wrong, and not parsed: that is
//! CloudFormation's room. Steps are built in `steps.rs`.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::scalar;
use super::shape::Shape;
use super::substitute::{Text, is_simple_name};
use super::{
    LinkClass, LinkOverride, OutsideHost, Packages, Quota, Scenario, Settings, Site, StackParameter, StackSpec,
    TemplateSource, keys,
};
use crate::frontend::diagnostic::{Diagnostic, Severity, Sources, Span, any_error};
use crate::frontend::node::{self, Key, Node, NodeKind};
use crate::id::{AccountId, FileId, Region};

/// Reads a scenario and the templates it names. `path` is the file, or a folder with a `scenario.yaml` in it.
///
/// # Errors
/// All that is wrong, with the warnings there are besides, in the order of the text.
pub(crate) fn load(
    sources: &mut Sources,
    path: &Path,
    read_file: &mut dyn FnMut(&Path) -> io::Result<String>,
) -> Result<Scenario, Vec<Diagnostic>> {
    let (path, text) = match read_file(path) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            let within = path.join(SCENARIO_FILE);
            let text = read_file(&within);
            (within, text)
        }
        read => (path.to_owned(), read),
    };
    let text = text.map_err(|error| vec![unreadable(&path, &error)])?;
    let file = sources.add(path.display().to_string(), text);
    let root = node::read(sources, file)?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut loader = Loader { sources, read_file, file, folder, problems: Vec::new(), templates: BTreeMap::new() };
    Shape::Object(&keys::SCENARIO).check(&root, "a scenario", &mut loader.problems);
    let mut scenario = loader.scenario(&root, &path);
    let mut problems = loader.problems;
    problems.sort_by_key(|problem| problem.span);
    if any_error(&problems) {
        // Nobody wants to hear of the templates' mistakes only when the scenario's are mended.
        for problem in scenario.stacks.iter().flat_map(|stack| stack.template.parse(sources).1) {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        Err(problems)
    } else {
        scenario.warnings = problems;
        Ok(scenario)
    }
}

const SCENARIO_FILE: &str = "scenario.yaml";

/// What building needs: the texts, and a place for the complaints.
pub(super) struct Loader<'l> {
    pub(super) sources: &'l mut Sources,
    read_file: &'l mut dyn FnMut(&Path) -> io::Result<String>,
    file: FileId,
    folder: PathBuf,
    pub(super) problems: Vec<Diagnostic>,
    /// The template files read so far: two stacks from one file share its text.
    templates: BTreeMap<PathBuf, FileId>,
}

impl Loader<'_> {
    fn scenario(&mut self, root: &Node, path: &Path) -> Scenario {
        let region = root.get("region").and_then(Node::as_str).and_then(|text| text.parse().ok());
        let region = region.unwrap_or(Region::DEFAULT);
        let stacks = self.stacks(root, region);
        let internet = self.internet(root.get("internet"));
        let on_premises = self.on_premises(root.get("on_premises"));
        let settings = self.settings(root.get("settings"));
        if self.problems.is_empty() && items(root.get("steps")).is_empty() {
            let place = root.entry("steps").map_or(root.span, |(key, _)| key.span);
            self.warn(
                "VPC145",
                place,
                "the scenario has no steps".to_owned(),
                "give it some under `steps`, to try the network",
            );
        }
        Scenario {
            file: self.file,
            name: root.get("name").and_then(Node::as_str).map_or_else(|| fallback_name(path), str::to_owned),
            description: root.get("description").and_then(Node::as_str).map(str::to_owned),
            region,
            stacks,
            internet,
            on_premises,
            settings,
            steps: self.steps(items(root.get("steps"))),
            warnings: Vec::new(),
        }
    }

    // Stacks.

    fn stacks(&mut self, root: &Node, region: Region) -> Vec<StackSpec> {
        let mut stacks = Vec::new();
        // `template` at top level is short for one stack; the root has no `account` of its own.
        if let Some((_key, _)) = root.entry("template") {
            stacks.extend(self.stack("main", root, region));
        }
        if let Some(node) = root.get("stacks")
            && entries(Some(node)).is_empty()
            && node.as_mapping().is_some()
        {
            self.problems.push(Diagnostic::error("VPC051", node.span, "`stacks` names no stack"));
        }
        for (name, node) in entries(root.get("stacks")) {
            if !is_simple_name(&name.text) {
                let message = format!("`{}` cannot be the name of a stack", name.text);
                self.problems.push(
                    Diagnostic::error("VPC068", name.span, message).help("use letters, digits, `-` and `_` only"),
                );
            }
            stacks.extend(self.stack(&name.text, node, region));
        }
        stacks
    }

    fn stack(&mut self, name: &str, node: &Node, region: Region) -> Option<StackSpec> {
        let template = self.template(node.get("template")?);
        let parameters = entries(node.get("parameters"));
        let parameters = parameters.iter().filter_map(|(name, node)| self.parameter(name, node)).collect();
        let text = |key| node.get(key).and_then(Node::as_str);
        Some(StackSpec {
            name: name.to_owned(),
            template: template?,
            parameters,
            region: text("region").and_then(|text| text.parse().ok()).unwrap_or(region),
            account: text("account").and_then(AccountId::parse).unwrap_or(AccountId::DEFAULT),
        })
    }

    fn parameter(&mut self, name: &Key, node: &Node) -> Option<StackParameter> {
        let values: Option<Vec<Text>> = one_or_more(Some(node)).iter().map(|value| self.text(value)).collect();
        Some(StackParameter {
            name: name.text.to_string(),
            values: values?,
            name_span: name.span,
            value_span: node.span,
        })
    }

    fn template(&mut self, node: &Node) -> Option<TemplateSource> {
        let Some(path) = node.as_str() else {
            return matches!(node.kind, NodeKind::Mapping(_)).then(|| TemplateSource::Inline(node.clone()));
        };
        if path.contains('\n') {
            return self.template_text(node);
        }
        let path = self.folder.join(path);
        let known = self.templates.get(&path).copied();
        let file = match known.map_or_else(|| (self.read_file)(&path).map(|text| self.add(&path, text)), Ok) {
            Ok(file) => file,
            Err(error) => {
                let problem = Diagnostic::error("VPC050", node.span, "the template cannot be read").label(format!(
                    "`{}`: {}",
                    path.display(),
                    in_words(&error)
                ));
                let remote = node.as_str().is_some_and(|path| path.contains("://"));
                self.problems.push(if remote {
                    problem.help("vpcsim works offline: download the template and write its path")
                } else {
                    problem.help("the path is relative to the folder of the scenario")
                });
                return None;
            }
        };
        self.templates.insert(path.clone(), file);
        Some(TemplateSource::File { path, file })
    }

    fn add(&mut self, path: &Path, text: String) -> FileId {
        self.sources.add(path.display().to_string(), text)
    }

    /// A template as a block of text. All of the scenario's text around it is blanked rather than cut off, so that
    /// every place in the template is a place in the scenario.
    fn template_text(&mut self, node: &Node) -> Option<TemplateSource> {
        let source = self.sources.file(node.span.file);
        let (path, text) = (source.path.clone(), &source.text);
        // The scalar's place may or may not include the `|` and what follows it on its line.
        let written = &text[node.span.range()];
        let header = if written.starts_with(['|', '>']) { written.find('\n').unwrap_or_default() } else { 0 };
        let body = node.span.start() + header..node.span.end();
        let blank = |text: &str| text.replace(|c| !matches!(c, '\n' | '\r'), " ");
        // Each character becomes one blank, since places are told in lines and characters.
        let blanked = blank(&text[..body.start]) + &text[body];
        let file = self.sources.add(path, blanked);
        match node::read(self.sources, file) {
            Ok(node) => Some(TemplateSource::Inline(node)),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    // The world outside.

    fn internet(&mut self, node: Option<&Node>) -> Vec<OutsideHost> {
        let mut hosts: Vec<OutsideHost> = Vec::new();
        for (name, node) in entries(node) {
            let Some(host) = self.outside_host(name, node) else { continue };
            let at = node.get("ip").map_or(node.span, |ip| ip.span);
            if let Some(why) = scalar::why_not_public(host.ip) {
                self.problems.push(
                    Diagnostic::error("VPC048", at, format!("{} is not a public address", host.ip))
                        .label(why)
                        .help("198.51.100.0/24 and 203.0.113.0/24 are free for examples (RFC 5737)"),
                );
            }
            for other in &hosts {
                if other.ip == host.ip {
                    let message = format!("`{}` and `{}` have the same address {}", other.name, host.name, host.ip);
                    self.problems.push(Diagnostic::error("VPC064", at, message).related(other.span, "the first one"));
                }
                for shared in host.names.iter().filter(|name| other.names.contains(name)) {
                    let message = format!("`{}` and `{}` both have the DNS name {shared}", other.name, host.name);
                    self.problems
                        .push(Diagnostic::error("VPC064", name.span, message).related(other.span, "the first one"));
                }
            }
            hosts.push(host);
        }
        hosts
    }

    fn outside_host(&mut self, name: &Key, node: &Node) -> Option<OutsideHost> {
        let mut names = Vec::new();
        for each in one_or_more(node.get("names")) {
            match each.as_str() {
                Some(dns) if is_dns_name(dns) => names.push(dns.trim_end_matches('.').to_ascii_lowercase()),
                Some(dns) => self.problems.push(
                    Diagnostic::error("VPC068", each.span, format!("`{dns}` is not a DNS name"))
                        .help("a name is labels of letters, digits and `-`, separated by dots"),
                ),
                None => {}
            }
        }
        let ip = node.get("ip").and_then(Node::as_str).and_then(|text| text.parse::<IpAddr>().ok())?;
        let port = |node: &Node| scalar::typed(node.as_str()?).as_u64().and_then(|port| u16::try_from(port).ok());
        Some(OutsideHost {
            name: name.text.to_string(),
            ip,
            names,
            http: node.get("http").and_then(Node::as_str).map(str::to_owned),
            ports: items(node.get("ports")).iter().filter_map(port).collect(),
            span: name.span,
        })
    }

    fn on_premises(&mut self, node: Option<&Node>) -> Vec<Site> {
        let mut sites = Vec::new();
        for (name, node) in entries(node) {
            let message = format!("the on-premises site `{}` is not simulated yet; nothing will reach it", name.text);
            self.problems.push(Diagnostic::warning("VPC140", name.span, message));
            let hosts = entries(node.get("hosts"));
            for (name, node) in hosts {
                let _ = self.outside_host(name, node);
            }
            let hosts = hosts.iter().map(|(name, _)| name.text.to_string()).collect();
            sites.push(Site { name: name.text.to_string(), hosts });
        }
        sites
    }

    // Settings.

    fn settings(&mut self, node: Option<&Node>) -> Settings {
        let text = |key| node.and_then(|node| node.get(key)).and_then(Node::as_str);
        let links = node.and_then(|node| node.get("links"));
        let link = |&class: &LinkClass| Some((class, link(links?.get(class.as_str())?)));
        Settings {
            seed: text("seed").and_then(|text| scalar::typed(text).as_u64()),
            start: text("start").and_then(scalar::moment),
            quotas: entries(node.and_then(|node| node.get("quotas"))).iter().filter_map(quota).collect(),
            packages: match text("packages") {
                Some("preinstalled") => Packages::Preinstalled,
                _ => Packages::Mirror,
            },
            default_vpcs: text("default_vpcs").and_then(|text| scalar::typed(text).as_bool()).unwrap_or(false),
            bandwidth_bps: links.and_then(|links| links.get("bandwidth")?.as_str()).and_then(scalar::rate_bps),
            links: LinkClass::ALL.iter().filter_map(link).collect(),
        }
    }

    // Texts.

    /// A scalar as a text with names to be filled in. What is wrong with it has been told when there is none.
    pub(super) fn text(&mut self, node: &Node) -> Option<Text> {
        self.part(node, node.as_str()?, 0)
    }

    /// A part of a scalar, which begins at this byte of it.
    pub(super) fn part(&mut self, node: &Node, part: &str, offset: usize) -> Option<Text> {
        let (sources, whole) = (&*self.sources, node.as_str().unwrap_or_default());
        let place = |range: Range<usize>| place(sources, node.span, whole, range.start + offset..range.end + offset);
        Text::parse(part, &place).map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// A warning about something that is accepted.
    pub(super) fn warn(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        debug_assert!(code.starts_with("VPC1"), "warnings have codes of their own");
        self.problems
            .push(Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message).help(help) });
    }
}

/// The place in the file of some bytes of a scalar. A scalar's text may be indented, folded or quoted in the file, so
/// the words are looked for there: the same words, as often as they have occurred before. Words over several lines are
/// found by their first, and what is not found (an escape in double quotes) gets the whole scalar's place.
pub(super) fn place(sources: &Sources, whole: Span, text: &str, range: Range<usize>) -> Span {
    let source = sources.file(whole.file);
    let words = text.get(range.clone()).and_then(|words| words.lines().next()).unwrap_or_default().trim_end();
    let Some(written) = source.text.get(whole.range()) else { return whole };
    // In a quoted scalar the quotes around it are no part of the text, and may be what is looked for.
    let is_quoted = ['\'', '"'].iter().any(|&quote| written.starts_with(quote) && written.ends_with(quote));
    let skipped = usize::from(is_quoted && written.len() > text.len());
    let written = &written[skipped..];
    if words.is_empty() {
        return whole;
    }
    let before = text[..range.start].match_indices(words).count();
    match written.match_indices(words).nth(before) {
        Some((at, _)) => {
            let start = whole.start() + skipped + at;
            whole.at(start, start + words.len())
        }
        None => whole,
    }
}

/// The entries of a map; none if it is something else, which has been told.
pub(super) fn entries(node: Option<&Node>) -> &[(Key, Node)] {
    node.and_then(Node::as_mapping).unwrap_or_default()
}

/// The items of a list; none if it is something else.
pub(super) fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or_default()
}

/// The items of a list, or a single value.
pub(super) fn one_or_more(node: Option<&Node>) -> &[Node] {
    match node {
        Some(Node { kind: NodeKind::Sequence(items), tag: None, .. }) => items,
        Some(node) => std::slice::from_ref(node),
        None => &[],
    }
}

fn quota((name, node): &(Key, Node)) -> Option<Quota> {
    let limit = scalar::typed(node.as_str()?).as_u64()?;
    Some(Quota { name: name.text.to_string(), limit, span: name.span })
}

fn link(node: &Node) -> LinkOverride {
    let text = |key| node.get(key).and_then(Node::as_str);
    LinkOverride {
        latency: text("latency").and_then(|text| scalar::duration(text).ok()),
        jitter: text("jitter").and_then(|text| scalar::duration(text).ok()),
        loss_per_million: text("loss").and_then(scalar::share_per_million),
    }
}

/// A scenario without a `name` is called like its folder, or else like its file.
fn fallback_name(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    let name = folder.filter(|_| path.ends_with(SCENARIO_FILE)).or_else(|| path.file_stem());
    name.map_or_else(|| "scenario".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// RFC 1123 §2.1; the root's dot at the end may be written.
fn is_dns_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic {
        code: "VPC040",
        severity: Severity::Error,
        message: format!("the scenario `{}` cannot be read: {}", path.display(), in_words(error)),
        span: None,
        label: String::new(),
        related: Vec::new(),
        help: Some(
            "give a file, a folder with a `scenario.yaml`, or the name of a folder below `scenarios`".to_owned(),
        ),
    }
}

/// An error of the file system in words that are the same on every system.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}
