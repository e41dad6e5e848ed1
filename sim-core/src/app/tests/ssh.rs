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

#[test]
fn a_silent_session_is_kept_alive_as_the_options_say_nat_7() {
    // NAT-7 forgets a flow after 350 s without a packet.
    let longest_silence = |options: &str| {
        let mut lab = Lab::new(Wire::Router, AL2);
        let run = lab.typed(0, &format!("ssh -q {options} 10.0.2.101 'sleep 900; echo done'"));
        assert_eq!((run.exit, run.stdout.as_str()), (0, "done\n"), "{options}: {run:?}");
        let times: Vec<SimTime> =
            lab.log.iter().filter(|(.., frame)| frame[12..14] == [8, 0]).map(|&(at, ..)| at).collect();
        times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).max()
    };
    assert!(longest_silence("") >= Some(890));
    assert!(longest_silence("-o ServerAliveInterval=0") >= Some(890));
    assert!(longest_silence("-o TCPKeepAlive=yes") >= Some(890), "Linux's begins after two hours");
    assert!(longest_silence("-o ServerAliveInterval=60 -o ServerAliveCountMax=2") <= Some(60));
}

#[test]
fn a_server_that_does_not_say_that_it_is_there_is_given_up() {
    let mut lab = Lab::new(Wire::Router, AL2);
    let options = "-q -o ServerAliveInterval=10 -o ServerAliveCountMax=2";
    let process = lab.hosts[0].start(lab.now, &format!("ssh {options} 10.0.2.101 sleep 900"));
    lab.typed(1, "sleep 1; sudo iptables -A OUTPUT -p tcp --sport 22 -j DROP");
    let finished = lab.wait_for(0, process);
    let run = lab.collect(0, finished);
    assert_eq!((run.exit, run.stderr.as_str()), (255, "Timeout, server 10.0.2.101 not responding.\r\n"));
    assert_eq!(run.took.as_secs(), 30, "three silences of ten seconds");
}

#[test]
fn a_bastion_connects_on_to_the_host_behind_it() {
    let mut lab = Lab::new(Wire::Router, AL2);
    // Host 1 is the bastion, and host 0 what is behind it: the way there and back is the same wire.
    for line in [
        "ssh -q -J ec2-user@10.0.2.101 ec2-user@10.0.1.100 'hostname; exit 7'",
        "ssh -q -o ProxyJump=10.0.2.101:22 10.0.1.100 'hostname; exit 7'",
        "ssh -q -o ProxyCommand='ssh -q -W %h:%p ec2-user@10.0.2.101' 10.0.1.100 'hostname; exit 7'",
        "ssh -q -J 10.0.2.101,10.0.1.100 10.0.1.100 'hostname; exit 7'",
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stdout.as_str()), (7, "ip-10-0-1-100\n"), "{line}: {run:?}");
    }
    let before = lab.log.len();
    let run = lab.typed(0, "echo in | ssh -J 10.0.2.101 10.0.1.100 cat");
    assert_eq!((run.exit, run.stdout.as_str()), (0, "in\n"), "{run:?}");
    let from_bastion = |(_, host, frame): &&(SimTime, usize, Vec<u8>)| {
        *host == 1 && frame[12..14] == [8, 0] && frame[23] == 6 && frame[36..38] == [0, 22]
    };
    assert!(lab.log[before..].iter().filter(from_bastion).count() > 3, "the bastion asks at port 22");
    let lost =
        "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n";
    for (line, why) in [
        (
            "ssh -q -J 10.0.2.101 -p 81 10.0.1.100 true",
            "channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n",
        ),
        ("ssh -J 10.0.2.101:81 10.0.1.100 true", "ssh: connect to host 10.0.2.101 port 81: Connection refused\r\n"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stderr), (255, format!("{why}{lost}")), "{line}");
    }
    let run = lab.typed(0, "ssh -o ProxyCommand='nc %h %p' 10.0.1.100 true");
    assert_eq!((run.exit, run.stderr.as_str()), (2, "vpcsim: ssh: option '-o ProxyCommand' is not simulated\n"));
}
