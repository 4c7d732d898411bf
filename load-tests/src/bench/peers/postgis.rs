//! PostgreSQL with PostGIS: a private server of the machine's own packages, asked by `pgbench`.
//!
//! Set up as a careful user does for one table in memory: 512 MB of shared buffers, prepared
//! statements, a GiST index, geometry in metres of the zone (UTM 50N), statistics fresh after loading.
//! `jit` is off, which helps statements as short as these. Autovacuum is on, as shipped.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::postgres::Postgres;

/// Side of the square, metres, and its south-west corner in UTM 50N.
const AREA: (u32, u32, u32) = (30_000, 272_000, 3_882_000);

/// A running server.
#[derive(Debug)]
pub struct Postgis {
    server: Postgres,
    scripts: PathBuf,
}

impl Postgis {
    /// Starts one with `officers` rows, a fifth of whom are not available.
    pub async fn start(officers: usize) -> Result<Self> {
        let server = Postgres::start(&["-c", "shared_buffers=512MB", "-c", "jit=off"])?;
        let scripts =
            std::env::temp_dir().join(format!("tiande-bench-postgis-{}", std::process::id()));
        std::fs::create_dir_all(&scripts).context("cannot make a folder")?;
        let this = Self { server, scripts };
        let (side, west, south) = AREA;
        this.sql(&format!(
            "CREATE EXTENSION postgis;
             CREATE TABLE officer (id int PRIMARY KEY, status int NOT NULL,
               geom geometry(Point, 32650) NOT NULL);
             INSERT INTO officer SELECT n, (n % 5 = 0)::int, ST_SetSRID(ST_MakePoint(
               {west} + random() * {side}, {south} + random() * {side}), 32650)
               FROM generate_series(1, {officers}) AS n;
             CREATE INDEX ON officer USING gist (geom);
             VACUUM ANALYZE officer;"
        ))
        .await?;
        let place = format!(
            "\\set x random({west}, {west} + {side})\n\\set y random({south}, {south} + {side})\n"
        );
        let point = "ST_SetSRID(ST_MakePoint(:x, :y), 32650)";
        std::fs::write(
            this.nearest(),
            format!(
                "{place}SELECT id, ST_Distance(geom, {point}) FROM officer WHERE status = 0 \
                 ORDER BY geom <-> {point} LIMIT 8;\n"
            ),
        )?;
        std::fs::write(
            this.update(),
            format!(
                "\\set id random(1, {officers})\n\\set x random(-20, 20)\n\\set y random(-20, 20)\n\
                 UPDATE officer SET geom = ST_Translate(geom, :x * 0.1, :y * 0.1) WHERE id = :id;\n"
            ),
        )?;
        Ok(this)
    }

    /// The script of a query, for [`Postgis::play`].
    pub fn nearest(&self) -> PathBuf {
        self.scripts.join("nearest.sql")
    }

    /// The script of somebody's moving by a metre or two.
    pub fn update(&self) -> PathBuf {
        self.scripts.join("update.sql")
    }

    async fn sql(&self, sql: &str) -> Result<()> {
        let mut psql = Command::new("psql");
        psql.args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-U", "tiande", "-d", "postgres", "-h"])
            .arg(&self.server.home);
        for statement in sql.split_inclusive(';').filter(|part| !part.trim().is_empty()) {
            psql.args(["-c", statement.trim()]);
        }
        let done = psql.stdout(Stdio::null()).status().await.context("cannot run psql")?;
        if !done.success() {
            bail!("PostGIS cannot be set up; scripts/setup-system.sh bench installs it");
        }
        Ok(())
    }

    /// Plays a script with 8 clients so often in all; the server's processor time each, nanoseconds.
    pub async fn play(&self, script: &Path, times: usize) -> Result<f64> {
        let before = self.server.cpu_ns()?;
        let each = (times / 8).max(1);
        let done = Command::new("pgbench")
            .args(["-n", "-M", "prepared", "-c", "8", "-j", "1", "-U", "tiande", "-h"])
            .arg(&self.server.home)
            .args(["-t", &each.to_string(), "-f"])
            .arg(script)
            .arg("postgres")
            .stdin(Stdio::null())
            .output()
            .await
            .context("cannot run pgbench")?;
        if !done.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&done.stderr));
        }
        // A backend that has ended counts with its parent only when the parent has noticed.
        crate::clock::sleep_ms(200).await;
        #[allow(clippy::cast_precision_loss)] // Thousands.
        let ns = (self.server.cpu_ns()? - before) / (each * 8) as f64;
        Ok(ns)
    }
}

impl Drop for Postgis {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.scripts);
    }
}
