//! Which database a word of the command line names.

use std::path::PathBuf;

use hos_core::error::{Fault, FaultKind};
use hos_sqlx::{MysqlOptions, PostgresOptions};

/// A database.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(PostgresOptions),
    Mysql(MysqlOptions),
}

impl Database {
    /// Reads a URL or a path.
    pub(crate) fn parse(text: &str, direct: Option<&str>) -> Result<Self, Fault> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => {
                let options = PostgresOptions::new(text).connections(1);
                Ok(Self::Postgres(match direct {
                    Some(direct) => options.direct_url(direct),
                    None => options,
                }))
            }
            Some(("mysql" | "mariadb", _)) => {
                let options = MysqlOptions::new(text).connections(1);
                Ok(Self::Mysql(match direct {
                    Some(direct) => options.direct_url(direct),
                    None => options,
                }))
            }
            Some((scheme, _)) => {
                let message =
                    format!("no database is called `{scheme}`; give a postgres:// or mysql:// URL");
                Err(Fault::new(FaultKind::Unsupported, message))
            }
            None if direct.is_some() => {
                let message = "a file has no direct URL; leave `--direct` out";
                Err(Fault::new(FaultKind::Unsupported, message))
            }
            None => Ok(Self::Sqlite(PathBuf::from(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_known_by_its_scheme() {
        assert!(matches!(Database::parse("pazar.db", None), Ok(Database::Sqlite(_))));
        let url = "postgresql://law@localhost/pazar";
        assert!(matches!(Database::parse(url, Some(url)), Ok(Database::Postgres(_))));
        for url in ["mysql://law@localhost/pazar", "mariadb://law@localhost/pazar"] {
            assert!(matches!(Database::parse(url, Some(url)), Ok(Database::Mysql(_))));
        }
        assert!(Database::parse("oracle://x", None).is_err());
        assert!(Database::parse("pazar.db", Some(url)).is_err());
    }
}
