//! `ec2-metadata`, a script of Amazon Linux (amazon-ec2-utils): asks the metadata service for a token and then for what the options
//! name, by running `curl` as the script does.

use crate::host::{Profile, Sink, Sys};

const SERVICE: &str = "http://169.254.169.254";

/// What the options print: short and long option, label, path.
const METRICS: &[(char, &str, &str, &str)] = &[
    ('a', "ami-id", "ami-id", "meta-data/ami-id"),
    ('l', "ami-launch-index", "ami-launch-index", "meta-data/ami-launch-index"),
    ('m', "ami-manifest-path", "ami-manifest-path", "meta-data/ami-manifest-path"),
    ('n', "ancestor-ami-ids", "ancestor-ami-ids", "meta-data/ancestor-ami-ids"),
    ('Z', "availability-zone-id", "availability-zone-id", "meta-data/placement/availability-zone-id"),
    ('D', "aws-domain", "aws-domain", "meta-data/services/domain"),
    ('b', "block-device-mapping", "block-device-mapping", "meta-data/block-device-mapping/"),
    ('i', "instance-id", "instance-id", "meta-data/instance-id"),
    ('t', "instance-type", "instance-type", "meta-data/instance-type"),
    ('h', "local-hostname", "local-hostname", "meta-data/local-hostname"),
    ('o', "local-ipv4", "local-ipv4", "meta-data/local-ipv4"),
    ('k', "kernel-id", "kernel-id", "meta-data/kernel-id"),
    ('z', "availability-zone", "placement", "meta-data/placement/availability-zone"),
    ('R', "region", "region", "meta-data/placement/region"),
    ('P', "partition", "partition", "meta-data/services/partition"),
    ('c', "product-codes", "product-codes", "meta-data/product-codes"),
    ('p', "public-hostname", "public-hostname", "meta-data/public-hostname"),
    ('v', "public-ipv4", "public-ipv4", "meta-data/public-ipv4"),
    ('u', "public-keys", "public-keys", "meta-data/public-keys/"),
    ('r', "ramdisk-id", "ramdisk-id", "/meta-data/ramdisk-id"),
    ('e', "reservation-id", "reservation-id", "/meta-data/reservation-id"),
    ('s', "security-groups", "security-groups", "meta-data/security-groups"),
    ('d', "user-data", "user-data", "user-data"),
    ('g', "tags", "tags", "meta-data/tags/instance/"),
];

/// An option, by its place in [`METRICS`] or for all of them.
enum Action {
    One(usize),
    All,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    if !matches!(sys.profile(), Profile::AmazonLinux2 | Profile::AmazonLinux2023) {
        sys.eprint(format!("{}: ec2-metadata: command not found\n", sys.profile().shell_name()));
        return 127;
    }
    let token =
        fetch(&sys, "latest/api/token", &["-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 900"]).await;
    if token.is_empty() {
        sys.eprint(
            "[ERROR] Could not get IMDSv2 token. Instance Metadata might have been disabled or this is not an EC2 instance.\n",
        );
        return 1;
    }
    let mut quiet = false;
    let mut actions = Vec::new();
    for word in &arguments[1..] {
        let found = match word.strip_prefix("--") {
            Some("quiet") => {
                quiet = true;
                continue;
            }
            Some("all") => Some(vec![Action::All]),
            Some(long @ ("help" | "path")) => return sys.not_simulated("ec2-metadata", &format!("--{long}")),
            Some(long) => METRICS.iter().position(|(_, name, ..)| *name == long).map(|at| vec![Action::One(at)]),
            None => word.strip_prefix('-').and_then(|letters| letters.chars().map(short).collect()),
        };
        let Some(found) = found else {
            sys.eprint(format!("ec2-metadata: unrecognized option '{word}'\nTerminating...\n"));
            return 1;
        };
        actions.extend(found);
    }
    if actions.is_empty() && arguments.len() == 1 {
        actions.push(Action::All);
    }
    for action in actions {
        match action {
            Action::One(metric) => print(&sys, &token, metric, quiet).await,
            Action::All => {
                for metric in 0..METRICS.len() {
                    print(&sys, &token, metric, quiet).await;
                }
            }
        }
    }
    0
}

fn short(letter: char) -> Option<Action> {
    METRICS.iter().position(|(own, ..)| *own == letter).map(Action::One)
}

async fn print(sys: &Sys, token: &str, metric: usize, quiet: bool) {
    let (letter, _, label, path) = METRICS[metric];
    let value = get(sys, token, path).await;
    let is_list = matches!(letter, 'b' | 'u' | 'g');
    if !quiet {
        sys.print(if is_list { format!("{label}: \n") } else { format!("{label}: ") });
    }
    match (value.is_empty(), letter) {
        (true, _) => sys.print("not available\n"),
        (false, 'b' | 'g') => {
            for name in value.split_whitespace() {
                let own = get(sys, token, &format!("{path}{name}")).await;
                // Only the tags' names are printed whatever is asked for.
                let name = if quiet && letter == 'b' { String::new() } else { format!("\t {name}: ") };
                sys.print(format!("{name}{own}\n"));
            }
        }
        (false, 'u') => {
            for key in value.split_whitespace() {
                let (index, name) = key.split_once('=').unwrap_or((key, key));
                let format = get(sys, token, &format!("{path}{index}/")).await;
                let material = get(sys, token, &format!("{path}{index}/{format}")).await;
                if !quiet {
                    sys.print(format!("keyname:{name}\nindex:{index}\nformat:{format}\nkey:(begins from next line)\n"));
                }
                sys.print(format!("{material}\n"));
            }
        }
        (false, _) => sys.print(format!("{value}\n")),
    }
}

async fn get(sys: &Sys, token: &str, path: &str) -> String {
    fetch(sys, &format!("latest/{path}"), &["-H", &format!("X-aws-ec2-metadata-token:{token}")]).await
}

/// What `curl -s -f` prints, as `$(…)` takes it; nothing when it fails.
async fn fetch(sys: &Sys, path: &str, options: &[&str]) -> String {
    let Some(curl) = sys.program("curl") else { return String::new() };
    let pipe = sys.new_pipe();
    let mut child = sys.clone();
    (child.stdout, child.stderr) = (Sink::Pipe(pipe), Sink::Null);
    let url = format!("{SERVICE}/{path}");
    let words = ["curl", "-s", "-f"].iter().chain(options).copied().chain([url.as_str()]);
    curl(child, words.map(str::to_owned).collect()).await;
    let text = String::from_utf8_lossy(&sys.drain_pipe(pipe)).into_owned();
    text.trim_end_matches('\n').to_owned()
}
