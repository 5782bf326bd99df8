//! Which vault the words of a command line name, and with which master keys it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use hos_core::error::Fault;
use hos_core::hos::HosOptions;
use hos_core::vault::{MasterKeys, Vault};
use hos_sqlx::{MysqlVault, PostgresVault, SqliteVault};

use crate::database::Database;
use crate::exit::{Exit, Trouble};

/// The vault of a command.
#[derive(Debug, Args)]
pub(crate) struct VaultArguments {
    /// The vault of the persons' keys: a URL, or the path of a SQLite file.
    #[arg(long, value_name = "URL|FILE", env = "HOS_VAULT_URL", hide_env_values = true)]
    vault: Option<String>,
    /// The file of the vault's master keys.
    #[arg(long, value_name = "FILE")]
    master: Option<PathBuf>,
    /// The variable of the environment that holds the vault's master keys.
    #[arg(long, value_name = "NAME", conflicts_with = "master")]
    master_env: Option<String>,
}

/// A vault that is open, and the keys that its keys are under.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) master: Arc<MasterKeys>,
}

impl VaultArguments {
    /// Opens it, if one is named. None is ever made: the world makes its vault.
    pub(crate) async fn open(&self) -> Result<Option<Opened>, Trouble> {
        let Some(named) = &self.vault else { return Ok(None) };
        let master = Arc::new(match (&self.master, &self.master_env) {
            (Some(path), _) => MasterKeys::from_file(path).map_err(unreadable)?,
            (None, Some(name)) => MasterKeys::from_environment(name).map_err(unreadable)?,
            (None, None) => {
                let message = "the vault's master keys were not named";
                return Err(Trouble::new(Exit::Usage, message, "give `--master FILE`"));
            }
        });
        let vault: Arc<dyn Vault> = match Database::parse(named, None)? {
            Database::Sqlite(path) if !path.is_file() => {
                let message = format!("there is no vault `{}`", path.display());
                return Err(Trouble::new(Exit::Address, message, "check `--vault`"));
            }
            Database::Sqlite(path) => Arc::new(SqliteVault::join(path).await?),
            Database::Postgres(options) => Arc::new(PostgresVault::join(options).await?),
            Database::Mysql(options) => Arc::new(MysqlVault::join(options).await?),
        };
        Ok(Some(Opened { vault, master }))
    }

    /// Opens it; there must be one.
    pub(crate) async fn require(&self) -> Result<Opened, Trouble> {
        let opened = self.open().await?;
        opened.ok_or_else(|| {
            let message = "no vault was named";
            Trouble::new(Exit::Usage, message, "give `--vault`, or set HOS_VAULT_URL")
        })
    }
}

/// Nothing that a database's URL would mend.
fn unreadable(fault: Fault) -> Trouble {
    Trouble { advice: "give the master keys as they were made: none is made anew", ..fault.into() }
}

/// Options with a vault, if there is one.
pub(crate) fn options(opened: Option<&Opened>) -> HosOptions {
    let options = HosOptions::default();
    match opened {
        None => options,
        Some(Opened { vault, master }) => options.vault(Arc::clone(vault), Arc::clone(master) as _),
    }
}
