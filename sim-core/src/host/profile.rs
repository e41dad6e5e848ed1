//! How an image looks: its tools' texts, its kernel's TTL and SYN schedule. Never constants in the programs.

/// The look of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Amazon Linux 2, as in the labs.
    AmazonLinux2,
    /// Amazon Linux 2023.
    AmazonLinux2023,
    /// Ubuntu 24.04.
    Ubuntu,
    /// Windows Server.
    Windows,
}
