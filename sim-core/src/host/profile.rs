//! How an image looks: its tools' texts, its kernel's TTL and SYN schedule. Never constants in the programs.
//!
//! Versions and wordings were observed on Linux or read in the tools' public sources (iputils, curl); where an image's exact
//! build is not known, the nearest tagged release stands in for it.

use std::ops::RangeInclusive;

use crate::engine::SimDuration;

/// The look of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Profile {
    /// Amazon Linux 2, as in the labs.
    AmazonLinux2,
    /// Amazon Linux 2023.
    AmazonLinux2023,
    /// Ubuntu 24.04.
    Ubuntu,
    /// Windows Server.
    Windows,
}

/// Which iputils a ping is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PingStyle {
    /// s20160308: truncates times and percentages.
    Iputils2016,
    /// 2021 and later: rounds, `%g` for percentages, `ping: ` before errors.
    Iputils2021,
}

/// How curl words a failed connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CurlConnectError {
    /// `… after N ms: Couldn't connect to server` (7.88 to 8.5).
    CouldNt,
    /// `… after N ms: Could not connect to server` (8.6 and later).
    CouldNot,
}

impl Profile {
    /// The TTL and hop limit of what the host sends (L2-13).
    pub(crate) const fn initial_ttl(self) -> u8 {
        match self {
            Profile::AmazonLinux2 => 255,
            Profile::AmazonLinux2023 | Profile::Ubuntu => 64,
            Profile::Windows => 128,
        }
    }

    /// The ports that programs get without asking for one (ACL-9): Linux's `ip_local_port_range`, Windows's dynamic ports.
    pub(crate) const fn local_ports(self) -> RangeInclusive<u16> {
        match self {
            Profile::AmazonLinux2 | Profile::AmazonLinux2023 | Profile::Ubuntu => 32_768..=60_999,
            Profile::Windows => 49_152..=65_535,
        }
    }

    /// When connect() gives up. SYNs go out at 0, 1, 3, 7, 15, 31 and 63 s (`tcp_syn_retries` = 6, doubling); kernels
    /// from 6.5 on begin with evenly spaced ones, but the doubling is what the images of the labs do.
    pub(crate) const fn connect_timeout(self) -> SimDuration {
        match self {
            Profile::AmazonLinux2 | Profile::AmazonLinux2023 | Profile::Ubuntu => SimDuration::from_secs(127),
            Profile::Windows => SimDuration::from_secs(21),
        }
    }

    pub(crate) const fn ping_style(self) -> PingStyle {
        match self {
            Profile::AmazonLinux2 => PingStyle::Iputils2016,
            _ => PingStyle::Iputils2021,
        }
    }

    pub(crate) const fn curl_version(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => "8.3.0",
            Profile::AmazonLinux2023 => "8.11.1",
            Profile::Ubuntu => "8.5.0",
            Profile::Windows => "8.9.1",
        }
    }

    /// Which Ncat it installs.
    pub(crate) const fn ncat_version(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => "7.50",
            Profile::Ubuntu => "7.94SVN",
            Profile::AmazonLinux2023 | Profile::Windows => "7.93",
        }
    }

    /// Which wget it has.
    pub(crate) const fn wget_version(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => "1.14 (linux-gnu)",
            Profile::AmazonLinux2023 | Profile::Ubuntu | Profile::Windows => "1.21.4",
        }
    }

    pub(crate) const fn curl_connect_error(self) -> CurlConnectError {
        match self {
            Profile::AmazonLinux2 | Profile::Ubuntu => CurlConnectError::CouldNt,
            Profile::AmazonLinux2023 | Profile::Windows => CurlConnectError::CouldNot,
        }
    }

    /// How a login shell calls itself in its complaints.
    pub(crate) const fn shell_name(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => "-bash",
            _ => "bash",
        }
    }

    /// The user a person logs in as.
    pub(crate) const fn login_user(self) -> &'static str {
        match self {
            Profile::Ubuntu => "ubuntu",
            Profile::Windows => "Administrator",
            _ => "ec2-user",
        }
    }

    /// The first network interface's name.
    pub(crate) const fn interface_prefix(self) -> (&'static str, u32) {
        match self {
            Profile::AmazonLinux2023 | Profile::Ubuntu => ("ens", 5),
            _ => ("eth", 0),
        }
    }

    /// What Apache calls itself.
    pub(crate) const fn apache_version(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => "Apache/2.4.62 ()",
            Profile::AmazonLinux2023 => "Apache/2.4.62 (Amazon Linux)",
            Profile::Ubuntu => "Apache/2.4.58 (Ubuntu)",
            Profile::Windows => "Apache/2.4.62 (Win64)",
        }
    }

    /// What nginx calls itself.
    pub(crate) const fn nginx_version(self) -> &'static str {
        match self {
            Profile::Ubuntu => "nginx/1.24.0 (Ubuntu)",
            _ => "nginx/1.26.2",
        }
    }

    /// What sshd says first.
    pub(crate) const fn ssh_banner(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => "SSH-2.0-OpenSSH_7.4",
            Profile::AmazonLinux2023 => "SSH-2.0-OpenSSH_8.7",
            Profile::Ubuntu => "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13",
            Profile::Windows => "SSH-2.0-OpenSSH_for_Windows_8.1",
        }
    }

    /// Packages that need no installation.
    pub(super) const fn preinstalled(self) -> &'static [&'static str] {
        &["openssh-server", "curl", "iputils", "iproute", "net-tools", "python3"]
    }

    pub(super) const fn os_release(self) -> &'static str {
        match self {
            Profile::AmazonLinux2 => {
                "NAME=\"Amazon Linux\"\nVERSION=\"2\"\nID=\"amzn\"\nVERSION_ID=\"2\"\nPRETTY_NAME=\"Amazon Linux 2\"\n"
            }
            Profile::AmazonLinux2023 => {
                "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nVERSION_ID=\"2023\"\nPRETTY_NAME=\"Amazon Linux 2023\"\n"
            }
            Profile::Ubuntu => {
                "PRETTY_NAME=\"Ubuntu 24.04 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n"
            }
            Profile::Windows => "",
        }
    }
}
