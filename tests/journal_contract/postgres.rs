//! The PostgreSQL journal in a database of its own.

use std::path::Path;
use std::sync::Arc;

use tiande::journal::{OpenFault, PostgresJournal, PostgresOptions};
use tiande_actors::ports::journal::Journal;

use crate::Harness;
use crate::server::Database;
use crate::sqlite::{Folder, options};

/// The database at `url` as the configuration names it.
pub fn place(url: &str) -> PostgresOptions {
    PostgresOptions::new(url, None).expect("a good address")
}

pub async fn try_open(data_dir: &Path, url: &str) -> Result<PostgresJournal, OpenFault> {
    PostgresJournal::open(options(data_dir), place(url)).await
}

pub async fn open(data_dir: &Path, url: &str) -> PostgresJournal {
    try_open(data_dir, url).await.expect("opens")
}

pub struct Postgres {
    pub journal: PostgresJournal,
    pub folder: Folder,
    pub database: Database,
}

impl Harness for Postgres {
    async fn fresh() -> Self {
        let (folder, database) = (Folder::new(), Database::fresh().await);
        Self { journal: open(folder.path(), &database.url).await, folder, database }
    }
    async fn again(self) -> Self {
        self.journal.shutdown().await;
        let journal = open(self.folder.path(), &self.database.url).await;
        Self { journal, ..self }
    }
    fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.journal.clone())
    }
}
