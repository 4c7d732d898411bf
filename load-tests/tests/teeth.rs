//! Proves that the drill bites: the same small drill passes on an honest fake server and fails on
//! each dishonest one, for the right reason.
#![allow(clippy::unwrap_used, clippy::panic)] // Tests.

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::dispatch::{Mode, Town};

const SCENARIO: &str = r#"
name = "teeth"
seed = 3
duration_s = 6
[court]
name = "teeth"
area = [114.40, 34.97, 114.99, 35.40]
[court.dispatch]
offer_ttl_ms = 2000
receive_ttl_ms = 2000
[officers]
count = 30
off_duty = 4
report_every_ms = 200
[tips]
rate_per_s = 8
repeat = 0.2
[answers]
accept = 0.8
decline = 0.15
delay_ms = [50, 200]
finish_after_ms = [200, 800]
[limits]
tips_unanswered = 0
tip_to_offer_p99_ms = 500
offers_judged_min = 20
"#;

/// Runs the real binary against a fake; the exit code and the report.
async fn drill(name: &str, mode: Mode) -> (i32, Value) {
    let fake = support::start(name, mode).await;
    let admin = fake.admin.display().to_string();
    play(name, SCENARIO, &["--server", &fake.url, "--admin", &admin]).await
}

async fn play(name: &str, text: &str, target: &[&str]) -> (i32, Value) {
    let out = std::env::temp_dir().join(format!("tiande-teeth-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&out).unwrap();
    let scenario = out.join("scenario.toml");
    std::fs::write(&scenario, text).unwrap();
    let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_tiande-drill"))
        .arg("run")
        .arg(&scenario)
        .args(target)
        .arg("--out")
        .arg(&out)
        .output()
        .await
        .unwrap();
    let code = run.status.code().unwrap();
    assert!(code != 2, "the drill could not be played: {}", String::from_utf8_lossy(&run.stderr));
    let report = std::fs::read_to_string(out.join("report.json")).unwrap();
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("src="), "one self-contained page");
    // The saved record gives the same judgement.
    let again = tokio::process::Command::new(env!("CARGO_BIN_EXE_tiande-drill"))
        .arg("check")
        .arg(out.join("record.jsonl.gz"))
        .output()
        .await
        .unwrap();
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    for key in ["offers", "offers_judged", "offers_not_nearest", "double_commitments", "tips_lost"]
    {
        assert_eq!(again[key], report[key], "{key}");
    }
    std::fs::remove_dir_all(&out).unwrap();
    (code, report)
}

fn count(report: &Value, key: &str) -> u64 {
    report[key].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_server_passes() {
    let (code, report) = drill("honest", Mode::Honest).await;
    assert_eq!(code, 0, "{}\n{}", report["limits_broken"], report["faults"]);
    assert_eq!(report["limits_broken"], Value::Array(Vec::new()));
    assert!(count(&report, "tips_acked") >= 40);
    assert!(count(&report, "offers_accepted") >= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn offering_the_second_nearest_fails() {
    let (code, report) = drill("second", Mode::SecondNearest).await;
    assert_eq!(code, 1);
    assert!(count(&report, "offers_not_nearest") > 10, "{report:#}");
    assert_eq!(count(&report, "double_commitments") + count(&report, "tips_lost"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn committing_an_officer_twice_fails() {
    let (code, report) = drill("doubles", Mode::Doubles).await;
    assert_eq!(code, 1);
    assert!(count(&report, "double_commitments") > 0, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_an_acknowledged_tip_fails() {
    let (code, report) = drill("loses", Mode::LosesTips).await;
    assert_eq!(code, 1);
    assert!(count(&report, "tips_lost") > 0, "{report:#}");
    assert_eq!(count(&report, "double_commitments") + count(&report, "offers_not_nearest"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_an_officer_who_is_off_duty_fails() {
    let (code, report) = drill("off-duty", Mode::AsksOffDuty).await;
    assert_eq!(code, 1);
    assert!(count(&report, "offers_off_duty") > 0, "{report:#}");
}

/// The same drill of a small country: three courts, of which one has a dispatcher, each with a gateway.
fn country() -> String {
    SCENARIO
        .replace("off_duty = 4\n", "")
        .replace(
            "[officers]",
            "[country]\ncourts = 3\ntracked = 30\ndispatchers_every = 3\n[officers]",
        )
        .replace(
            "[limits]",
            "[limits]\ngateway_positions_refused = 0\ngateway_positions_given_up = 0\n\
             positions_handled_per_s_min = 200\ntips_looked_up_min = 5",
        )
}

async fn country_drill(name: &str, mode: Mode) -> (i32, Value) {
    let fake = support::start(name, mode).await;
    let admin = fake.admin.display().to_string();
    play(name, &country(), &["--server", &fake.url, "--admin", &admin]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_country_passes() {
    let (code, report) = country_drill("country", Mode::Honest).await;
    assert_eq!(code, 0, "{}\n{}", report["limits_broken"], report["faults"]);
    assert_eq!((count(&report, "courts"), count(&report, "tracked")), (3, 30));
    let (sent, taken) =
        (count(&report, "gateway_positions_sent"), count(&report, "gateway_positions_taken"));
    assert!(taken > 500 && taken == sent, "{taken} of {sent}");
    let looked_up = count(&report, "tips_looked_up");
    assert!(looked_up < count(&report, "tips_acked"), "of one court in three");
}

/// What was turned away comes again, in order: a server that keeps nothing above what is missing ends
/// up with all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_has_no_room_now_and_then_passes() {
    let (code, report) = country_drill("turns-away", Mode::TurnsAway).await;
    assert!(count(&report, "gateway_positions_resent") > 50, "{report:#}");
    assert!(count(&report, "gateway_batches_refused") > 5, "{report:#}");
    assert_eq!(count(&report, "gateway_positions_given_up"), 0);
    // What waits when the drill is over is no more than a few intervals of everybody.
    let open = count(&report, "gateway_positions_sent") - count(&report, "gateway_positions_taken");
    assert!(open < 600, "{open} positions never got in");
    assert_eq!(code, 0, "{}\n{}", report["limits_broken"], report["faults"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_a_gateways_batches_fails() {
    let (code, report) = country_drill("loses-batches", Mode::LosesBatches).await;
    assert_eq!(code, 1);
    assert!(count(&report, "gateway_batches_unanswered") > 5, "{report:#}");
    assert_eq!(count(&report, "gateway_answers_wrong"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_speak_of_each_record_fails() {
    let (code, report) = country_drill("miscounts", Mode::Miscounts).await;
    assert_eq!(code, 1);
    assert!(count(&report, "gateway_answers_wrong") > 5, "{report:#}");
    assert_eq!(count(&report, "gateway_batches_unanswered"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn never_having_room_for_an_officer_fails() {
    let (code, report) = country_drill("no-room", Mode::NeverHasRoom).await;
    assert_eq!(code, 1);
    assert!(count(&report, "gateway_positions_given_up") > 0, "{report:#}");
}

/// Not a test: this program as a server of `--spawn` that remembers its officers and nothing else.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by a_server_that_forgets_when_killed_fails"]
#[allow(clippy::disallowed_methods)] // How the script below hands over its arguments.
async fn serve_forgetfully() {
    let (Ok(listen), Ok(data)) = (std::env::var("FAKE_LISTEN"), std::env::var("FAKE_DATA")) else {
        return;
    };
    std::fs::create_dir_all(&data).unwrap();
    let town = Arc::new(Mutex::new(Town::new(Mode::Honest, Path::new(&data))));
    support::serve(&listen, &Path::new(&data).join("admin.sock"), town).await;
    std::future::pending::<()>().await;
}

/// `kill -9`, restarts, reconnects and retries are played, and a loss by them is seen; and the chaos
/// of it accuses nobody of what was not done.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgets_when_killed_fails() {
    let folder = std::env::temp_dir().join(format!("tiande-forgetful-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = folder.join("tiande");
    let program = std::env::current_exe().unwrap();
    // tiande serve --listen ADDRESS --data FOLDER --config FILE
    let text = format!(
        "#!/bin/sh\nFAKE_LISTEN=$3 FAKE_DATA=$5 exec '{}' --ignored --exact serve_forgetfully\n",
        program.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let scenario = SCENARIO.replace("[limits]", "[faults]\nkill_server_every_s = 2\n[limits]");
    let target = ["--spawn", "--binary", &script.display().to_string()];
    let (code, report) = play("forgetful", &scenario, &target).await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(code, 1);
    assert!(count(&report, "restarts") >= 2, "{report:#}");
    assert!(count(&report, "tips_lost") > 5, "{report:#}");
    assert_eq!(count(&report, "tips_unanswered"), 0, "{report:#}");
    let accused = count(&report, "double_commitments") + count(&report, "offers_not_nearest");
    assert_eq!(accused, 0, "{:#}", report["faults"]);
    assert!(report["server_rss_mb_max"].as_f64().unwrap() > 1.0);
}
