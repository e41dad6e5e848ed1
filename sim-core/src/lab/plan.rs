//! A scenario's files, read and checked: everything that can be said before the world exists.

use std::fs;
use std::mem;
use std::path::Path;

use indexmap::IndexMap;

use super::names::Instantly;
use super::report::{DiagnosticReport, SourceLine, StackSummary};
use super::session::Session;
use crate::app;
use crate::cloud::{Image, Quotas, UnknownQuota};
use crate::frontend::Api;
use crate::frontend::cloudformation::{self, Exports, Template};
use crate::frontend::diagnostic::{Colour, Diagnostic, Sources, Span, any_error};
use crate::frontend::scenario::{self, Declared, Deployed, LinkClass, OutsideHost, Scenario, Scope, Turn};
use crate::frontend::spelling::did_you_mean;
use crate::id::{Origin, Region};
use crate::sim::boot::Packages;
use crate::sim::links::LinkSettings;
use crate::sim::ranks::Transport;
use crate::sim::world::{InternetHostConfig, World, WorldConfig};
use crate::trace::{Detail, folder_name};

/// The seed of a scenario that names none.
const DEFAULT_SEED: u64 = 0;

/// 2024-01-01T00:00:00Z, the wall clock at virtual time 0 of a scenario that sets none, in nanoseconds since 1970.
const DEFAULT_START: i64 = 1_704_067_200_000_000_000;

/// A scenario that can be tried.
pub(super) struct Plan {
    /// The scenario file as the user would type it.
    pub path: String,
    pub sources: Sources,
    pub scenario: Scenario,
    templates: Vec<Template>,
    warnings: Vec<Diagnostic>,
}

impl Plan {
    /// Reads a scenario and its templates.
    ///
    /// # Errors
    /// Every problem that can be told without deploying anything.
    pub(super) fn read(path: &Path) -> Result<Plan, Vec<DiagnosticReport>> {
        let mut sources = Sources::default();
        let loaded = scenario::load(&mut sources, path, &mut |path| fs::read_to_string(path));
        let scenario = loaded.map_err(|problems| reports(&sources, &problems))?;
        let mut problems = scenario.warnings.clone();
        let mut templates = Vec::new();
        for stack in &scenario.stacks {
            let (template, found) = stack.template.parse(&sources);
            problems.extend(found);
            templates.extend(template);
        }
        // A template that two stacks share has its problems once.
        let mut once: Vec<Diagnostic> = Vec::new();
        for problem in problems {
            if !once.contains(&problem) {
                once.push(problem);
            }
        }
        if any_error(&once) {
            return Err(reports(&sources, &once));
        }
        let path = sources.file(scenario.file).path.clone();
        Ok(Plan { path, sources, scenario, templates, warnings: once })
    }

    /// The templates of the stacks, to be deployed.
    pub(super) fn take_templates(&mut self) -> Vec<Template> {
        mem::take(&mut self.templates)
    }

    /// The seed to use, where the command line may have asked for one.
    pub(super) fn seed(&self, asked: Option<u64>) -> u64 {
        asked.or(self.scenario.settings.seed).unwrap_or(DEFAULT_SEED)
    }

    /// The name of the captures' folder.
    pub(super) fn folder_name(&self) -> String {
        folder_name(&self.scenario.name)
    }

    /// The wall clock at virtual time 0, in nanoseconds since 1970.
    pub(super) fn epoch_nanos(&self) -> u64 {
        u64::try_from(self.scenario.settings.start.unwrap_or(DEFAULT_START)).unwrap_or(0)
    }

    /// A world with the scenario's settings and Internet, in which nothing has happened yet.
    pub(super) fn world(
        &self,
        seed: u64,
        detail: Detail,
        snap_length: Option<u32>,
        threads: usize,
        transport: Option<Box<dyn Transport>>,
    ) -> World {
        let internet = self.scenario.internet.iter().map(internet_host).collect();
        let epoch_nanos = i128::from(self.epoch_nanos());
        let (quotas, _) = self.quotas();
        let config = WorldConfig {
            seed,
            epoch_nanos,
            links: self.links(),
            quotas,
            internet,
            programs: app::programs(),
            packages: match self.scenario.settings.packages {
                scenario::Packages::Mirror => Packages::Mirror,
                scenario::Packages::Preinstalled => Packages::Preinstalled,
            },
            detail,
            snap_length,
            threads,
        };
        World::on_ranks(config, transport)
    }

