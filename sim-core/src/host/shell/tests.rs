//! The shell as its user sees it: scripts and what comes out. The expected texts are those of bash 5.2 reading the same file.

use std::future::Future;
use std::pin::Pin;

use proptest::prelude::*;

use super::super::{Finished, Host, HostConfig, Note, Output, Profile, Program, Programs, ResolverConfig, Sys};
use crate::engine::SimTime;
use crate::net::BufferPool;

type Exit = Pin<Box<dyn Future<Output = i32> + Send>>;

fn echo(sys: Sys, arguments: Vec<String>) -> Exit {
    Box::pin(async move {
        sys.print(format!("{}\n", arguments[1..].join(" ")));
        0
    })
}

fn cat(sys: Sys, arguments: Vec<String>) -> Exit {
    Box::pin(async move {
        match arguments.get(1).filter(|name| *name != "/dev/null") {
            Some(name) => sys.print(sys.read_file(name).unwrap_or_default()),
            None if arguments.len() > 1 => {}
            None => sys.print(sys.read_all().await),
        }
        0
    })
}

fn programs(name: &str) -> Option<Program> {
    match name {
        "echo" => Some(echo),
        "cat" => Some(cat),
        _ => None,
    }
}

struct Run {
    exit: i32,
    stdout: String,
    stderr: String,
    notes: Vec<Note>,
}

fn host() -> Host {
    let config = HostConfig {
        profile: Profile::AmazonLinux2,
        hostname: "ip-10-0-0-10".to_owned(),
        interfaces: Vec::new(),
        seed: 7,
        epoch_nanos: 0,
        hosts_file: Vec::new(),
        package_mirror: None,
        resolver: ResolverConfig::default(),
        programs: Programs(programs),
    };
    Host::new(config, SimTime::ZERO)
}

fn finish(host: &mut Host, finished: Option<Finished>) -> Run {
    let finished = finished.expect("nothing in these scripts waits");
    let text = |wanted: Output| {
        let parts = finished.terminal.iter().filter(|(output, _)| *output == wanted);
        parts.map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect::<String>()
    };
    Run { exit: finished.exit, stdout: text(Output::Stdout), stderr: text(Output::Stderr), notes: host.take_notes() }
}

fn typed(text: &str) -> Run {
    let mut host = host();
    let process = host.start(SimTime::ZERO, text);
    host.run(SimTime::ZERO, &mut BufferPool::default(), &mut |_, _| {});
    let finished = host.take_finished(process);
    finish(&mut host, finished)
}

fn user_data(text: &str) -> Run {
    let mut host = host();
    let process = host.start_user_data(SimTime::ZERO, &format!("#!/bin/bash\n{text}"));
    host.run(SimTime::ZERO, &mut BufferPool::default(), &mut |_, _| {});
    let finished = host.take_finished(process);
    let mut run = finish(&mut host, finished);
    run.stderr = run.stderr.replace("/var/lib/cloud/instance/scripts/", "");
    run
}

