//! User data of labs.

use super::*;

/// The scripts of the labs, in their style.
#[test]
fn lab_user_data_runs_without_a_word_from_us() {
    let peering = "#!/bin/bash\nhostnamectl --static set-hostname lab-EC2\nyum -y install tcpdump httpd\nservice httpd start\n\
                   chkconfig httpd on\necho \"<html><h1>Lab - Web Server</h1></html>\" > /var/www/html/index.html\n";
    let endpoint = "#!/bin/bash\n(\necho \"qwe123\"\necho \"qwe123\"\n) | passwd --stdin root\n\
                    sed -i \"s/^PasswordAuthentication no/PasswordAuthentication yes/g\" /etc/ssh/sshd_config\n\
                    sed -i \"s/^#PermitRootLogin yes/PermitRootLogin yes/g\" /etc/ssh/sshd_config\nservice sshd restart\n\
                    yum install -y httpd\nsystemctl start httpd && systemctl enable httpd\n\
                    echo \"<html><h1>Lab - Web Server</h1></html>\" > /var/www/html/index.html\n";
    let short = "#!/bin/bash\nyum install -y httpd\nsystemctl enable --now httpd\necho \"<h1>Lab - Web Server</h1>\" > /var/www/html/index.html\n";
    let extras = "#!/bin/bash -ex\namazon-linux-extras install -y nginx1\nsystemctl start nginx\n\
                  cat <<EOF > /usr/share/nginx/html/index.html\n<h1>Lab - Web Server on $(hostname -f)</h1>\nEOF\n";
    let python = "#!/bin/sh\nmkdir -p /srv/www\ncd /srv/www\necho 'Lab - Web Server' > index.html\nnohup python3 -m http.server 80 > /tmp/log 2>&1 &\n";
    for script in [peering, endpoint, short, extras, python] {
        for script in [script.to_owned(), script.replace('\n', "\r\n")] {
            let mut lab = Lab::new(Wire::Router, AL2);
            let run = lab.user_data(1, &script);
            assert_eq!((run.exit, run.notes), (0, vec![]), "{script}\n{}{}", run.stdout, run.stderr);
            let page = lab.typed(0, "curl -s 10.0.2.101");
            assert!(page.stdout.contains("Lab - Web Server"), "{script}\n{page:?}");
        }
    }
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.user_data(1, endpoint);
    let run = lab.typed(1, "grep -v '^#' /etc/ssh/sshd_config; hostname");
    assert!(
        run.stdout.contains("PasswordAuthentication yes\n") && run.stdout.contains("PermitRootLogin yes\n"),
        "{run:?}"
    );
    lab.user_data(1, peering);
    assert_eq!(lab.typed(1, "hostname").stdout, "lab-EC2\n");
    assert_eq!(lab.typed(1, "grep -c Changing /var/log/cloud-init-output.log").stdout, "0\n");

    let mut lab = Lab::new(Wire::Router, Profile::Ubuntu);
    let run = lab.user_data(1, "#!/bin/bash\napt update\napt install -y apache2\nsystemctl start apache2\necho \"<h1>tokyo</h1>\" > /var/www/html/index.html\n");
    assert_eq!((run.exit, run.notes), (0, vec![]));
    assert_eq!(lab.typed(0, "curl -s 10.0.2.101").stdout, "<h1>tokyo</h1>\n");
}

#[test]
fn a_page_written_before_the_server_is_installed_has_no_directory() {
    let run = Lab::new(Wire::Cable, AL2).user_data(0, "#!/bin/bash\necho hi > /var/www/html/index.html\n");
    assert_eq!(run.exit, 1);
    assert!(run.stderr.ends_with("line 2: /var/www/html/index.html: No such file or directory\n"), "{run:?}");
}

