//! `tiande procedure`: files and dates, as people and scripts use them; and the same over HTTP.

use serde_json::Value;

use crate::support::Server;
use crate::support::server::{Folder, Said, run};

const PROCEDURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/procedures/enforcement.toml");
const CALENDAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/calendars/cn.toml");

fn due(more: &[&str]) -> Said {
    run(&[&["procedure", "due"], more].concat(), "")
}

fn answer(more: &[&str]) -> Value {
    let said = due(&[more, &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{more:?}: {}", said.err);
    assert_eq!(said.out.lines().count(), 1, "one object: {}", said.out);
    serde_json::from_str(&said.out).expect("JSON")
}

#[test]
fn a_date_is_computed_with_its_reasons() {
    let from = ["--node", "T01", "--from", "2026-02-10T09:30"];
    let plain = answer(&from);
    assert_eq!(plain["due"], "2026-08-10T23:59:59+08:00");
    assert_eq!(plain["provisional"], false);
    let stayed = answer(&[&from[..], &["--suspend", "2026-02-20/2026-03-05"]].concat());
    assert_eq!(stayed["due"], "2026-08-24T23:59:59+08:00");
    let warn: Vec<_> = stayed["warn"].as_array().expect("a list").iter().collect();
    assert_eq!(
        warn,
        ["2026-07-25T09:00:00+08:00", "2026-08-14T09:00:00+08:00", "2026-08-19T09:00:00+08:00"]
    );
    let because = stayed["because"].to_string();
    for article in ["85条", "202条", "法释〔2000〕29号 9条", "法释〔1998〕15号 63条"]
    {
        assert!(because.contains(article), "{article}: {because}");
    }
    let twice = ["--suspend", "2026-03-01/2026-03-11", "--suspend", "2026-03-06/2026-03-16"];
    assert_eq!(answer(&[&from[..], &twice].concat())["due"], "2026-08-25T23:59:59+08:00");
    let extended = answer(&[&from[..], &["--extend", "90"]].concat());
    assert_eq!(extended["due"], "2026-11-09T23:59:59+08:00");
    let open = answer(&[&from[..], &["--suspend", "2026-06-01/"]].concat());
    assert_eq!((&open["due"], &open["warn"]), (&Value::Null, &Value::Array(Vec::new())));
    // For people: lines, with the date and where it comes from.
    let said = due(&from);
    assert_eq!(said.code, Some(0));
    assert!(said.out.contains("2026-08-10T23:59:59+08:00") && said.out.contains("民法典 202条"));
}

#[test]
fn a_question_without_an_answer_is_one_line_that_says_what_to_do() {
    for (more, words) in [
        (vec!["--node", "W02", "--from", "2026-02-10"], "condition on two dates"),
        (vec!["--node", "Q99", "--from", "2026-02-10"], "no \"Q99\""),
        (vec!["--node", "T01", "--from", "tomorrow"], "no date such as"),
        (
            vec!["--node", "T01", "--from", "2026-02-10", "--suspend", "2026-03-05/2026-03-01"],
            "ends before it begins",
        ),
        (vec!["--node", "T01", "--from", "2026-02-10", "--calendar", "/nowhere"], "No such file"),
    ] {
        let said = due(&[&more[..], &["--json"]].concat());
        assert_eq!(said.code, Some(1), "{more:?}: {}{}", said.out, said.err);
        assert_eq!((said.out.as_str(), said.err.lines().count()), ("", 1), "{}", said.err);
        // Once: a fault and its source must not say the same.
        assert_eq!(said.err.matches(words).count(), 1, "{words}: {}", said.err);
    }
}

#[test]
fn files_are_checked_with_a_line_for_each_fault() {
    let folder = Folder::new();
    for (what, good) in [("check", PROCEDURE), ("calendar", CALENDAR)] {
        let said = run(&["procedure", what, good], "");
        assert_eq!((said.code, said.out.lines().count()), (Some(0), 1), "{}{}", said.out, said.err);
        assert!(said.out.contains("sound"), "{}", said.out);
        let text = std::fs::read_to_string(good).expect("the file");
        let bad = text.replacen("version = 1", "version = 0\nsurprise = 1", 1);
        let line = text[..text.find("version = 1").expect("a version")].matches('\n').count() + 1;
        let file = folder.file("bad.toml", &bad).display().to_string();
        let said = run(&["procedure", what, &file], "");
        assert_eq!((said.code, said.err.lines().count()), (Some(1), 2), "{}", said.err);
        for (line, words) in [(line, "version"), (line + 1, "surprise")] {
            let start = format!("{file}:{line}: ");
            let fits = said.err.lines().any(|l| l.starts_with(&start) && l.contains(words));
            assert!(fits, "{start}{words}: {}", said.err);
        }
    }
    assert_eq!(run(&["procedure", "check", "/nowhere.toml"], "").code, Some(1));
    let said = run(&["procedure", "check", PROCEDURE, "--list"], "");
    assert_eq!(said.out.lines().count(), 76, "{}", said.out);
}

#[test]
fn another_calendar_and_another_procedure_can_be_used() {
    let folder = Folder::new();
    // A court that allows itself five days to verify a lead.
    let text = std::fs::read_to_string(PROCEDURE).expect("the file");
    let at = text.find("code = \"C03\"").expect("the row");
    let own = format!("{}{}", &text[..at], text[at..].replacen("days = 7", "days = 5", 1));
    let file = folder.file("own.toml", &own).display().to_string();
    let lead = ["--node", "C03", "--from", "2026-03-02"];
    assert_eq!(answer(&lead)["due"], "2026-03-09T23:59:59+08:00");
    let own = answer(&[&lead[..], &["--procedure", &file]].concat());
    // Saturday 7, rolled.
    assert_eq!(own["due"], "2026-03-09T23:59:59+08:00");
    assert_eq!(own["unrolled"], "2026-03-07");
    // 2027 as one year more: what was provisional is not any more.
    let late = ["--node", "Z06", "--from", "2026-11-02"];
    let before = answer(&late);
    assert_eq!(
        (&before["due"], &before["provisional"]),
        (&"2027-01-01T23:59:59+08:00".into(), &true.into())
    );
    let calendar = std::fs::read_to_string(CALENDAR).expect("the file");
    let next = "\n[[year]]\nyear = 2027\nnotice = \"n\"\nworking = []\nholidays = [{ zh = \"元旦\", en = \"x\", first = \"2027-01-01\", last = \"2027-01-03\" }]\n";
    let file = folder.file("cn.toml", &format!("{calendar}{next}")).display().to_string();
    let after = answer(&[&late[..], &["--calendar", &file]].concat());
    assert_eq!(
        (&after["due"], &after["provisional"]),
        (&"2027-01-04T23:59:59+08:00".into(), &false.into())
    );
    // The same through the settings, which a faulty file does not get past.
    let settings = format!("[procedure]\ncalendar = {file:?}\n");
    let config = folder.file("tiande.toml", &settings).display().to_string();
    let by_settings = answer(&[&late[..], &["--config", &config]].concat());
    assert_eq!(by_settings["due"], after["due"]);
    folder.file("cn.toml", "calendar = 1\nversion = 1\n");
    let data = folder.0.join("data").display().to_string();
    let said = run(&["serve", "--config", &config, "--data", &data, "--listen", "127.0.0.1:0"], "");
    assert_eq!(said.code, Some(78), "{}{}", said.out, said.err);
    assert!(said.err.contains("cn.toml:1: "), "{}", said.err);
}

#[test]
fn the_server_gives_the_same_dates_to_everybody() {
    let server = Server::start();
    let rows = server.get("/api/procedure", &[]).ok("the rows");
    assert_eq!(rows["nodes"].as_array().map(Vec::len), Some(75));
    let address = "/api/procedure/due?node=A03&from=2026-02-10";
    let over_http = server.get(address, &[]).ok("a date");
    assert_eq!(over_http, answer(&["--node", "A03", "--from", "2026-02-10"]));
    assert_eq!(over_http["due"], "2026-02-24T23:59:59+08:00");
    server.get("/api/procedure/due?node=W02&from=2026-02-10", &[]).refused(
        422,
        "field-invalid",
        "a condition",
    );
}