#[test]
fn scripts_do_what_they_do_in_bash() {
    #[rustfmt::skip]
    let cases = [
            // Quoting.
            ("echo a\\ b 'c  d' \"e  f\" g\"h\"'i'\\j", "a b c  d e  f ghij\n"),
            ("echo \"a \\$x \\\" \\\\ \\n\" '\\n'", "a $x \" \\ \\n \\n\n"),
            ("x=1; echo '$x' \"$x\" \\$x \"a`echo b`c\"", "$x 1 $x abc\n"),
            ("echo a\\\nb \"c\\\nd\" 'e\\\nf'", "ab cd e\\\nf\n"),
            ("echo $'a\\tb\\'c' $\"d\" ", "a\tb'c d\n"),
            ("echo a#b #c\n#d\necho e", "a#b\ne\n"),
            ("echo \"a\nb\"", "a\nb\n"),
            ("echo '' \"\" x", "  x\n"),
            ("echo $ \"$\" a$ $%", "$ $ a$ $%\n"),
            ("echo \"\\}\" \"${x:-\\}}\" ${x:-\\}}", "\\} } }\n"),
            // Parameters and arithmetic.
            ("x=1 y=; echo ${x} ${y:-e} ${y-f} ${z-g} ${z:+h} ${x:+i} ${#x}", "1 e g i 1\n"),
            ("echo ${z:=1} $z; echo \"${q:-\"a  b\"}\" ${q:-$(echo c)} ${q:-a}b}", "1 1\na  b c ab}\n"),
            ("p=/a/b.tar.gz; echo ${p#*/} ${p##*/} ${p%.*} ${p%%.*} \"${p%\".gz\"}\"", "a/b.tar.gz b.tar.gz /a/b.tar /a/b /a/b.tar\n"),
            ("f() { echo $# $1 $2 ${10} $@; }; f 1 2 3 4 5 6 7 8 9 x", "10 1 2 x 1 2 3 4 5 6 7 8 9 x\n"),
            ("x=4; echo $((x+1)) $(( $x * 2 )) $((x<<1|1)) $((x>3?7:8)) $((x++ + ++x)) $x $((2**3**2)) $((-7/2)) $((017+0x1f+2#101))", "5 8 9 7 10 6 512 -3 51\n"),
            ("echo $((1 || (x=5))) $x $((0 && 1/0)) $(((1+2)*3)) $((x=3, x*=2, x-=1))", "1 0 9 5\n"),
            ("x=1; x+=2; x+=$x; echo $x", "1212\n"),
            ("i=0; ((i++)); ((i>0)) && echo $i; ((0)) || echo zero", "1\nzero\n"),
            // Substitution.
            ("echo $(echo a; echo b) $( (echo c) ) `echo d \\`echo e\\``", "a b c d e\n"),
            ("echo $( # a ) comment\necho f\n)", "f\n"),
            ("echo \"$(echo \"a  $(echo b)\")\"", "a  b\n"),
            ("echo $(case x in x) echo g;; esac)", "g\n"),
            ("echo $((echo a); echo b)", "a b\n"),
            ("x=$(cat <<E\na ) ' \" b\nE\n); echo \"$x\"", "a ) ' \" b\n"),
            ("echo `echo 'a)b'` $(echo ')')", "a)b )\n"),
            ("((echo a); echo b)", "a\nb\n"),
            ("echo $()x``y", "xy\n"),
            // Here-documents.
            ("cat <<A; cat <<B\na\nA\nb\nB\necho c", "a\nb\nc\n"),
            ("cat <<A <<B\na\nA\nb\nB", "b\n"),
            ("x=1; cat <<E\n$x \\$x `echo b` $(echo ')') $((x+1)) \"q\" 'r' \\\\ a\\\nb ${x:-\"z\"}\nE", "1 $x b ) 2 \"q\" 'r' \\ ab 1\n"),
            ("x=1\ncat <<'E'\n$x `b` \\\nE\ncat <<\\E\n$x\nE\ncat <<\"E F\"\n$x\nE F", "$x `b` \\\n$x\n$x\n"),
            ("cat <<-E\n\ta\n\t\tb\n\tE\necho c", "a\nb\nc\n"),
            ("for i in 1 2; do\ncat <<E\n$i\nE\ndone", "1\n2\n"),
            ("if true; then cat <<E; fi\nx\nE", "x\n"),
            ("echo $(cat <<E\n1\nE\n) 2", "1 2\n"),
            ("cat <<E | cat\na\nE\necho b", "a\nb\n"),
            ("cat <<E && echo b\na\nE", "a\nb\n"),
            ("cat <<E \"$(\necho /dev/null\n)\"\nbody\nE", ""),
            ("f() {\ncat <<E\n$1\nE\n}\nf a; f b", "a\nb\n"),
            ("cat <<< \"a  b\"; cat <<< $'c\\nd'", "a  b\nc\nd\n"),
            ("cat <<E\nE\necho empty", "empty\n"),
            ("cat <<E\n E\nE x\nE", " E\nE x\n"),
            ("echo $(cat <<E)\nbody\nE", "body\n"),
            ("while true; do cat <<E; break; done\n$((1+1))\nE", "2\n"),
            ("cat <<E\na\\\nE\nE", "aE\n"),
            ("cat <<E > /dev/null\nx\nE\necho after", "after\n"),
            ("cat << 'E'\n`\nE", "`\n"),
            // Lists and compound commands.
            ("true && echo a || echo b; false && echo c || echo d\n! true || echo e\n! false && echo f", "a\nd\ne\nf\n"),
            ("true &&\n\n# why\necho a |\ncat", "a\n"),
            ("if false; then echo a; elif true\nthen echo b; else echo c; fi", "b\n"),
            ("while true; do echo a; break; done; until true; do echo b; done; echo c", "a\nc\n"),
            ("for i in a b; do echo $i; done; for i\nin c; do echo $i; done; for i in; do echo d; done", "a\nb\nc\n"),
            ("for ((i=0; i<3; i++)); do echo $i; done; for ((;;)) { break; }", "0\n1\n2\n"),
            ("case ab in (a) echo 1;; a*|x) echo 2;; *) echo 3; esac; case x in\n# c\n\"x\") echo 4\n;;\nesac; case q in a) ;; esac; echo $?", "2\n4\n0\n"),
            ("f() { echo f$1; }; function g { echo g; }; function h() ( echo h; ); f 1; g; h\nk()\n{\necho k\n}\nk", "f1\ng\nh\nk\n"),
            ("{ echo a; echo b; } | cat; ( cd /; echo c )", "a\nb\nc\n"),
            ("x=a{b,c}; echo $x; echo {a,b{1..3},}c {01..03} {3..1} {a..e..2} {x} {a,b \"{c,d}\" {1..2}$x a{,}b {{a,b}}", "a{b,c}\nac b1c b2c b3c c 01 02 03 3 2 1 a c e {x} {a,b {c,d} 1a{b,c} 2a{b,c} ab ab {a} {b}\n"),
            ("if true; then if true; then echo deep; fi; fi > /dev/stdout", "deep\n"),
            ("echo if then fi { } do done esac", "if then fi { } do done esac\n"),
            ("! \necho $?", "1\n"),
            ("time true; echo $?", "0\n"),
            ("[[ a == a* && ! b == c ]] && echo 1; [[ ( x < y || 1 -eq 2 ) && -n z ]] && echo 2; [[ \"*\" == '*' ]] && echo 3; [[ abc == \"a*\" ]] || echo 4; [[ a1 =~ ^[a-z](1|2)$ ]] && echo 5; [[ -z '' ]] && echo 6; [[ x ]] && echo 7; [[ a == a &&\nb == b ]] && echo 8; [[ a != b ]] && echo 9", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
            // Redirections.
            ("echo a 2>&1; echo b >/dev/null; >/dev/null echo c; echo d &>/dev/null; echo e 1>&1 | cat", "a\ne\n"),
            ("{ echo a; echo b; } > /dev/null; echo c", "c\n"),
            ("echo 2>/dev/null a; echo a2>/dev/null; echo f 2 >/dev/stdout", "a\nf 2\n"),
            ("cat </dev/null; echo g>|/dev/stdout", "g\n"),
            // Lines and line ends.
            ("echo a\n\n\n  # x\n\techo b\n", "a\nb\n"),
            ("echo a;", "a\n"),
            ("", ""),
            ("\n\n", ""),
            ("echo a\\\n", "a\n"),
            ("echo a \\\n  b", "a b\n"),
    ];
    for (script, expected) in cases {
        for run in [user_data(script), typed(script), user_data(&script.replace('\n', "\r\n"))] {
            assert_eq!((run.stdout.as_str(), run.notes), (expected, vec![]), "{script}\n{}", run.stderr);
        }
    }
}

#[test]
fn a_syntax_error_stops_a_script_where_bash_stops() {
    #[rustfmt::skip]
    let cases = [
            ("echo a\n)\necho b", "a\n", "part-001: line 3: syntax error near unexpected token `)'\npart-001: line 3: `)'\n", 2),
            ("echo a; fi\necho b", "", "part-001: line 2: syntax error near unexpected token `fi'\npart-001: line 2: `echo a; fi'\n", 2),
            ("echo a\nif true; then\necho b", "a\n", "part-001: line 5: syntax error: unexpected end of file\n", 2),
            ("echo a\nif true; then\necho b; done\necho c", "a\n", "part-001: line 4: syntax error near unexpected token `done'\npart-001: line 4: `echo b; done'\n", 2),
            ("echo a;;", "", "part-001: line 2: syntax error near unexpected token `;;'\npart-001: line 2: `echo a;;'\n", 2),
            ("echo a\n&& b", "a\n", "part-001: line 3: syntax error near unexpected token `&&'\npart-001: line 3: `&& b'\n", 2),
            ("echo a && \n\n|| b", "", "part-001: line 4: syntax error near unexpected token `||'\npart-001: line 4: `|| b'\n", 2),
            ("| a", "", "part-001: line 2: syntax error near unexpected token `|'\npart-001: line 2: `| a'\n", 2),
            ("echo a >\necho b", "", "part-001: line 2: syntax error near unexpected token `newline'\npart-001: line 2: `echo a >'\n", 2),
            ("echo a > ;", "", "part-001: line 2: syntax error near unexpected token `;'\npart-001: line 2: `echo a > ;'\n", 2),
            ("for i in a b; echo; done", "", "part-001: line 2: syntax error near unexpected token `echo'\npart-001: line 2: `for i in a b; echo; done'\n", 2),
            ("for i in a; do done", "", "part-001: line 2: syntax error near unexpected token `done'\npart-001: line 2: `for i in a; do done'\n", 2),
            ("case x y) echo;; esac", "", "part-001: line 2: syntax error near unexpected token `y'\npart-001: line 2: `case x y) echo;; esac'\n", 2),
            ("case x in y) echo;;", "", "part-001: line 3: syntax error: unexpected end of file\n", 2),
            ("f() echo hi", "", "part-001: line 2: syntax error near unexpected token `echo'\npart-001: line 2: `f() echo hi'\n", 2),
            ("echo a (b)", "", "part-001: line 2: syntax error near unexpected token `('\npart-001: line 2: `echo a (b)'\n", 2),
            ("if true; then fi", "", "part-001: line 2: syntax error near unexpected token `fi'\npart-001: line 2: `if true; then fi'\n", 2),
            ("{ }", "", "part-001: line 2: syntax error near unexpected token `}'\npart-001: line 2: `{ }'\n", 2),
            ("()", "", "part-001: line 2: syntax error near unexpected token `)'\npart-001: line 2: `()'\n", 2),
            ("function", "", "part-001: line 2: syntax error near unexpected token `newline'\npart-001: line 2: `function'\n", 2),
            ("while\ndone", "", "part-001: line 3: syntax error near unexpected token `done'\npart-001: line 3: `done'\n", 2),
            ("cat <<\nx", "", "part-001: line 2: syntax error near unexpected token `newline'\npart-001: line 2: `cat <<'\n", 2),
            ("echo $(if)\necho z", "", "part-001: line 2: syntax error near unexpected token `)'\npart-001: line 2: `echo $(if)'\n", 2),
            ("echo $(echo a; fi)\necho z", "", "part-001: line 2: syntax error near unexpected token `fi'\npart-001: line 2: `echo $(echo a; fi)'\n", 2),
            ("{ echo a", "", "part-001: line 3: syntax error: unexpected end of file\n", 2),
            ("(echo a", "", "part-001: line 3: syntax error: unexpected end of file\n", 2),
            ("}", "", "part-001: line 2: syntax error near unexpected token `}'\npart-001: line 2: `}'\n", 2),
            ("then", "", "part-001: line 2: syntax error near unexpected token `then'\npart-001: line 2: `then'\n", 2),
            ("echo a & ; b", "", "part-001: line 2: syntax error near unexpected token `;'\npart-001: line 2: `echo a & ; b'\n", 2),
            ("a | | b", "", "part-001: line 2: syntax error near unexpected token `|'\npart-001: line 2: `a | | b'\n", 2),
            ("echo a\necho 'open\necho b", "a\n", "part-001: line 3: unexpected EOF while looking for matching `''\n", 2),
            ("echo a\necho \"open\necho b", "a\n", "part-001: line 3: unexpected EOF while looking for matching `\"'\n", 2),
            ("echo a\necho $(open\necho b", "a\n", "part-001: line 5: unexpected EOF while looking for matching `)'\n", 2),
            ("echo a\necho `open\necho b", "a\n", "part-001: line 3: unexpected EOF while looking for matching ``'\n", 2),
            ("echo a\necho ${open\necho b", "a\n", "part-001: line 3: unexpected EOF while looking for matching `}'\n", 2),
            ("echo $((1+\necho z", "", "part-001: line 2: unexpected EOF while looking for matching `)'\n", 2),
            ("((1+\necho z", "", "part-001: line 2: unexpected EOF while looking for matching `)'\n", 2),
            ("echo \"$(echo 'x)\"", "", "part-001: line 2: unexpected EOF while looking for matching `''\n", 2),
            ("done\nexit 3", "", "part-001: line 2: syntax error near unexpected token `done'\npart-001: line 2: `done'\n", 2),
            ("exit 3\ndone", "", "", 3),
            ("echo `fi`\necho $?", "\n0\n", "part-001: command substitution: line 2: syntax error near unexpected token `fi'\npart-001: command substitution: line 2: `fi'\n", 0),
            ("cat <<E\n$(fi)\nE\necho b", "b\n", "part-001: command substitution: line 3: syntax error near unexpected token `fi'\npart-001: command substitution: line 3: `$(fi)'\n", 0),
            ("cat <<E\na", "a\n", "part-001: line 3: warning: here-document at line 2 delimited by end-of-file (wanted `E')\n", 0),
            ("cat <<E\na\n", "a\n", "part-001: line 3: warning: here-document at line 2 delimited by end-of-file (wanted `E')\n", 0),
            ("if true; then cat <<E; fi\na\n", "a\n", "part-001: line 3: warning: here-document at line 2 delimited by end-of-file (wanted `E')\n", 0),
            ("echo a\n)", "a\n", "part-001: line 3: syntax error near unexpected token `)'\npart-001: line 3: `)'\n", 2),
            ("f() { echo a; } }", "", "part-001: line 2: syntax error near unexpected token `}'\npart-001: line 2: `f() { echo a; } }'\n", 2),
            ("[[ a == b ]] c", "", "part-001: line 2: syntax error near unexpected token `c'\npart-001: line 2: `[[ a == b ]] c'\n", 2),
            ("esac", "", "part-001: line 2: syntax error near unexpected token `esac'\npart-001: line 2: `esac'\n", 2),
            ("if true; then echo a; else fi", "", "part-001: line 2: syntax error near unexpected token `fi'\npart-001: line 2: `if true; then echo a; else fi'\n", 2),
            ("{ echo a; } b", "", "part-001: line 2: syntax error near unexpected token `b'\npart-001: line 2: `{ echo a; } b'\n", 2),
            ("f() $((1 + 2)) x", "", "part-001: line 2: syntax error near unexpected token `$((1 + 2))'\npart-001: line 2: `f() $((1 + 2)) x'\n", 2),
            ("f() 'a  b'", "", "part-001: line 2: syntax error near unexpected token `'a  b''\npart-001: line 2: `f() 'a  b''\n", 2),
            ("f() 'a\necho b", "", "part-001: line 2: unexpected EOF while looking for matching `''\n", 2),
            ("echo a\n]]", "a\n", "part-001: line 3: syntax error near unexpected token `]]'\npart-001: line 3: `]]'\n", 2),
            ("(echo a) b", "", "part-001: line 2: syntax error near unexpected token `b'\npart-001: line 2: `(echo a) b'\n", 2),
    ];
    for (script, stdout, stderr, exit) in cases {
        let run = user_data(script);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.exit), (stdout, stderr, exit), "{script}");
        // Whoever reads the report finds the line as well as whoever reads the log.
        let line = stderr.split_once("line ").map(|(_, after)| after.split(':').next().expect("a first part"));
        let noted = run.notes.iter().filter_map(|note| note.line).map(|line| line.to_string()).next();
        assert_eq!(noted.as_deref(), line, "{script}: {:?}", run.notes);
    }
}

