//! `wget`.

use super::*;

#[test]
fn wget_saves_a_page_and_tells_how() {
    let mut lab = Lab::new(Wire::Router, AL2).with_web_server();
    lab.typed(0, "sleep 10");
    let run = lab.typed(0, "wget http://10.0.2.101/");
    let date = run.stderr.get(2..21).expect("it begins with the date").to_owned();
    assert_eq!(
        run.stderr,
        format!(
            "--{date}--  http://10.0.2.101/\n\
             Connecting to 10.0.2.101:80... connected.\n\
             HTTP request sent, awaiting response... 200 OK\n\
             Length: 15 [text/html]\n\
             Saving to: ‘index.html’\n\n\
             index.html          100%[===================>]      15  --.-KB/s    in 0s    \n\n\
             {date} (14.3 MB/s) - ‘index.html’ saved [15/15]\n\n"
        )
    );
    assert_eq!((run.exit, run.stdout.as_str()), (0, ""));
    assert_eq!(lab.typed(0, "cat index.html").stdout, "<h1>hello</h1>\n");
    for (line, exit, stdout) in [
        ("wget -q 10.0.2.101; ls", 0, "index.html  index.html.1\n"),
        ("wget -qO- 10.0.2.101", 0, "<h1>hello</h1>\n"),
        ("wget -q -O page http://10.0.2.101/index.html; cat page", 0, "<h1>hello</h1>\n"),
        ("wget -q 10.0.2.101/missing; echo $?", 0, "8\n"),
        ("wget -q --spider 10.0.2.101; echo $?", 0, "0\n"),
        ("wget -q 10.0.2.101:81", 4, ""),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stdout.as_str()), (exit, stdout), "{line}: {run:?}");
    }
    let run = lab.typed(0, "wget -S 10.0.2.101/missing");
    assert!(run.stderr.contains("awaiting response... \n  HTTP/1.1 404 Not Found\n  Date: "), "{}", run.stderr);
    assert!(run.stderr.ends_with(" ERROR 404: Not Found.\n\n"), "{}", run.stderr);
}

#[test]
fn wget_says_why_it_gives_up() {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = lab.typed(0, "wget 10.0.2.101:81");
    assert!(run.stderr.ends_with("Connecting to 10.0.2.101:81... failed: Connection refused.\n"), "{}", run.stderr);
    assert_eq!(run.exit, 4);
    let run = lab.typed(0, "wget nosuch.invalid");
    assert!(run.stderr.ends_with("Resolving nosuch.invalid (nosuch.invalid)... failed: Temporary failure in name resolution.\nwget: unable to resolve host address ‘nosuch.invalid’\n"), "{}", run.stderr);
    let run = Lab::new(Wire::BlackHole, AL2).typed(0, "wget -T 2 -t 2 10.0.2.101");
    assert!(
        run.stderr.contains(
            "failed: Connection timed out.\nRetrying.\n\n--2024-01-01 00:00:03--  (try: 2)  http://10.0.2.101/\n"
        ),
        "{}",
        run.stderr
    );
    assert!(run.stderr.ends_with("failed: Connection timed out.\nGiving up.\n\n"), "{}", run.stderr);
    assert_eq!((run.exit, run.took.as_secs()), (4, 5));
}
