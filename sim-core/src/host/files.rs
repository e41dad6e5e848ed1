//! An instance's files: paths to bytes, in memory.
//!
//! Enough of a file system for what labs do – web pages, configuration edited by `sed`, logs. There are directories and
//! files; there are no owners, permissions or devices (`Differs from AWS:` everybody may write everywhere), and a symbolic
//! link is a copy.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Profile, parameters};

/// The files of a host, by absolute path.
#[derive(Clone, Default, Debug)]
pub(crate) struct FileSystem {
    nodes: BTreeMap<String, Node>,
    /// How often one of them was changed.
    changes: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    Directory,
    /// Shared with whoever reads it meanwhile: a reader keeps what was there when it opened the file.
    File(Arc<Vec<u8>>),
}

/// A guest's root volume: its image's files are written out when somebody looks for one, since most guests only answer.
#[derive(Default, Debug)]
pub(super) struct Volume {
    image: Option<Image>,
    files: FileSystem,
}

/// What the files of a new instance depend on.
#[derive(Debug)]
struct Image {
    profile: Profile,
    hostname: String,
    hosts: Vec<(IpAddr, String)>,
    /// `/etc/resolv.conf`.
    resolver: String,
}

impl Volume {
    /// A new instance's.
    pub(super) fn new(profile: Profile, hostname: &str, hosts: Vec<(IpAddr, String)>, resolver: String) -> Volume {
        let image = Image { profile, hostname: hostname.to_owned(), hosts, resolver };
        Volume { image: Some(image), files: FileSystem::default() }
    }

    /// Replaces `/etc/resolv.conf`.
    pub(super) fn set_resolver(&mut self, text: String) {
        match &mut self.image {
            Some(image) => image.resolver = text,
            None => self.files.write("/etc/resolv.conf", text.as_bytes()),
        }
    }

    /// Replaces `/etc/hostname`.
    pub(super) fn set_hostname(&mut self, name: &str) {
        match &mut self.image {
            Some(image) => name.clone_into(&mut image.hostname),
            None => self.files.write("/etc/hostname", format!("{name}\n").as_bytes()),
        }
    }

    pub(super) fn files(&mut self) -> &mut FileSystem {
        if let Some(Image { profile, hostname, hosts, resolver }) = self.image.take() {
            self.files = FileSystem::of_image(profile, &hostname, &hosts);
            self.files.write("/etc/resolv.conf", resolver.as_bytes());
        }
        &mut self.files
    }
}

/// Why a path could not be used, in strerror(3)'s words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FileError {
    NotFound,
    IsDirectory,
    NotDirectory,
    Exists,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileError::NotFound => "No such file or directory",
            FileError::IsDirectory => "Is a directory",
            FileError::NotDirectory => "Not a directory",
            FileError::Exists => "File exists",
        })
    }
}

impl FileSystem {
    /// The files an image starts with, as far as labs look at them.
    fn of_image(profile: Profile, hostname: &str, hosts: &[(IpAddr, String)]) -> FileSystem {
        let mut files = FileSystem::default();
        for directory in
            ["/etc/ssh", "/home/ec2-user", "/root", "/tmp", "/var/log", "/var/www", "/opt", "/usr/bin", "/dev"]
        {
            files.make_directories(directory);
        }
        // /var/www comes with the web server, not with the image.
        files.nodes.remove("/var/www");
        let mut hosts_text = String::from(
            "127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n\
             ::1         localhost6 localhost6.localdomain6\n",
        );
        for (address, name) in hosts {
            hosts_text.push_str(&format!("{address} {name}\n"));
        }
        files.write("/etc/hosts", hosts_text.as_bytes());
        files.write("/etc/hostname", format!("{hostname}\n").as_bytes());
        parameters::boot(&mut files);
        files.write("/etc/os-release", profile.os_release().as_bytes());
        files.write(
            "/etc/ssh/sshd_config",
            b"#Port 22\n#PermitRootLogin yes\nPubkeyAuthentication yes\nPasswordAuthentication no\nUsePAM yes\n",
        );
        files
            .write("/etc/passwd", b"root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000::/home/ec2-user:/bin/bash\n");
        files
    }

    /// A number that is another one when something has changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// A file's contents.
    pub(crate) fn read(&self, path: &str) -> Result<&[u8], FileError> {
        match self.nodes.get(path) {
            Some(Node::File(bytes)) => Ok(bytes),
            Some(Node::Directory) => Err(FileError::IsDirectory),
            None if path == "/" => Err(FileError::IsDirectory),
            None => Err(FileError::NotFound),
        }
    }

    /// A file's contents to keep, without a copy of them.
    pub(crate) fn open(&self, path: &str) -> Option<Arc<Vec<u8>>> {
        match self.nodes.get(path) {
            Some(Node::File(bytes)) => Some(Arc::clone(bytes)),
            _ => None,
        }
    }

    /// Creates or empties a file, as opening it for writing does.
    pub(crate) fn create(&mut self, path: &str) -> Result<(), FileError> {
        self.changes += 1;
        self.can_hold(path)?;
        self.nodes.insert(path.to_owned(), Node::File(Arc::default()));
        Ok(())
    }

    /// Creates a file unless it is there, as opening it for appending does.
    pub(crate) fn open_for_append(&mut self, path: &str) -> Result<(), FileError> {
        self.can_hold(path)?;
        self.nodes.entry(path.to_owned()).or_insert_with(|| Node::File(Arc::default()));
        Ok(())
    }