#[test]
fn what_bash_says_of_a_bad_test() {
    for (script, words) in [
        ("[[ a b c ]]", "conditional binary operator expected"),
        ("[[ -f ]]", "unexpected argument `]]' to conditional unary operator"),
        ("[[ a == ]]", "unexpected argument `]]' to conditional binary operator"),
        ("[[ ( a ]]", "unexpected token `]]', expected `)'"),
        ("[[ a == b\necho z", "syntax error in conditional expression"),
        ("[[ ]]", "syntax error in conditional expression"),
        ("[[ a == b", "syntax error: unexpected end of file"),
    ] {
        let run = user_data(&format!("echo a\n{script}\necho b"));
        assert_eq!((run.stdout.as_str(), run.exit), ("a\n", 2), "{script}");
        let expected = format!(": {words}\n");
        assert!(run.stderr.ends_with(&expected) || words.contains("end of file"), "{script}: {}", run.stderr);
    }
}

#[test]
fn at_the_prompt_a_syntax_error_costs_its_line() {
    for (text, stdout, stderr, exit) in [
        ("fi", "", "-bash: syntax error near unexpected token `fi'\n", 2),
        ("echo a; fi", "", "-bash: syntax error near unexpected token `fi'\n", 2),
        ("echo 'a", "", "-bash: unexpected EOF while looking for matching `''\n", 2),
        ("if true", "", "-bash: syntax error: unexpected end of file\n", 2),
        ("echo a )\necho b", "b\n", "-bash: syntax error near unexpected token `)'\n", 0),
        ("bash -c 'echo a\n)\necho b'; echo $?", "a\n2\n", "-bash: syntax error near unexpected token `)'\n", 0),
        ("eval 'fi'; echo $?", "2\n", "-bash: syntax error near unexpected token `fi'\n", 0),
    ] {
        let run = typed(text);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.exit), (stdout, stderr, exit), "{text}");
        assert!(run.notes.is_empty(), "bash has said it: {:?}", run.notes);
    }
}

