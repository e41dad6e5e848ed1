//! `awk`, beside what it refuses.

use super::*;

#[test]
fn awk_does_what_labs_ask_of_it() {
    let mut lab = Lab::new(Wire::Router, AL2);
    for (line, expected) in [
        ("ip -o -4 route show to default | awk '{print $5}'", "eth0\n"),
        ("echo a b c | awk '{print $1, $NF}'", "a c\n"),
        ("echo a:b:c | awk -F: '{print $2; print NF}'", "b\n3\n"),
        ("printf 'x 1\\ny 2\\nx 3\\n' | awk '/^x/ { sum += $2 } END { print sum, NR }'", "4 3\n"),
        ("printf 'x 1\\ny 20\\n' | awk '$2 > 9'", "y 20\n"),
        ("printf 'x 1\\ny 20\\n' | awk 'NR==1{next} {printf \"%s=%05.1f|%-4s|\\n\", $1, $2/3, $1}'", "y=006.7|y   |\n"),
        (
            "awk -v n=3 'BEGIN { for (i = 1; i <= n; i++) s = s i; print s; print length(s), substr(\"hello\", 2, 3) }'",
            "123\n3 ell\n",
        ),
        (
            "printf 'b\\na\\nb\\n' | awk '{ count[$1]++ } END { for (k in count) print k, count[k]; print (\"a\" in count) }'",
            "a 1\nb 2\n1\n",
        ),
        ("echo 10.0.1.7/24 | awk -F'[./]' '{ print $4 \"-\" $NF }'", "7-24\n"),
        ("echo 'inet 10.0.0.1/24' | awk '{ sub(/\\/.*/, \"\", $2); print $2 }'", "10.0.0.1\n"),
        ("printf '1\\n2\\n3\\n4\\n' | awk '/2/,/3/'", "2\n3\n"),
        (
            "echo x | awk '{ print ($1 ~ /^x$/ ? \"yes\" : \"no\"), 1e3, 0.1 + 0.2, 7 % 4, 2 ^ 10 }'",
            "yes 1000 0.3 3 1024\n",
        ),
        (
            "echo a b | awk '{ $2 = \"c\"; print; print > \"/tmp/out\" } END { print \"!\" >> \"/tmp/out\" }'; cat /tmp/out",
            "a c\na c\n!\n",
        ),
        (
            "awk 'BEGIN { n = split(\"a,b,c\", parts, \",\"); print n parts[3]; print toupper(\"up\"), index(\"abc\", \"c\"); exit 3 }' ; echo $?",
            "3c\nUP 3\n3\n",
        ),
        ("printf 'Loss 0%%\\n' | awk '{gsub(/%/, \"\"); if ($2 == 0) print \"none\"; else print \"some\"}'", "none\n"),
        ("echo '10 9' | awk '{ print ($1 > $2), (\"10\" > \"9\") }'", "1 0\n"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (expected, ""), "{line}");
    }
}

#[test]
fn what_awk_does_not_know_is_refused_by_name() {
    let mut lab = Lab::new(Wire::Router, AL2);
    for (line, exit, what) in [
        ("awk 'function f(x) { return x } BEGIN { print f(1) }'", 2, "'function' is not simulated"),
        ("awk 'BEGIN { \"date\" | getline d; print d }'", 2, "'|' is not simulated"),
        ("awk 'BEGIN { print systime() }'", 2, "'systime()' is not simulated"),
        ("awk 'BEGIN { RS = \"\" }'", 2, "'RS' is not simulated"),
        ("awk 'BEGIN { while (1) x++ }'", 2, "'more than 1000000 steps' is not simulated"),
        ("awk --csv 1", 2, "option '--csv' is not simulated"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!(run.exit, exit, "{line}: {run:?}");
        assert!(run.stderr.contains(what) && run.notes.iter().any(|note| note.text.contains(what)), "{line}: {run:?}");
    }
    for (line, exit, text) in [
        (
            "awk '{print $1'",
            1,
            "awk: cmd. line:1: {print $1\nawk: cmd. line:1:          ^ unexpected newline or end of string\n",
        ),
        ("awk 'BEGIN { print 1 / 0 }'", 2, "awk: cmd. line:1: fatal: division by zero attempted\n"),
        ("awk 1 /nowhere", 2, "awk: warning: /nowhere: No such file or directory\n"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, text), "{line}");
    }
}
