//! What people type.

use super::*;

#[test]
fn the_shell_does_what_bash_does() {
    for (script, expected) in [
        ("echo a  b", "a b\n"),
        ("echo \"a  b\" 'c  $x'", "a  b c  $x\n"),
        ("x=1; echo $x ${x} \"${y:-none}\" ${#x}", "1 1 none 1\n"),
        ("x='a b'; for w in $x \"$x\"; do echo \"<$w>\"; done", "<a>\n<b>\n<a b>\n"),
        ("echo $(echo inner; echo two) `echo old`", "inner two old\n"),
        ("false || echo or; true && echo and; ! false && echo not", "or\nand\nnot\n"),
        ("false; echo $?; (exit 3); echo $?", "1\n3\n"),
        ("if [ -f /etc/hosts ]; then echo yes; else echo no; fi", "yes\n"),
        ("if [ -f /nope ]; then echo yes; elif [[ abc == a* ]]; then echo match; fi", "match\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo -n $i; done; echo", "123\n"),
        ("for i in {1..3} x; do [ $i = 2 ] && continue; [ $i = x ] && break; echo $i; done", "1\n3\n"),
        ("case web1 in db*) echo db;; web?|x) echo web;; esac", "web\n"),
        ("f() { echo \"$1-$#\"; return 4; }; f a b; echo $?", "a-2\n4\n"),
        ("cat <<EOF\n$HOME `echo b` \\$x\nEOF", "/home/ec2-user b $x\n"),
        ("cat <<'EOF'\n$HOME\nEOF", "$HOME\n"),
        ("cat <<-EOF\n\ta\n\tEOF", "a\n"),
        ("echo a > /tmp/f; echo b >> /tmp/f; cat < /tmp/f", "a\nb\n"),
        ("echo out; echo err >&2", "out\n"),
        ("(echo out; echo err >&2) 2>&1 | wc -l", "2\n"),
        ("ls /nope 2>/dev/null; echo $?", "2\n"),
        ("ls /nope &> /tmp/e; wc -l < /tmp/e", "1\n"),
        ("cd /etc; pwd; cd; pwd", "/etc\n/home/ec2-user\n"),
        ("export A=1; B=2 env | grep -E '^[AB]='", "A=1\nB=2\n"),
        ("set -e; false || true; if false; then :; fi; echo on; false; echo off", "on\n"),
        ("printf '%s-%s\\n' a b c", "a-b\nc-\n"),
        ("echo 'a:b:c' | cut -d: -f2-; echo abc | tr a-c A-C", "b:c\nABC\n"),
        ("printf 'b\\na\\nb\\n' | sort | uniq; seq 3 | tail -n 1", "a\nb\n3\n"),
        ("echo 'Listen 80' | sed -e 's/\\([0-9]*\\)$/[\\1]/'; echo a/b | sed 's#/#-#'", "Listen [80]\na-b\n"),
        ("echo hi | sudo tee /tmp/t > /dev/null; cat /tmp/t; bash -c 'echo $0 $1' x y", "hi\nbash y\n"),
        ("timeout 2 sleep 5; echo $?; timeout 2 sleep 1; echo $?", "124\n0\n"),
        (
            "mkdir -p /tmp/a/b; touch /tmp/a/b/c; echo /tmp/a/b/*; rm -rf /tmp/a; ls /tmp/a 2>&1 | head -1",
            "/tmp/a/b/c\nls: cannot access '/tmp/a': No such file or directory\n",
        ),
        ("cd ~; echo ~/x; p=/a/b.c; echo ${p##*/} ${p%.c}", "/home/ec2-user/x\nb.c /a/b\n"),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, script);
        assert_eq!((run.stdout.as_str(), run.notes.as_slice()), (expected, [].as_slice()), "{script}\n{run:?}");
    }
}

#[test]
fn an_unknown_command_is_not_found() {
    for (profile, shell) in [(AL2, "-bash"), (Profile::AmazonLinux2023, "bash")] {
        let run = Lab::new(Wire::Cable, profile).typed(0, "foo --bar");
        assert_eq!((run.exit, run.stderr), (127, format!("{shell}: foo: command not found\n")));
        assert_eq!(run.notes.len(), 1);
    }
}

#[test]
fn a_script_that_never_ends_is_stopped_and_says_so() {
    for script in
        ["while true; do :; done", "f() { f; }; f", "while true; do sleep 1; done", "until false; do x=1$x; done"]
    {
        let run = Lab::new(Wire::Cable, AL2).typed(0, script);
        assert_eq!((run.exit, run.notes.len()), (1, 1), "{script}: {run:?}");
    }
}

#[test]
fn the_terminal_keeps_its_shell_from_one_line_to_the_next() {
    let mut lab = Lab::new(Wire::Cable, AL2023);
    for (line, stdout, exit) in [
        ("cd /tmp; name=value; greet() { echo hello $1; }", "", 0),
        ("pwd; echo $name; greet you", "/tmp\nvalue\nhello you\n", 0),
        ("false", "", 1),
        ("echo $?", "1\n", 0),
        ("sleep 5 &", "", 0),
        ("wait %1; echo $?", "0\n", 0),
        ("name=other; exit 3", "", 3),
        ("pwd; echo \"<$name>\"", "/home/ec2-user\n<>\n", 0),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.stdout.as_str(), run.exit), (stdout, exit), "{line}: {run:?}");
    }
}

#[test]
fn ctrl_c_ends_the_line_and_not_the_shell() {
    let mut lab = Lab::new(Wire::Cable, AL2023);
    let process = lab.hosts[0].start(lab.now, "name=value; cd /; sleep 1000");
    lab.typed(1, "sleep 1");
    let now = lab.now;
    lab.hosts[0].interrupt(now, process);
    let finished = lab.wait_for(0, process);
    assert_eq!(lab.collect(0, finished).exit, 130);
    assert_eq!(lab.typed(0, "echo $?; pwd; echo $name").stdout, "130\n/\nvalue\n");
}

#[test]
fn ls_shows_sizes_and_says_what_it_makes_up() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    let run = lab.typed(0, "mkdir /tmp/d /tmp/d/sub; echo hello > /tmp/d/f; ls -l /tmp/d");
    assert_eq!(
        run.stdout,
        "total 4\n-rw-r--r-- 1 root root    6 Jan  1 00:00 f\ndrwxr-xr-x 2 root root 4096 Jan  1 00:00 sub\n"
    );
    assert!(run.notes.iter().any(|note| note.text.starts_with("ls -l: modes")), "{run:?}");
    assert_eq!(lab.typed(0, "ls -l /tmp/d/f").stdout, "-rw-r--r-- 1 root root 6 Jan  1 00:00 /tmp/d/f\n");
}

#[test]
fn a_guest_is_told_how_to_be_switched_off() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    for (line, request) in [
        ("sudo reboot", "aws ec2 reboot-instances"),
        ("sudo shutdown -r now", "aws ec2 reboot-instances"),
        ("sudo shutdown -h now", "aws ec2 stop-instances"),
        ("sudo poweroff", "aws ec2 stop-instances"),
    ] {
        let run = lab.typed(0, line);
        assert!(run.exit == 1 && run.notes[0].text.contains(request), "{line}: {run:?}");
    }
}