#[test]
fn good_bash_that_is_not_simulated_costs_its_command() {
    for (script, what) in [
        ("a=(1 2)", "arrays"),
        ("a=(1 # )\n2)", "arrays"),
        ("a+=(3)", "arrays"),
        ("a[0]=1", "arrays"),
        ("declare -a b=(x y)", "arrays"),
        ("echo ${a[@]}", "arrays"),
        ("for x in ${a[@]}; do echo $x; done", "arrays"),
        ("select x in a b; do break; done", "select"),
        ("coproc cat", "coproc"),
        ("cat <(echo ')')", "process substitution"),
        ("echo a > >(cat)", "process substitution"),
        ("case a in a) echo x;& b) echo y;; esac", "falling through"),
        ("case a in a) echo x;;& b) echo y;; esac", "falling through"),
        ("for 1x in a; do echo; done", "`1x': not a valid identifier"),
        ("echo ${x/a/b}", "'${x/a/b}'"),
        ("echo \"${x:0:1}\"", "'${x:0:1}'"),
        ("echo ${!x}", "'${!x}'"),
        ("echo ${x^^} > /tmp/x", "'${x^^}'"),
        ("echo ${x:?gone}", "'${x:?gone}'"),
        ("echo $-", "'$-'"),
        ("echo $[1+1]", "'$[ … ]'"),
        ("echo ~root/x", "'~root'"),
        ("echo a 2>&-", "'2>&-'"),
        ("cat <&3", "'<&3'"),
        ("echo a {fd}>/tmp/x", "descriptors"),
        ("echo {1..100000}", "brace expansion"),
        ("echo {1..1000}{1..1000}", "brace expansion"),
    ] {
        let run = user_data(&format!("echo before\n{script}\necho after; x=$({script}); echo inside"));
        assert_eq!(run.stdout, "before\nafter\ninside\n", "{script}: {}", run.stderr);
        let noted: Vec<_> = run.notes.iter().filter(|note| note.text.contains(what)).map(|note| note.line).collect();
        assert!(noted.contains(&Some(3)), "{script}: {:?}", run.notes);
        assert_eq!(run.exit, 0, "{script}");
    }
    let run = user_data("cat <<E\na${x/a/b}c\nE\necho after");
    assert_eq!((run.stdout.as_str(), run.notes.len()), ("ac\nafter\n", 1), "the rest of the text is kept");
}

