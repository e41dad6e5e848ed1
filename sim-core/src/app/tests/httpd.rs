//! Web servers under many clients.

use super::*;

#[test]
fn more_clients_than_the_backlog_holds_are_all_served() {
    // All SYNs arrive at one moment, before the server can accept any of them (listen(2): 128 wait).
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    let run = lab.typed(
        0,
        "for i in {1..200}; do curl -s -m 3 10.0.1.101 > /tmp/$i & done; sleep 4; cat /tmp/* | grep -c hello",
    );
    assert_eq!(run.stdout, "200\n", "connections beyond the backlog are served when their SYN is repeated: {run:?}");
}

#[test]
fn twenty_clients_are_served_at_once() {
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    let run =
        lab.typed(0, "for i in {1..20}; do curl -s 10.0.1.101 > /tmp/$i & done; sleep 1; cat /tmp/* | grep -c hello");
    assert_eq!((run.exit, run.stdout.as_str()), (0, "20\n"), "{run:?}");
}

#[test]
fn a_stopped_server_refuses_and_a_restarted_one_serves() {
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    for (command, exit) in
        [("true", 0), ("systemctl stop httpd", 7), ("systemctl restart httpd", 0), ("systemctl restart httpd", 0)]
    {
        let run = lab.typed(1, command);
        assert_eq!(run.exit, 0, "{command}: {run:?}");
        assert_eq!(lab.typed(0, "curl -s 10.0.1.101").exit, exit, "after {command}");
    }
}

#[test]
fn pythons_server_lists_a_directory_that_has_no_index() {
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.typed(1, "mkdir -p /tmp/www/sub /tmp/site; echo hi > /tmp/www/a.txt; echo page > /tmp/site/index.html");
    lab.typed(1, "cd /tmp/www && nohup python3 -m http.server 8000 > /dev/null 2>&1 &");
    lab.typed(1, "cd /tmp/site && nohup python3 -m http.server 8001 > /dev/null 2>&1 &");
    let listing = lab.typed(0, "curl -s http://10.0.2.101:8000/").stdout;
    assert!(listing.contains("<title>Directory listing for /</title>"), "{listing}");
    assert!(
        listing.contains("<li><a href=\"a.txt\">a.txt</a></li>\n<li><a href=\"sub/\">sub/</a></li>\n"),
        "{listing}"
    );
    assert_eq!(lab.typed(0, "curl -s -o /dev/null -w '%{http_code}' http://10.0.2.101:8000/nope").stdout, "404");
    assert_eq!(lab.typed(0, "curl -s -g http://10.0.2.101:8001/").stdout, "page\n");
}
