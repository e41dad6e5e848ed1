//! `truncate`.

use super::*;

#[test]
fn truncate_makes_cuts_and_refuses_files() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    for (command, exit, output) in [
        ("truncate -s 10K big; wc -c < big", 0, "10240\n"),
        ("truncate -s -9K big; wc -c < big", 0, "1024\n"),
        ("truncate -s 0 big; wc -c < big", 0, "0\n"),
        ("truncate -c -s 1 absent; ls absent", 2, "ls: cannot access 'absent': No such file or directory\n"),
        ("truncate big", 1, "truncate: you must specify either '--size' or '--reference'\n"),
        ("truncate -s 1", 1, "truncate: missing file operand\n"),
        ("truncate -s many big", 1, "truncate: Invalid number: 'many'\n"),
        ("truncate -s 2G big", 1, "truncate: failed to truncate 'big' at 2147483648 bytes: File too large\n"),
        ("truncate -s 1 /tmp", 1, "truncate: cannot open '/tmp' for writing: Is a directory\n"),
    ] {
        let run = lab.typed(0, command);
        assert_eq!((run.exit, run.stdout + &run.stderr), (exit, output.to_owned()), "{command}");
    }
}
