//! Databases and the like, as a network sees them: a port that takes connections while the service runs. What they would say is
//! not simulated.

use crate::host::{Listener, Sys, TcpStream};

/// A daemon by the names that distributions give its unit and its packages.
pub(super) struct Daemon {
    pub(super) port: u16,
    pub(super) description: &'static str,
    units: &'static [&'static str],
    /// What the names of packages that bring it begin with.
    packages: &'static [&'static str],
}

const DAEMONS: &[Daemon] = &[
    Daemon {
        port: 3306,
        description: "MariaDB database server",
        units: &["mariadb", "mysql", "mysqld"],
        packages: &["mariadb", "mysql"],
    },
    Daemon { port: 5432, description: "PostgreSQL database server", units: &["postgresql"], packages: &["postgresql"] },
    Daemon {
        port: 6379,
        description: "Redis persistent key-value database",
        units: &["redis", "redis6", "redis-server", "valkey"],
        packages: &["redis", "valkey"],
    },
    Daemon { port: 11211, description: "memcached daemon", units: &["memcached"], packages: &["memcached"] },
    Daemon { port: 27017, description: "MongoDB Database Server", units: &["mongod"], packages: &["mongodb"] },
    Daemon {
        port: 8080,
        description: "Apache Tomcat",
        units: &["tomcat", "tomcat9", "tomcat10"],
        packages: &["tomcat"],
    },
    Daemon { port: 21, description: "Vsftpd ftp daemon", units: &["vsftpd"], packages: &["vsftpd"] },
];

impl Daemon {
    /// The daemon that a unit starts.
    pub(super) fn of_unit(unit: &str) -> Option<&'static Daemon> {
        DAEMONS.iter().find(|daemon| daemon.units.contains(&unit))
    }

    /// Whether a package that brings it is installed.
    pub(super) fn is_installed(&self, sys: &Sys) -> bool {
        sys.has_package(|name| self.packages.iter().any(|package| name.starts_with(package)))
    }
}

/// Takes connections for as long as `lives`; what they send is read and not answered.
pub(super) async fn serve(sys: Sys, listener: Listener, lives: impl Fn() -> bool) {
    while let Some(stream) = sys.accept_while(&listener, &lives).await {
        sys.spawn(hold(stream));
    }
}

async fn hold(stream: TcpStream) {
    let mut buffer = [0; 1024];
    while let Ok(1..) = stream.read(&mut buffer).await {}
}
