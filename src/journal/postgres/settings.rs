//! What a PostgreSQL server must be like before anything is entrusted to it.
//!
//! **Not here:** the settings that the journal makes for its own sessions (`session`).

use std::collections::BTreeMap;

use sqlx::PgConnection;

/// First version that is supported, as of `server_version_num`.
const VERSION_MIN: u32 = 130_000;

/// What is wrong with a server, a line each; empty when nothing is.
pub async fn faults(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN ('server_version_num', \
         'server_encoding', 'fsync', 'full_page_writes', 'synchronous_commit', 'data_sync_retry', \
         'zero_damaged_pages', 'ignore_checksum_failure', 'default_transaction_read_only') \
         UNION ALL SELECT 'standby', pg_is_in_recovery()::text",
    )
    .fetch_all(conn)
    .await?;
    Ok(judge(&rows.into_iter().collect()))
}

/// True for a `synchronous_commit` that waits for more than `on` does; it is left as it is.
pub fn is_stronger(synchronous_commit: &str) -> bool {
    synchronous_commit == "remote_apply"
}

fn judge(found: &BTreeMap<String, String>) -> Vec<String> {
    let value = |name: &str| found.get(name).map_or("unknown", String::as_str);
    let mut faults = Vec::new();
    let version = value("server_version_num");
    if version.parse::<u32>().map_or(true, |version| version < VERSION_MIN) {
        faults.push(format!("PostgreSQL 13 or newer is needed, this is {version}"));
    }
    if value("server_encoding") != "UTF8" {
        let encoding = value("server_encoding");
        faults.push(format!(
            "the database's encoding is {encoding}: make one with CREATE DATABASE … ENCODING 'UTF8' \
             TEMPLATE template0"
        ));
    }
    if value("standby") != "false" {
        faults.push("it is a standby, which takes no writes: name the primary".to_owned());
    }
    if value("default_transaction_read_only") != "off" {
        faults.push(
            "default_transaction_read_only is on: somebody wants nothing written here; set it off \
             for this database and role"
                .to_owned(),
        );
    }
    // Without the first a power cut loses what was answered, or the whole database; without the
    // second it leaves torn pages; with the third a failed fsync is tried again and then believed;
    // with the last two a damaged page reads as empty, or as it is.
    for (name, safe) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("data_sync_retry", "off"),
        ("zero_damaged_pages", "off"),
        ("ignore_checksum_failure", "off"),
    ] {
        if value(name) != safe {
            let is = value(name);
            faults.push(format!(
                "{name} = {is} would lose data: set {name} = {safe} in postgresql.conf (and for this \
                 database and role) and restart PostgreSQL"
            ));
        }
    }
    // `local` and `remote_write` wait for this machine's disk like `on` does, and the journal's own
    // sessions raise them to `on`. Whoever has set `off` has not meant this database to be a journal.
    if !matches!(value("synchronous_commit"), "on" | "local" | "remote_write" | "remote_apply") {
        let is = value("synchronous_commit");
        faults.push(format!(
            "synchronous_commit = {is} would lose data: set synchronous_commit = on for this \
             database and role"
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> BTreeMap<String, String> {
        [
            ("server_version_num", "150018"),
            ("server_encoding", "UTF8"),
            ("standby", "false"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("data_sync_retry", "off"),
            ("zero_damaged_pages", "off"),
            ("ignore_checksum_failure", "off"),
            ("default_transaction_read_only", "off"),
            ("synchronous_commit", "on"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn a_sound_server_has_no_fault() {
        assert_eq!(judge(&sound()), Vec::<String>::new());
        for safe in ["local", "remote_write", "remote_apply"] {
            let mut found = sound();
            found.insert("synchronous_commit".into(), safe.into());
            assert_eq!(judge(&found), Vec::<String>::new());
        }
    }

    #[test]
    fn each_fault_is_one_line_that_names_it() {
        for (name, value, says) in [
            ("server_version_num", "120022", "PostgreSQL 13"),
            ("server_encoding", "SQL_ASCII", "ENCODING 'UTF8'"),
            ("standby", "true", "name the primary"),
            ("fsync", "off", "set fsync = on"),
            ("full_page_writes", "off", "set full_page_writes = on"),
            ("data_sync_retry", "on", "set data_sync_retry = off"),
            ("zero_damaged_pages", "on", "set zero_damaged_pages = off"),
            ("ignore_checksum_failure", "on", "set ignore_checksum_failure = off"),
            ("default_transaction_read_only", "on", "default_transaction_read_only is on"),
            ("synchronous_commit", "off", "set synchronous_commit = on"),
        ] {
            let mut found = sound();
            found.insert(name.into(), value.into());
            let faults = judge(&found);
            assert!(faults.len() == 1 && faults[0].contains(says), "{name}: {faults:?}");
            found.remove(name);
            assert_eq!(judge(&found).len(), 1, "{name} not told");
        }
    }
}
