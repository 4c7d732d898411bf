//! The demo court: 长垣, with officers who move and cases in progress, so that a newcomer sees a live
//! console at once. Only on this machine, and only with `--demo`: it has passwords that are printed.

mod docket;
mod people;
mod walker;

use actix_web::web::Data;
use anyhow::Context as _;
use serde_json::json;
use tiande_core::court::CourtProfile;
use tiande_core::time::Millis;

use crate::admin::{AdminRequest, execute};
use crate::app::App;

/// Password of all demo people. Never set outside `--demo`.
const PASSWORD: &str = "tiande-demo-only";
/// Officers who move by themselves.
const WALKERS: usize = 32;
/// A demo tip comes in so often.
const TIP_EVERY: Millis = Millis(40_000);

/// The demo's court.
///
/// # Errors
/// The court's file in the repository is broken.
fn profile() -> anyhow::Result<CourtProfile> {
    let text = include_str!("../../config/courts/changyuan.toml");
    let mut profile: CourtProfile = toml::from_str(text).context("the demo court's file")?;
    // Officers of the demo never sleep.
    profile.shift.start = "00:00".into();
    profile.shift.end = "24:00".into();
    profile.shift.days = (1..=7).collect();
    profile.dispatch.report_every_ms = 1_000;
    Ok(profile)
}

/// A request whose failure because it was done before is no failure.
async fn ensure(
    app: &App,
    request: serde_json::Value,
) -> anyhow::Result<Option<serde_json::Value>> {
    let request: AdminRequest = serde_json::from_value(request).context("a demo request")?;
    match execute(app, request).await {
        Ok(done) => Ok(Some(done)),
        Err(fault) if fault.code == "exists" => Ok(None),
        Err(fault) => anyhow::bail!("setting up the demo: {fault}"),
    }
}

/// Sets the demo up and starts it.
///
/// # Errors
/// The server listens beyond this machine, or something could not be set up.
pub async fn start(app: &Data<App>) -> anyhow::Result<()> {
    anyhow::ensure!(
        app.config.listen.ip().is_loopback() && app.config.public_origin.is_none(),
        "--demo has known passwords and runs on this machine only: listen on 127.0.0.1 and set no \
         public_origin"
    );
    let profile = profile()?;
    let court = profile.id.clone();
    let id = court.as_str();
    ensure(app, json!({"do": "court_add", "profile": profile})).await?;
    for (username, name, roles) in [
        ("dispatcher", "李娜", ["dispatcher"]),
        ("director", "周正", ["director"]),
        ("president", "孙明", ["president"]),
        ("discipline", "钱慎", ["discipline"]),
        ("judge", "王芳", ["judge"]),
        ("judge2", "陈立", ["judge"]),
    ] {
        ensure(
            app,
            json!({"do": "user_add", "court": id, "username": username, "name": name,
            "roles": roles, "password": PASSWORD}),
        )
        .await?;
    }
    ensure(app, json!({"do": "case_import", "court": id, "cases": people::cases()})).await?;
    let opened = app.court(&court).context("the demo's court")?;
    docket::set_in_motion(app, &opened).await?;
    ensure(app, json!({"do": "source_add", "court": id, "name": "demo", "trusted": true})).await?;
    ensure(app, json!({"do": "source_add", "court": id, "name": "public"})).await?;
    let enrolled = ensure(
        app,
        json!({"do": "device_enrol", "court": id,
        "officer": people::YOURS, "badge": "豫0783-00"}),
    )
    .await?;
    print_guide(app, enrolled.as_ref()).await?;
    walker::start(app, &court, WALKERS, TIP_EVERY).await
}

#[allow(clippy::print_stdout)] // This is what a newcomer reads.
async fn print_guide(app: &App, enrolled: Option<&serde_json::Value>) -> anyhow::Result<()> {
    let address = format!("http://{}", app.config.listen);
    let code = enrolled.and_then(|done| done["code"].as_str()).unwrap_or("");
    let secret = |source: Option<crate::access::store::Source>| source.map(|s| s.secret);
    let trusted =
        secret(app.doors.source_by_name("demo").await.context("reading the demo source")?);
    let public = secret(app.doors.source_by_name("public").await.context("reading the source")?);
    let (trusted, public) = (trusted.unwrap_or_default(), public.unwrap_or_default());
    println!("\n天德 Tiande · demo court 长垣\n");
    println!(
        "  console    {address}/console/     user dispatcher (or director), password {PASSWORD}"
    );
    println!(
        "  desk       {address}/desk/        user director, president, discipline, judge or judge2, the \
         same password"
    );
    println!(
        "  handheld   {address}/handheld/    officer {}, enrolment code {code}",
        people::YOURS
    );
    println!("\n  send a tip (a trusted source: officers are asked at once):\n");
    println!(
        "    target/release/tiande tip --url {address} --source demo --secret {trusted} \\\n      \
         --court changyuan --kind debtor_sighted --urgency emergency --lat 35.2012 --lon 114.6712 \\\n      \
         --description '被执行人在蒲西街道出现'"
    );
    println!("\n  the same from an untrusted source waits for one key (d) at the console:\n");
    println!("    … --source public --secret {public} …\n");
    Ok(())
}
