//! `ssh` and the server that answers it.

use super::*;

#[test]
fn a_command_runs_there_and_its_output_and_status_come_back() {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = lab.typed(0, "ssh -i key.pem ec2-user@10.0.2.101 hostname");
    assert_eq!((run.exit, run.stdout.as_str()), (0, "ip-10-0-2-101\n"));
    assert_eq!(
        run.stderr,
        "Warning: Identity file key.pem not accessible: No such file or directory.\n\
         Warning: Permanently added '10.0.2.101' (ED25519) to the list of known hosts.\r\n"
    );
    for (line, exit, stdout, stderr) in [
        ("ssh 10.0.2.101 'pwd; whoami'", 0, "/home/ec2-user\nec2-user\n", ""),
        ("ssh 10.0.2.101 exit 3", 3, "", ""),
        (
            "ssh 10.0.2.101 -l ec2-user -o StrictHostKeyChecking=no ls /nope",
            2,
            "",
            "ls: cannot access '/nope': No such file or directory\n",
        ),
        ("echo typed | ssh 10.0.2.101 cat", 0, "typed\n", ""),
        ("ssh 10.0.2.101 <<'EOF'\necho one\necho two\nEOF", 0, "one\ntwo\n", ""),
        (
            "ssh nobody@10.0.2.101 true",
            255,
            "",
            "nobody@10.0.2.101: Permission denied (publickey,gssapi-keyex,gssapi-with-mic).\r\n",
        ),
        ("ssh -p 81 10.0.2.101 true", 255, "", "ssh: connect to host 10.0.2.101 port 81: Connection refused\r\n"),
        (
            "ssh nosuch.invalid true",
            255,
            "",
            "ssh: Could not resolve hostname nosuch.invalid: Temporary failure in name resolution\r\n",
        ),
        (
            "ssh root@10.0.2.101 true",
            142,
            "Please login as the user \"ec2-user\" rather than the user \"root\".\n\n",
            "",
        ),
        ("ssh 10.0.2.101 ssh 10.0.2.101 -q hostname", 0, "ip-10-0-2-101\n", ""),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (exit, stdout, stderr), "{line}");
    }
    lab.typed(1, "sed -i 's/^#PermitRootLogin yes/PermitRootLogin yes/' /etc/ssh/sshd_config");
    assert_eq!(lab.typed(0, "ssh root@10.0.2.101 whoami").stdout, "root\n");
    let run = lab.typed(0, "ssh 10.0.2.101");
    assert_eq!((run.exit, run.notes.len()), (0, 1), "nobody types");
}

#[test]
fn a_silent_host_times_out() {
    for (line, seconds) in [("ssh 10.0.2.101 true", 127), ("ssh -o ConnectTimeout=5 10.0.2.101 true", 5)] {
        let run = Lab::new(Wire::BlackHole, AL2).typed(0, line);
        assert_eq!((run.exit, run.took.as_secs()), (255, seconds), "{line}");
        assert_eq!(run.stderr, "ssh: connect to host 10.0.2.101 port 22: Connection timed out\r\n");
    }
}

#[test]
fn a_port_opens_as_a_file() {
    let mut lab = Lab::new(Wire::Router, AL2);
    for (line, exit, stderr) in [
        ("bash -c '</dev/tcp/10.0.2.101/22'", 0, ""),
        ("echo > /dev/tcp/10.0.2.101/22", 0, ""),
        (
            "</dev/tcp/10.0.2.101/81",
            1,
            "bash: connect: Connection refused\nbash: line 1: /dev/tcp/10.0.2.101/81: Connection refused\n",
        ),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, stderr), "{line}");
    }
    let run = Lab::new(Wire::BlackHole, AL2).typed(0, "timeout 3 bash -c '</dev/tcp/10.0.2.101/22'");
    assert_eq!((run.exit, run.stderr.as_str(), run.took.as_secs()), (124, "", 3));
}