    /// Creates the stacks and lets their instances boot. Answers what was made and every problem, warnings among them.
    ///
    /// `templates` are those of [`Plan::take_templates`]. Each is gone once its stack is there: a large one takes as much memory
    /// as what it makes.
    pub(super) fn deploy(
        &self,
        templates: Vec<Template>,
        session: &mut Session<'_>,
    ) -> (Vec<StackSummary>, Vec<Diagnostic>) {
        let mut problems = self.warnings.clone();
        problems.extend(self.quotas().1);
        if self.scenario.settings.default_vpcs {
            problems.extend(self.make_default_vpcs(session));
        }
        match scenario::order_stacks(&self.scenario.stacks, &templates, image_of_parameter) {
            Ok(turns) => self.create_stacks(turns, templates, session, &mut problems),
            Err(circle) => problems.extend(circle),
        }
        // Names can be judged only against complete stacks: what was refused is not missing from the template.
        if !any_error(&problems) {
            let cloud = session.world.cloud();
            let mut name_tag = |id: &str| cloud.tags(id.parse().ok()?)?.name().map(str::to_owned);
            let declared = Declared::of(&session.stacks, &mut name_tag);
            problems.extend(scenario::check_names(&self.scenario, &declared));
        }
        if any_error(&problems) {
            return (Vec::new(), problems);
        }
        // Each request took its time: creating a large stack alone takes minutes.
        let booted = session.pass_until_booted(session.world.now() + super::BOOT_LIMIT);
        problems.extend(self.boot_notes(session, booted));
        let up_at = session.world.now();
        let count = |stack: &cloudformation::Stack, type_name: &str| {
            stack.resources.values().filter(|resource| resource.type_name() == type_name).count()
        };
        let stacks = session
            .stacks
            .iter()
            .map(|stack| StackSummary {
                name: stack.name.clone(),
                resources: stack.resources.len(),
                vpcs: count(stack, "AWS::EC2::VPC"),
                instances: count(stack, "AWS::EC2::Instance"),
                up_at,
            })
            .collect();
        (stacks, problems)
    }

    /// Diagnostics, ready to be shown.
    pub(super) fn reports(&self, problems: &[Diagnostic]) -> Vec<DiagnosticReport> {
        reports(&self.sources, problems)
    }
}

impl Plan {
    /// The links, with what the scenario changes about them.
    fn links(&self) -> LinkSettings {
        let settings = &self.scenario.settings;
        let mut links = LinkSettings::default();
        links.bandwidth_bps = settings.bandwidth_bps.unwrap_or(links.bandwidth_bps);
        for (class, figures) in &settings.links {
            let class = match class {
                LinkClass::SameZone => &mut links.same_zone,
                LinkClass::CrossZone => &mut links.cross_zone,
                LinkClass::CrossRegion => &mut links.cross_region,
                LinkClass::Internet => &mut links.internet,
            };
            class.latency = figures.latency.or(class.latency);
            class.jitter = figures.jitter.unwrap_or(class.jitter);
            class.loss_per_million = figures.loss_per_million.unwrap_or(class.loss_per_million);
        }
        links
    }

    /// AWS's quotas, with what the scenario changes; and the names that are none.
    fn quotas(&self) -> (Quotas, Vec<Diagnostic>) {
        let mut quotas = Quotas::default();
        let mut problems = Vec::new();
        for quota in &self.scenario.settings.quotas {
            if let Err(UnknownQuota(name)) = quotas.set(&quota.name, u32::try_from(quota.limit).unwrap_or(u32::MAX)) {
                let help = did_you_mean(&name, Quotas::names());
                let problem = Diagnostic::error("VPC053", quota.span, format!("there is no quota named `{name}`"));
                problems.push(problem.help_if(help));
            }
        }
        (quotas, problems)
    }

    /// A warning about the scenario as a whole.
    fn warning(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let start = Span::new(self.scenario.file, 0, 0);
        Diagnostic { span: None, ..Diagnostic::warning(code, start, message) }
    }

