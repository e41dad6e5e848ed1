//! What a guest keeps while it is switched off: files, installed packages, its name, and which services start at boot.
//!
//! An instance's root volume outlives a stop; its memory, its connections and its running programs do not.
//!
//! Differs from AWS: directories in memory, such as `/tmp` of Amazon Linux 2023, are kept too.

use std::collections::BTreeSet;

use super::files::Volume;
use super::kernel::Kernel;

/// The root volume of a guest that is switched off.
#[derive(Debug)]
pub(crate) struct Disk {
    volume: Volume,
    /// A name that somebody has chosen; without one the next boot gives the guest its name.
    hostname: Option<String>,
    packages: BTreeSet<String>,
    enabled: Vec<String>,
    /// Numbers of processes go on, so that nobody takes a new one for one of before.
    last_process: u32,
}

impl Disk {
    /// Takes the disk out of a kernel that will not run again.
    pub(super) fn of(kernel: &mut Kernel) -> Disk {
        let enabled = kernel.services.iter().filter(|(_, service)| service.enabled).map(|(name, _)| name.clone());
        Disk {
            enabled: enabled.collect(),
            volume: std::mem::take(&mut kernel.volume),
            hostname: kernel.is_renamed.then(|| std::mem::take(&mut kernel.hostname)),
            packages: std::mem::take(&mut kernel.packages),
            last_process: kernel.last_process,
        }
    }

    /// Puts the disk into a kernel that boots, and answers which services are to be started; those of the image run already.
    pub(super) fn insert_into(self, kernel: &mut Kernel) -> Vec<String> {
        kernel.volume = self.volume;
        match self.hostname {
            Some(chosen) => (kernel.hostname, kernel.is_renamed) = (chosen, true),
            None => kernel.volume.set_hostname(&kernel.hostname),
        }
        kernel.packages = self.packages;
        kernel.last_process = kernel.last_process.max(self.last_process);
        let mut to_start = Vec::new();
        for name in self.enabled {
            let service = kernel.services.entry(name.clone()).or_default();
            service.enabled = true;
            if !service.running {
                to_start.push(name);
            }
        }
        to_start
    }
}