#[test]
fn notes_name_the_line_of_the_command() {
    let script = "nope1\necho a \\\n  b\nif true; then\n  nope2\nfi\necho $(\nnope3)\ncat <<E\n\n$(nope4)\nE\nnope5; echo `\nnope6`\nf() {\n  nope7\n}\nf";
    let run = user_data(script);
    let lines: Vec<_> = run.notes.iter().map(|note| (note.text.as_bytes()[5] - b'0', note.line)).collect();
    let expected = [(1, 2), (2, 6), (3, 9), (4, 12), (5, 14), (6, 15), (7, 17)];
    assert_eq!(lines, expected.map(|(which, line)| (which, Some(line))));
}

#[test]
fn arithmetic_refuses_what_is_not_a_number() {
    for expression in ["1/0", "1%0", "1+", "1 2", "08", "2**-1", "1?2", "99#1", "a b", "1=2", "§"] {
        let run = user_data(&format!("echo $(({expression}))\necho on"));
        assert!(run.stdout.ends_with("on\n"), "{expression}: {}", run.stdout);
        assert_eq!(run.notes.len(), 1, "{expression}: {:?}", run.notes);
    }
}

/// Text that is nothing but openings must neither take for ever nor run off the end of the stack.
#[test]
fn nesting_is_bounded() {
    for open in [
        "(",
        "((",
        "$(",
        "$((",
        "${x:-",
        "{ ",
        "if ",
        "`",
        "[[ ( ",
        "[[ ! ",
        "\"$(",
        "while if ",
        "$((1) ",
        "$((a) )",
        "{a,",
        "{",
        "a[",
        "<<E ",
        "x=",
        "\\",
        "f() ",
        "! ",
        "case x in x) ",
        "<(",
        "$(cat <<E\n",
        "echo $((1?",
        "'",
        "\"",
        "{x}",
        "a=(",
        "~a",
        "||",
    ] {
        for count in [3, 20, 40, 20_000] {
            user_data(&open.repeat(count));
        }
    }
    let deep = |count: usize| format!("{}echo deep{}", "{ ".repeat(count), "; }".repeat(count));
    assert_eq!(user_data(&deep(30)).stdout, "deep\n");
    let run = user_data(&format!("echo a\n{}\necho b", deep(40)));
    assert_eq!((run.stdout.as_str(), run.exit), ("a\n", 2));
    assert_eq!(run.notes[0].line, Some(3));
    for sign in ["-", "!", "(", "1?", "x=", "2**", "1+("] {
        user_data(&format!("echo $(({}1))", sign.repeat(10_000)));
    }
    // Each call goes through every level of the body again.
    user_data(&format!("f() {}f{}; f", "{ ".repeat(28), "; }".repeat(28)));
    user_data(&format!("f() {}f{}; f", "( ".repeat(28), " )".repeat(28)));
    user_data(&format!("f() {{ echo {}f{}; }}; f", "$(".repeat(28), ")".repeat(28)));
}

