//! The program's other commands, the data folder's lock, and settings that refuse to start.

use std::fs;

use serde_json::{Value, json};

use crate::support::people::{PASSWORD, sign_in_again};
use crate::support::server::{Folder, Said, free_port, profile, run};
use crate::support::tips::good_tip;
use crate::support::{Court, Server};

/// A court's file as people write it.
fn court_file(id: &str) -> String {
    let profile = profile(id);
    toml::to_string(&profile).expect("TOML")
}

/// What a command printed.
fn printed(said: &Said) -> Value {
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    serde_json::from_str(&said.out).unwrap_or_else(|_| unreachable!("no JSON: {}", said.out))
}

/// A refusal of one line that a person understands.
fn one_line(said: &Said, code: i32, words: &str) {
    assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(lines.len(), 1, "{}", said.err);
    assert!(lines[0].contains(words), "{words}: {}", lines[0]);
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn commands_do_the_same_with_and_without_a_server() {
    let mut server = Server::start();
    let folder = Folder::new();
    let cases =
        r#"[{"number": "(2026)豫0783执7号", "parties": [{"role": "applicant", "name": "甲"}]}]"#;
    let cases = folder.file("cases.json", cases).display().to_string();
    for (round, id) in ["with", "without"].into_iter().enumerate() {
        let file = folder.file("court.toml", &court_file(id)).display().to_string();
        assert_eq!(printed(&server.command(&["court", "add", &file], ""))["court"], id);
        one_line(&server.command(&["court", "add", &file], ""), 1, "exists");
        let source = printed(&server.command(&["source", "add", "--court", id, id], ""));
        assert!(source["secret"].as_str().is_some_and(|s| s.starts_with("whsec_")), "{source}");
        one_line(&server.command(&["source", "add", "--court", id, id], ""), 1, "exists");
        let enrol = ["device", "enrol", "--court", id, "--officer", "王建国", "--skill", "vehicle"];
        let first = printed(&server.command(&enrol, ""));
        let second = printed(&server.command(&enrol, ""));
        assert_eq!(first["officer"], second["officer"], "the same officer");
        assert_ne!(first["code"], second["code"]);
        let user = [
            "user",
            "add",
            "--court",
            id,
            "--username",
            id,
            "--name",
            "李娜",
            "--role",
            "dispatcher",
        ];
        printed(&server.command(&user, &format!("{PASSWORD}\n")));
        one_line(&server.command(&user, PASSWORD), 1, "exists");
        let import = printed(&server.command(&["case", "import", &cases, "--court", id], ""));
        assert_eq!(import["cases"].as_array().map(Vec::len), Some(1), "{import}");
        let again = printed(&server.command(&["case", "import", &cases, "--court", id], ""));
        assert_eq!(again, import, "the same case");
        if round == 0 {
            server.kill();
            assert!(server.data.join("admin.sock").exists(), "left by the kill, owned by nobody");
        }
    }
    server.start_again();
    for id in ["with", "without"] {
        let cookie = sign_in_again(&server, id);
        let officers = server.get("/api/officers", &[("cookie", &cookie)]).ok("officers");
        assert_eq!(officers["officers"].as_array().map(Vec::len), Some(1));
        let number = "/api/cases?number=%282026%29%E8%B1%AB0783%E6%89%A77%E5%8F%B7";
        let case = server.get(number, &[("cookie", &cookie)]).ok("case");
        assert_eq!(case["parties"][0]["name"], "甲");
    }
}

#[test]
fn commands_refuse_what_makes_no_sense() {
    let server = Server::start();
    Court::add(&server, "alpha");
    let folder = Folder::new();
    let user = |password: &str, role: &str, court: &str| {
        let args =
            ["user", "add", "--court", court, "--username", "u", "--name", "N", "--role", role];
        server.command(&args, password)
    };
    for weak in ["", "\n", "short", "123456789", "九个字的密码不够长"] {
        one_line(&user(weak, "dispatcher", "alpha"), 1, "at least 10 characters");
    }
    one_line(&user(PASSWORD, "king", "alpha"), 1, "roles");
    one_line(&user(PASSWORD, "dispatcher", "nowhere"), 1, "unknown-court");
    let mut bad = profile("Bad Name");
    let text = toml::to_string(&bad).expect("TOML");
    let file = folder.file("court.toml", &text).display().to_string();
    assert_eq!(server.command(&["court", "add", &file], "").code, Some(1));
    bad = profile("beta");
    bad["dispatch"]["offer_ttl_ms"] = json!(1);
    bad["area"] = json!([0.0, 10.0, 0.0, 5.0]);
    let said = server.ask(&json!({"do": "court_add", "profile": bad})).expect_err("refused");
    assert_eq!(said["code"], "profile");
    assert!(said["faults"].as_array().is_some_and(|f| f.len() >= 2), "{said}");
    let surprise = court_file("beta") + "\n[surprise]\nx = 1\n";
    let file = folder.file("court.toml", &surprise).display().to_string();
    assert_eq!(server.command(&["court", "add", &file], "").code, Some(1));
    // Either all cases of a file, or none; and each fault with its row.
    let cases = json!([
        {"number": "(2026)豫0783执8号", "parties": [{"role": "applicant", "name": "甲"}]},
        {"number": "8", "parties": [{"role": "applicant", "name": "甲"}]},
        {"number": "(2026)豫0783执9号", "parties": []},
    ]);
    let file = folder.file("cases.json", &cases.to_string()).display().to_string();
    let said = server.command(&["case", "import", &file, "--court", "alpha"], "");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("case 2") && said.err.contains("case 3"), "{}", said.err);
    let metrics = String::from_utf8(server.get("/metrics", &[]).body).expect("text");
    assert!(metrics.contains("tiande"), "{metrics}");
    for line in ["", "{", "[]", "{\"do\":\"shut_down\"}", "{\"do\":\"court_add\"}"] {
        let answer = server.ask(&json!(line)).expect_err(line);
        assert_eq!(answer["code"], "request-invalid", "{line}");
    }
    for missing in [
        vec!["court", "add", "/nowhere.toml"],
        vec!["case", "import", "/nowhere", "--court", "alpha"],
    ] {
        one_line(&server.command(&missing, ""), 1, "No such file");
    }
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |name: &str| fs::metadata(server.data.join(name)).expect(name).permissions().mode();
    assert_eq!(mode("admin.sock") & 0o777, 0o600);
    assert_eq!(mode("keys/master.key") & 0o077, 0, "the key is the server's user's own");
}

