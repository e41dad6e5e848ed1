//! `vpcsim generate`: writes a scenario of any size into a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sim_core::lab::generate::{Layout, RESOURCES_PER_TEMPLATE};

use crate::args::GenerateArgs;
use crate::exit::Status;

pub(super) fn generate(args: GenerateArgs) -> Status {
    let GenerateArgs { vpcs, instances, shape, flows, seed, out, force } = args;
    let layout = Layout { vpcs, instances, shape: shape.into(), flows, seed };
    let generated = match layout.generate() {
        Ok(generated) => generated,
        Err(error) => return refuse(&error.to_string()),
    };
    let folder = out.unwrap_or_else(|| PathBuf::from(layout.name()));
    let files = [("scenario.yaml", &generated.scenario), ("template.json", &generated.template)];
    let existing = files.iter().map(|(name, _)| folder.join(name)).find(|path| path.exists());
    if let Some(existing) = existing.filter(|_| !force) {
        let existing = existing.display();
        return refuse(&format!("{existing} is there already\nhelp: choose another folder with --out, or add --force"));
    }
    for (name, text) in files {
        if let Err(error) = write(&folder, name, text) {
            return refuse(&format!("cannot write {}: {error}", folder.join(name).display()));
        }
    }
    let folder = folder.display();
    let mut answer = format!(
        "{folder}: {vpcs} VPCs, {} instances, {} peering connections; {} resources\n",
        u64::from(vpcs) * u64::from(instances),
        generated.peerings,
        generated.resources
    );
    if generated.resources > RESOURCES_PER_TEMPLATE {
        answer += &format!("AWS takes {RESOURCES_PER_TEMPLATE} resources a template; vpcsim has no such limit\n");
    }
    answer += &format!("vpcsim run {folder}\n");
    super::answer(&answer)
}

fn refuse(complaint: &str) -> Status {
    super::complain(complaint);
    Status::Invalid
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(name), text)
}