    /// Creates stacks in an order in which each finds what it takes from others.
    fn create_stacks(
        &self,
        turns: Vec<Turn>,
        templates: Vec<Template>,
        session: &mut Session<'_>,
        problems: &mut Vec<Diagnostic>,
    ) {
        let mut templates: Vec<Option<Template>> = templates.into_iter().map(Some).collect();
        let mut exports = Exports::default();
        // What takes something from a stack that failed would fail for that alone, which has been told.
        let mut failed: Vec<usize> = Vec::new();
        for Turn { stack: index, needs } in turns {
            let template = templates[index].take().expect("every stack has one turn");
            if needs.iter().any(|need| failed.contains(need)) {
                failed.push(index);
                continue;
            }
            let spec = &self.scenario.stacks[index];
            let config = {
                let mut stacks = Deployed { stacks: &session.stacks, api: &mut Instantly(&mut session.world) };
                spec.config(image_of_parameter, &mut Scope { saved: &IndexMap::new(), stacks: &mut stacks })
            };
            let config = match config {
                Ok(config) => config,
                Err(unknown) => {
                    problems.extend(unknown);
                    failed.push(index);
                    continue;
                }
            };
            let (stack, found) = cloudformation::deploy(&self.sources, template, &config, &mut exports, session);
            if any_error(&found) {
                failed.push(index);
            }
            problems.extend(found);
            session.logical_ids.learn(&stack);
            session.stacks.push(stack);
        }
        let written = |name: &str| self.scenario.stacks.iter().position(|spec| spec.name == name);
        session.stacks.sort_by_key(|stack| written(&stack.name));
    }

    /// Gives every account of a stack a default VPC in the stack's Region (DVPC-1).
    fn make_default_vpcs(&self, session: &mut Session<'_>) -> Vec<Diagnostic> {
        let mut homes: Vec<_> = self.scenario.stacks.iter().map(|stack| (stack.account, stack.region)).collect();
        homes.sort_unstable();
        homes.dedup();
        let made = homes.into_iter().map(|(account, region)| {
            let request = serde_json::json!({});
            Api::call(session, account, region, Origin::Aws, "CreateDefaultVpc", request).err().map(|error| {
                let message = format!("the default VPC of account {account} in {region} cannot be made: {error}");
                self.warning("VPC155", message)
            })
        });
        made.flatten().collect()
    }

    /// What guests had to say while they booted, under the user data they said it about.
    fn boot_notes(&self, session: &mut Session<'_>, booted: bool) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (id, note) in session.world.take_notes() {
            let name = session.names().display(id);
            let resource = session.logical_ids.of(id).and_then(|(stack, logical_id)| {
                session.stacks.iter().find(|found| found.name == stack)?.resources.get(logical_id)
            });
            let line = note.line.map_or_else(String::new, |line| format!("line {line} of "));
            let message = format!("{line}{name}'s user data: {}", note.text);
            let span = resource.and_then(|resource| resource.user_data);
            problems.push(match span {
                Some(span) => Diagnostic::warning("VPC150", span, message),
                None => self.warning("VPC150", message),
            });
        }
        if !booted {
            let message =
                "some user data still runs after an hour of virtual time; the steps begin without waiting longer";
            problems.push(self.warning("VPC151", message));
        }
        problems
    }
}

/// Diagnostics, ready to be shown.
fn reports(sources: &Sources, problems: &[Diagnostic]) -> Vec<DiagnosticReport> {
    problems
        .iter()
        .map(|problem| {
            let place = problem.span.map(|span| (sources.file(span.file).path.clone(), sources.line_column(span)));
            DiagnosticReport {
                code: problem.code,
                severity: problem.severity,
                message: problem.message.clone(),
                column: place.as_ref().map(|(_, (_, column))| *column),
                source: place.map(|(file, (line, _))| SourceLine { file, line }),
                help: problem.help.clone(),
                plain: problem.render(sources, Colour::Never),
                coloured: problem.render(sources, Colour::Always),
            }
        })
        .collect()
}

fn internet_host(host: &OutsideHost) -> InternetHostConfig {
    InternetHostConfig {
        name: host.name.clone(),
        address: host.ip,
        names: host.names.iter().filter_map(|name| name.parse().ok()).collect(),
        http: host.http.clone(),
        ports: host.ports.clone(),
    }
}

/// What the public SSM parameter of an image says in a Region.
fn image_of_parameter(region: Region, path: &str) -> Option<String> {
    Image::from_ssm_parameter(region, path).map(|image| image.id.to_string())
}