#[test]
fn a_folder_has_one_server_at_a_time() {
    let server = Server::start();
    let listen = format!("127.0.0.1:{}", free_port());
    let second = server.command(&["serve", "--listen", &listen], "");
    // sysexits: try again later.
    assert_eq!(second.code, Some(75), "{}{}", second.out, second.err);
    let faults: Vec<&str> = second.err.lines().filter(|l| l.starts_with("tiande: ")).collect();
    assert_eq!(faults.len(), 1, "{}", second.err);
    assert!(!second.err.contains("panicked"), "{}", second.err);
    assert_eq!(server.get("/readyz", &[]).status, 200, "the first one goes on");
    // Nor does a port have two.
    let folder = Folder::new();
    let taken = format!("127.0.0.1:{}", server.port);
    let data = folder.0.join("data").display().to_string();
    let third = run(&["serve", "--listen", &taken, "--data", &data], "");
    assert_eq!(third.code, Some(1));
    assert!(third.err.contains("in use"), "{}", third.err);
}

#[test]
fn settings_that_are_wrong_refuse_to_start_with_a_line_for_each_fault() {
    let folder = Folder::new();
    let data = folder.0.join("data").display().to_string();
    let start = |text: &str, more: &[&str]| {
        let config = folder.file("tiande.toml", text).display().to_string();
        let all = [&["serve", "--config", &config, "--data", &data], more].concat();
        run(&all, "")
    };
    one_line(&start("wrokers = 2", &[]), 78, "wrokers");
    one_line(&start("workers = 0", &[]), 78, "workers");
    one_line(&start("workers = \"two\"", &[]), 78, "workers");
    one_line(&start("hash = \"md5\"", &[]), 78, "hash");
    one_line(&start("listen = \"nowhere\"", &[]), 78, "listen");
    one_line(&start("public_origin = \"http://a.cn\"", &[]), 78, "public_origin");
    one_line(&start("public_origin = \"https://a.cn/path\"", &[]), 78, "public_origin");
    one_line(&start("not toml at all", &[]), 78, "expected");
    one_line(&start("", &["--listen", "0.0.0.0:0"]), 78, "public_origin");
    let both = start("workers = 0\nhash = \"md5\"", &[]);
    assert_eq!((both.code, both.err.lines().count()), (Some(78), 2), "{}", both.err);
    one_line(
        &run(&["serve", "--config", "/nowhere.toml", "--data", &data], ""),
        78,
        "nowhere.toml",
    );
    // The demo has known passwords.
    let public = "public_origin = \"https://a.cn\"";
    for more in [["--demo", "--listen", "0.0.0.0:0"], ["--demo", "--listen", "127.0.0.1:0"]] {
        let said = start(public, &more);
        assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
        assert!(said.err.lines().any(|line| line.starts_with("tiande: --demo")), "{}", said.err);
    }
    one_line(&start("", &["--demo", "--listen", "0.0.0.0:0"]), 78, "public_origin");
}

