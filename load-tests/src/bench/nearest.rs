//! The nearest 8 of 10,000 who move: production's search with all its filters (free, fresh, in contact,
//! skilled; each fifth officer is not), inside one program, against Redis `GEOSEARCH` over its wire in
//! pipelines of 100, and PostGIS asked by `pgbench`. Theirs know one filter at most, ours know all.

use anyhow::Result;

use super::Setting;
use super::host::{self, say};
use super::inside;
use super::line::{Better, Budget, Line};
use super::peers::postgis::Postgis;
use super::peers::redis::{Redis, command};
use super::sides::{Samples, median};
use crate::rng::Rng;

const OFFICERS: usize = 10_000;
/// Of the county, as in the other subjects.
const WEST_SOUTH: (f64, f64) = (114.50, 35.05);
const DEGREES: (f64, f64) = (0.33, 0.27);
/// Pipelines of 100 queries in a round: seconds of work.
const PIPELINES: usize = 600;
const POSTGIS_QUERIES: usize = 40_000;
const POSTGIS_UPDATES: usize = 300_000;

fn place(rng: &mut Rng) -> (String, String) {
    let (west, south) = WEST_SOUTH;
    let lon = west + rng.unit() * DEGREES.0;
    let lat = south + rng.unit() * DEGREES.1;
    (format!("{lon:.6}"), format!("{lat:.6}"))
}

/// The figures of Redis for one round: nanoseconds a query.
async fn ask_redis(redis: &mut Redis, rng: &mut Rng) -> Result<f64> {
    let before = redis.process.cpu_ns()?;
    let mut commands = Vec::new();
    for _ in 0..PIPELINES {
        commands.clear();
        for _ in 0..100 {
            let (lon, lat) = place(rng);
            let search = ["GEOSEARCH", "g", "FROMLONLAT", &lon, &lat, "BYRADIUS", "2", "km", "ASC"];
            let words: Vec<&str> = search.into_iter().chain(["COUNT", "8", "WITHDIST"]).collect();
            command(&mut commands, &words);
        }
        redis.pipeline(&commands, 100).await?;
    }
    #[allow(clippy::cast_precision_loss)] // Some ten thousand.
    let ns = (redis.process.cpu_ns()? - before) / (PIPELINES * 100) as f64;
    Ok(ns)
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let program = setting.spatial()?;
    let mut redis = Redis::start().await?;
    let mut rng = Rng::new(0x6e65_6172);
    let mut commands = Vec::new();
    for who in 0..OFFICERS {
        let (lon, lat) = place(&mut rng);
        command(&mut commands, &["GEOADD", "g", &lon, &lat, &format!("o{who}")]);
    }
    redis.pipeline(&commands, OFFICERS).await?;
    let postgis = Postgis::start(OFFICERS).await?;
    say(&format!(
        "ours: dispatch::search in-process, nine moves for each query (not counted with it); Redis {}: \
         GEOSEARCH 2 km COUNT 8 ASC WITHDIST, pipelined by 100, nobody moves meanwhile; PostGIS: \
         geometry in UTM 50N, GiST, prepared, 8 clients, shared_buffers 512 MB, jit off, autovacuum on",
        redis.version().await?
    ));
    let (mut ours, mut theirs) = (Samples::new(), Samples::new());
    let (mut crowd, mut fresh) = (Samples::new(), Samples::new());
    for _ in 0..setting.rounds {
        ours.push(inside::run(program, "nearest 10000 county").await?.ns);
        theirs.push(ask_redis(&mut redis, &mut rng).await?);
        crowd.push(inside::run(program, "nearest 10000 crowd").await?.ns);
        fresh.push(postgis.play(&postgis.nearest(), POSTGIS_QUERIES).await?);
    }
    postgis.play(&postgis.update(), POSTGIS_UPDATES).await?;
    let mut used = Samples::new();
    for _ in 0..setting.rounds {
        used.push(postgis.play(&postgis.nearest(), POSTGIS_QUERIES).await?);
    }
    say(&format!(
        "ours {:.0} ns, Redis {:.0}, PostGIS fresh {:.0}, after {POSTGIS_UPDATES} updates {:.0}; \
         load average {}",
        median(&ours),
        median(&theirs),
        median(&fresh),
        median(&used),
        host::load_average()
    ));
    let line = |name: &str, theirs: &Samples| {
        let (better, budget) = (Better::TimesCheaper, Budget::AtLeast(15.0));
        let name = format!("nearest 8 of 10,000 moving, filters, in-process; {name}");
        Line::versus(&name, "ns CPU", &ours, theirs, better, budget)
    };
    Ok(vec![
        line("Redis GEOSEARCH over its wire", &theirs),
        line("PostGIS k-NN over its wire, fresh", &fresh),
        line("PostGIS k-NN over its wire, after 300,000 updates", &used),
        Line::versus(
            "nearest 8, all 10,000 within 300 m; ours when they are spread; in-process",
            "ns CPU",
            &crowd,
            &ours,
            Better::Cost,
            Budget::AtMost(2.0),
        ),
    ])
}