#[test]
fn what_is_not_understood_is_a_note_that_names_the_line() {
    let script = "#!/bin/bash\necho one\nfrobnicate --now\ncat <(echo x)\necho two > /tmp/two\nif true; then a=(1); fi\ncat /tmp/two\ndone\necho three\n";
    let run = Lab::new(Wire::Cable, AL2).user_data(0, script);
    let lines: Vec<_> = run.notes.iter().map(|note| note.line).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(6), Some(8)], "{:?}", run.notes);
    assert_eq!((run.stdout.as_str(), run.exit), ("one\ntwo\n", 2), "what stands above a syntax error runs: {run:?}");
    for skipped in
        ["#cloud-config\npackages: [httpd]\n", "MIME-Version: 1.0\n\n", "echo hi\n", "#!/usr/bin/python3\nprint(1)\n"]
    {
        let run = Lab::new(Wire::Cable, AL2).user_data(0, skipped);
        assert_eq!((run.exit, run.notes.len(), run.stdout.as_str()), (0, 1, ""), "{skipped}");
    }
}

#[test]
fn the_port_of_a_database_answers_while_its_service_runs() {
    for (profile, install, unit, port) in [
        (AL2023, "dnf install -y mariadb105-server && systemctl start mariadb", "mariadb", 3306),
        (AL2023, "dnf install -y postgresql15-server; systemctl enable --now postgresql", "postgresql", 5432),
        (AL2023, "dnf install -y redis6; systemctl start redis6", "redis6", 6379),
        (Profile::Ubuntu, "apt-get install -y mysql-server", "mysql", 3306),
    ] {
        let mut lab = Lab::new(Wire::Router, profile);
        let run = lab.user_data(1, &format!("#!/bin/bash\n{install}\n"));
        assert_eq!((run.exit, run.notes.len()), (0, 1), "{install}: {run:?}");
        let knock = format!("nc -z -w 1 10.0.2.101 {port}");
        assert_eq!(lab.typed(0, &knock).exit, 0, "{unit}");
        assert_eq!(lab.typed(1, &format!("sudo systemctl stop {unit}")).exit, 0);
        assert_eq!(lab.typed(0, &knock).exit, 1, "{unit} is stopped");
        assert_eq!(lab.typed(1, &format!("sudo systemctl restart {unit}")).exit, 0);
        assert_eq!(lab.typed(0, &knock).exit, 0, "{unit} runs again");
    }
}

#[test]
fn debians_packages_start_what_they_bring_and_amazons_do_not() {
    let mut lab = Lab::new(Wire::Router, Profile::Ubuntu);
    lab.user_data(1, "#!/bin/bash\napt-get install -y nginx\n");
    assert!(lab.typed(0, "curl -s 10.0.2.101").stdout.contains("Welcome to nginx!"));
    let mut lab = Lab::new(Wire::Router, AL2023);
    lab.user_data(1, "#!/bin/bash\ndnf install -y nginx\n");
    assert_eq!(lab.typed(0, "curl -s 10.0.2.101").exit, 7);
}

#[test]
fn the_first_line_of_much_user_data_sends_the_rest_to_a_log_and_on() {
    for (line, shown) in [
        ("exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1", ""),
        (
            "exec > >(tee -a /var/log/user-data.log) 2>&1",
            "one\nls: cannot access '/nope': No such file or directory\nthree\n",
        ),
        ("exec &> >(tee /var/log/user-data.log)", "one\nls: cannot access '/nope': No such file or directory\nthree\n"),
        ("exec >> /var/log/user-data.log 2>&1", ""),
    ] {
        let mut lab = Lab::new(Wire::Cable, AL2);
        let script = format!(
            "#!/bin/bash\n{line}\necho one\nls /nope\nx=$(echo two)\nif true; then echo three; fi\necho $x > /tmp/x\n"
        );
        let run = lab.user_data(0, &script);
        assert_eq!((run.exit, format!("{}{}", run.stdout, run.stderr).as_str()), (0, shown), "{line}");
        let log = lab.typed(0, "cat /var/log/user-data.log /tmp/x").stdout;
        assert_eq!(log, "one\nls: cannot access '/nope': No such file or directory\nthree\ntwo\n", "{line}");
    }
    // What else could be there is said not to be simulated, and the script goes on.
    let run = Lab::new(Wire::Cable, AL2).user_data(0, "#!/bin/bash\nexec > >(sed s/a/b/)\necho a\n");
    assert_eq!((run.exit, run.stdout.as_str()), (0, "a\n"));
    assert!(
        run.notes
            .iter()
            .any(|note| note.line == Some(2) && note.text.contains("process substitution is not simulated")),
        "{run:?}"
    );
}