#[test]
fn a_journal_that_was_touched_is_found_out() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    for number in 0..20 {
        court.source.incident(&server, &format!("m{number}"), &good_tip("alpha"));
    }
    let said = server.command(&["journal", "verify"], "");
    assert_eq!(said.code, Some(0), "beside a server: {}{}", said.out, said.err);
    assert_eq!(said.out.lines().last(), Some("whole"), "{}", said.out);
    server.ask_to_end();
    assert!(server.ended(std::time::Duration::from_secs(8)).is_some());
    // A fact that stands in the clear in an event's body, somewhere in the middle.
    let word = b"\"trusted\":true";
    let touched =
        fs::read_dir(&server.data).expect("the data folder").flatten().find_map(|entry| {
            let path = entry.path();
            let bytes = fs::read(&path).ok()?;
            let found: Vec<usize> = (0..bytes.len().saturating_sub(word.len()))
                .filter(|at| bytes[*at..].starts_with(word))
                .collect();
            let at = *found.get(found.len() / 2)?;
            let mut changed = bytes;
            changed[at + 10..at + 14].copy_from_slice(b"null");
            fs::write(&path, changed).ok()
        });
    assert!(touched.is_some(), "no event body was found");
    let said = server.command(&["journal", "verify"], "");
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert_eq!(said.out.lines().last(), Some("BROKEN"), "{}", said.out);
    assert!(said.out.lines().any(|line| line.starts_with("position ")), "{}", said.out);
}

#[test]
fn the_tip_command_sends_what_the_server_takes() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let url = format!("http://127.0.0.1:{}{}", server.port, court.source.path());
    let send = |secret: &str| {
        run(
            &[
                "tip",
                "--url",
                &url,
                "--secret",
                secret,
                "--court",
                "alpha",
                "--kind",
                "other",
                "--urgency",
                "routine",
                "--lat",
                "35.2010",
                "--lon",
                "114.6700",
                "--description",
                "测试",
            ],
            "",
        )
    };
    let said = send(&court.source.secret);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.starts_with("202"), "{}", said.out);
    let refused = send("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_ne!(refused.code, Some(0), "{}", refused.out);
    assert_eq!(court.incidents(&cookie).len(), 1);
}
