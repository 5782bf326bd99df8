//! Seals and the vault: which keys are at hand, and what is said where they are not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hos_core::error::Fault;
use hos_core::hos::{Hos, HosOptions, Sealer};
use hos_core::note::VerifierKey;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::Signer as _;
use hos_core::vault::{MasterKeys, Vault};
use hos_sqlx::{MysqlOptions, MysqlVault, PostgresOptions, PostgresVault, SqliteVault};
use hos_work::{DirectoryKeeper, SealingOptions, keys_from_file, seal_forever};

use crate::app::StartError;
use crate::config::Config;
use crate::database::DatabaseUrl;
use crate::keys::{self, KeyDirectory};

/// How often checkpoints of all firms go into the deployment's log.
const ANCHOR_PAUSE: Duration = Duration::from_secs(300);
/// How often one call of [`Sealing::seal_now`] goes on with logs that have more to seal.
const ROUNDS_MAX: u32 = 64;

/// What seals, or why nothing does.
#[derive(Debug)]
pub(crate) enum Sealing {
    On { sealer: Sealer, keys: Vec<VerifierKey> },
    Off(String),
}

impl Sealing {
    /// Whatever is wrong with a key is said loudly, and the shop serves all the same.
    pub(crate) fn open(hos: &Hos, config: &Config) -> Self {
        let Some(directory) = &config.keys else {
            return Self::off("PAZAR_KEYS names no directory of keys".to_owned());
        };
        let directory = KeyDirectory::at(directory);
        let opened = keys_from_file(directory.seal_key()).and_then(|keys| {
            let public = keys.keys().to_vec();
            let keeper = DirectoryKeeper::open(directory.notes())?;
            Ok(Self::On { sealer: hos.sealer(keys, keeper)?, keys: public })
        });
        opened.unwrap_or_else(|fault| Self::off(fault.to_string()))
    }

    fn off(why: String) -> Self {
        tracing::error!(why, "NOTHING IS SEALED: no file of evidence proves anything; see README");
        Self::Off(why)
    }

    /// The public halves of the keys that sign; none where nothing seals.
    pub(crate) fn keys(&self) -> &[VerifierKey] {
        match self {
            Self::On { keys, .. } => keys,
            Self::Off(_) => &[],
        }
    }

    /// Why nothing seals.
    pub(crate) fn why_off(&self) -> Option<&str> {
        match self {
            Self::On { .. } => None,
            Self::Off(why) => Some(why),
        }
    }

    /// Seals for as long as it is polled.
    pub(crate) async fn run(&self) {
        match self {
            Self::On { sealer, .. } => {
                let options = SealingOptions::default().anchor_every(ANCHOR_PAUSE);
                seal_forever(sealer, options).await;
            }
            Self::Off(_) => std::future::pending().await,
        }
    }

    /// Seals what is there, and puts it into the deployment's log.
    pub(crate) async fn seal_now(&self) -> Result<(), Fault> {
        let Self::On { sealer, .. } = self else { return Ok(()) };
        for _ in 0..ROUNDS_MAX {
            let numbered = sealer.hos().sequence_pending(PAGE_MAX).await?;
            let report = sealer.seal_pending(PAGE_MAX).await?;
            if numbered == 0 && report.growing == 0 && report.sealed.is_empty() {
                break;
            }
        }
        sealer.anchor_round(PAGE_MAX).await.map(|_| ())
    }
}

/// The keys of persons, beside the database that they open.
#[derive(Debug, Clone)]
pub(crate) enum PersonKeys {
    Sqlite(Arc<SqliteVault>),
    Postgres(Arc<PostgresVault>),
    Mysql(Arc<MysqlVault>),
}

impl PersonKeys {
    /// Opens the vault that settings name, or the one beside the file; none where there never was
    /// a master key. A vault whose master key is lost keeps the shop from starting: what it wrote
    /// then would be plain.
    pub(crate) async fn open(config: &Config) -> Result<Option<(Self, MasterKeys)>, StartError> {
        let beside = match (&config.vault, &config.database) {
            (None, DatabaseUrl::Sqlite(file)) => Some(beside(file, "-vault.db")),
            _ => None,
        };
        let master = config.keys.as_deref().map(|path| KeyDirectory::at(path).vault_key());
        let Some(master) = master.filter(|path| path.exists()) else {
            if config.vault.is_some() || beside.is_some_and(|file| file.exists()) {
                return Err(StartError::Vault(
                    "there is a vault, and its master key `vault.key` is not in PAZAR_KEYS"
                        .to_owned(),
                ));
            }
            tracing::warn!("no vault: personal parts of the log are plain; see README");
            return Ok(None);
        };
        let master = MasterKeys::from_file(master)?;
        let vault = match (&config.vault, beside) {
            (Some(DatabaseUrl::Sqlite(file)), _) => Self::file(file).await?,
            (Some(DatabaseUrl::Postgres(url)), _) => {
                Self::Postgres(Arc::new(PostgresVault::open(PostgresOptions::new(url)).await?))
            }
            (Some(DatabaseUrl::Mysql(url)), _) => {
                Self::Mysql(Arc::new(MysqlVault::open(MysqlOptions::new(url)).await?))
            }
            (None, Some(file)) => Self::file(&file).await?,
            (None, None) => {
                tracing::warn!("PAZAR_VAULT_URL names no vault: personal parts are plain");
                return Ok(None);
            }
        };
        Ok(Some((vault, master)))
    }

    async fn file(path: &Path) -> Result<Self, Fault> {
        Ok(Self::Sqlite(Arc::new(SqliteVault::open(path).await?)))
    }

    pub(crate) fn vault(&self) -> Arc<dyn Vault> {
        match self {
            Self::Sqlite(vault) => vault.clone(),
            Self::Postgres(vault) => vault.clone(),
            Self::Mysql(vault) => vault.clone(),
        }
    }

    pub(crate) async fn close(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(vault) => vault.close_file().await?,
            Self::Postgres(vault) => vault.close_connections().await,
            Self::Mysql(vault) => vault.close_connections().await,
        }
        Ok(())
    }
}

/// The law's options with the vault, if there is one.
pub(crate) fn with_vault(
    options: HosOptions,
    opened: Option<(PersonKeys, MasterKeys)>,
) -> (HosOptions, Option<PersonKeys>) {
    match opened {
        Some((keys, master)) => (options.vault(keys.vault(), Arc::new(master)), Some(keys)),
        None => (options, None),
    }
}

/// Makes keys together with a file that is made now. Beside one that was there before, none is
/// made: it would take the place of one that was lost.
pub(crate) fn make_first_keys(config: &Config) -> Result<(), StartError> {
    if let (DatabaseUrl::Sqlite(file), Some(directory)) = (&config.database, &config.keys)
        && !file.exists()
        && !KeyDirectory::at(directory).is_there()
    {
        keys::make(directory)?;
    }
    Ok(())
}

/// `shop.db` and `-keys`: `shop-keys` in the same directory.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    file.with_file_name(name)
}