    /// Adds to a file that has been opened.
    pub(crate) fn append(&mut self, path: &str, bytes: &[u8]) {
        self.changes += 1;
        if let Node::File(contents) = self.nodes.entry(path.to_owned()).or_insert_with(|| Node::File(Arc::default())) {
            Arc::make_mut(contents).extend_from_slice(bytes);
        }
    }

    /// Cuts a file, or fills it up with zeros.
    pub(crate) fn resize(&mut self, path: &str, len: usize) {
        self.changes += 1;
        if let Some(Node::File(contents)) = self.nodes.get_mut(path) {
            Arc::make_mut(contents).resize(len, 0);
        }
    }

    /// Writes a whole file, with its directories: for what the image or an installation brings.
    pub(crate) fn write(&mut self, path: &str, bytes: &[u8]) {
        self.changes += 1;
        if let Some((directory, _)) = path.rsplit_once('/') {
            self.make_directories(directory);
        }
        self.nodes.insert(path.to_owned(), Node::File(Arc::new(bytes.to_vec())));
    }

    /// Makes a directory and those above it.
    pub(crate) fn make_directories(&mut self, path: &str) {
        for (end, _) in path.match_indices('/').filter(|&(at, _)| at > 0).chain([(path.len(), "")]) {
            if end > 0 {
                self.nodes.entry(path[..end].to_owned()).or_insert(Node::Directory);
            }
        }
    }

    /// Makes one directory.
    pub(crate) fn make_directory(&mut self, path: &str) -> Result<(), FileError> {
        if self.exists(path) {
            return Err(FileError::Exists);
        }
        self.can_hold(path)?;
        self.nodes.insert(path.to_owned(), Node::Directory);
        Ok(())
    }

    /// Removes a file, or a directory with all that is in it when `recursive`.
    pub(crate) fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError> {
        self.changes += 1;
        match self.nodes.get(path) {
            None => return Err(FileError::NotFound),
            Some(Node::Directory) if !recursive => return Err(FileError::IsDirectory),
            Some(_) => {}
        }
        let below = format!("{path}/");
        self.nodes.retain(|name, _| name != path && !name.starts_with(&below));
        Ok(())
    }

    /// Copies a file or a whole directory.
    pub(crate) fn copy(&mut self, from: &str, to: &str) -> Result<(), FileError> {
        self.changes += 1;
        let target = if self.is_directory(to) { format!("{to}/{}", file_name(from)) } else { to.to_owned() };
        if !self.exists(from) {
            return Err(FileError::NotFound);
        }
        self.can_hold(&target)?;
        let below = format!("{from}/");
        let copies: Vec<(String, Node)> = self
            .nodes
            .iter()
            .filter(|(name, _)| *name == from || name.starts_with(&below))
            .map(|(name, node)| (format!("{target}{}", &name[from.len()..]), node.clone()))
            .collect();
        self.nodes.extend(copies);
        Ok(())
    }

    /// Whether there is something.
    pub(crate) fn exists(&self, path: &str) -> bool {
        path == "/" || self.nodes.contains_key(path)
    }

    /// Whether there is a directory.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        path == "/" || self.nodes.get(path) == Some(&Node::Directory)
    }

    /// The names in a directory, sorted.
    pub(crate) fn list(&self, directory: &str) -> Vec<String> {
        let prefix = if directory == "/" { "/".to_owned() } else { format!("{directory}/") };
        let names = self.nodes.keys().filter_map(|path| path.strip_prefix(&prefix));
        names.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned).collect()
    }

    fn can_hold(&self, path: &str) -> Result<(), FileError> {
        if self.is_directory(path) {
            return Err(FileError::IsDirectory);
        }
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        match self.nodes.get(parent) {
            _ if parent.is_empty() => Ok(()),
            Some(Node::Directory) => Ok(()),
            Some(Node::File(_)) => Err(FileError::NotDirectory),
            None => Err(FileError::NotFound),
        }
    }
}

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// An absolute path without `.`, `..` and doubled slashes.
pub(super) fn resolve(directory: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_its_directory() {
        let mut files = FileSystem::default();
        assert_eq!(files.create("/var/www/html/index.html"), Err(FileError::NotFound));
        files.make_directories("/var/www/html");
        assert_eq!(files.create("/var/www/html/index.html"), Ok(()));
        assert_eq!(files.create("/var/www/html/index.html/x"), Err(FileError::NotDirectory));
        assert_eq!(files.create("/var/www/html"), Err(FileError::IsDirectory));
        assert_eq!(files.list("/var/www/html"), ["index.html"]);
    }

    #[test]
    fn removing_a_directory_takes_what_is_in_it_and_nothing_beside_it() {
        let mut files = FileSystem::default();
        files.write("/a/b/c", b"1");
        files.write("/a/bc", b"2");
        assert_eq!(files.remove("/a/b", false), Err(FileError::IsDirectory));
        assert_eq!(files.remove("/a/b", true), Ok(()));
        assert!(!files.exists("/a/b/c") && files.exists("/a/bc"));
    }

    #[test]
    fn paths_are_seen_from_the_working_directory() {
        for (directory, path, absolute) in
            [("/a", "b", "/a/b"), ("/a", "/b//c/", "/b/c"), ("/a/b", "../c/./d", "/a/c/d"), ("/", "../..", "/")]
        {
            assert_eq!(resolve(directory, path), absolute);
        }
    }
}