/// Parts of scripts, to be put together as no person would.
const PARTS: [&str; 60] = [
    "echo",
    "cat",
    " ",
    " ",
    "\n",
    "\n",
    ";",
    "&",
    "|",
    "&&",
    "||",
    "(",
    ")",
    "{ ",
    "; }",
    "if ",
    "; then ",
    "; else ",
    "; fi",
    "while ",
    "for i in a b",
    "; do ",
    "; done",
    "break",
    "case x in ",
    "x) ",
    ";;",
    " esac",
    "f() ",
    "f",
    "[[ ",
    " ]]",
    "$x",
    "${x",
    ":-",
    "}",
    "$(",
    "$((",
    "))",
    "`",
    "\"",
    "'",
    "\\",
    "#",
    "<<E",
    "\nE\n",
    "<<-'E'",
    "<<<",
    ">",
    "2>&1",
    "<",
    "x=",
    "1",
    "+",
    "{1..3}",
    "{a,b}",
    "~",
    "!",
    "=",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever somebody writes is read to its end and run without a panic.
    #[test]
    fn odd_scripts_are_read_and_run(parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..40)) {
        let text = parts.concat();
        user_data(&text);
        typed(&text);
    }

    #[test]
    fn random_text_is_read_and_run(text in "[ -~\n\té]{0,60}") {
        user_data(&text);
    }

    /// A script without its end stops at a line that it has, or one further.
    #[test]
    fn cut_scripts_are_read_and_run(at in any::<prop::sample::Index>(), insert in "[ -~\n]{0,3}") {
        let script = "x=$(cat <<E\n1 $(echo \"a)\")\nE\n)\nfor i in {1..3} \"$x\"; do\n  if [[ $i == 1* && -n ${x:-y} ]]; then echo $((i+1)) | cat; fi\n\
            done\ncase $x in a|b) echo `echo c`;; *) f() { echo ${1%.*}; }; f a.b 2>&1;; esac\ncat <<-'A' <<B\n\ta\n\tA\n$x\nB\n";
        let cut = at.index(script.len());
        for text in [script[..cut].to_owned(), format!("{}{insert}{}", &script[..cut], &script[cut..])] {
            let run = user_data(&text);
            let last = text.lines().count() as u32 + 3;
            prop_assert!(run.notes.iter().all(|note| note.line.is_some_and(|line| line <= last)), "{:?}", run.notes);
        }
    }
}
