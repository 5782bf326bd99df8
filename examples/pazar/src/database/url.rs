//! Where everything is kept, as settings say it.

use std::path::PathBuf;

/// A database, by its scheme: `sqlite:` and a path or a path alone, `postgres:`, `mysql:` or
/// `mariadb:`.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these three are what the law is kept in")]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its whole URL.
    Postgres(String),
    /// A server, by its whole URL.
    Mysql(String),
}

/// What is wrong with the URL of a database. It never repeats the URL, which has a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// No file is named.
    #[error("names no file")]
    NoFile,
    /// The scheme is of no database that the law is kept in.
    #[error("expected sqlite:, postgres:, mysql: or mariadb:, or the path of a file")]
    Scheme,
    /// It is no URL, or names no host or database.
    #[error("expected scheme://user:password@host/database")]
    Server,
}

impl DatabaseUrl {
    /// Reads the URL of a database, or the path of a file.
    ///
    /// # Errors
    ///
    /// [`DatabaseUrlError`].
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        let Some((scheme, rest)) = text.split_once(':') else { return file(text) };
        match scheme {
            "sqlite" => file(rest.strip_prefix("//").unwrap_or(rest)),
            "postgres" | "postgresql" => Ok(Self::Postgres(server(text)?)),
            "mysql" => Ok(Self::Mysql(server(text)?)),
            // The same protocol under its other name.
            "mariadb" => Ok(Self::Mysql(server(&format!("mysql:{rest}"))?)),
            _ if rest.starts_with("//") => Err(DatabaseUrlError::Scheme),
            _ => file(text),
        }
    }
}

fn file(path: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    if path.is_empty() || path.ends_with('/') || path == ":memory:" {
        return Err(DatabaseUrlError::NoFile);
    }
    Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
}

fn server(text: &str) -> Result<String, DatabaseUrlError> {
    let url = reqwest::Url::parse(text).map_err(|_| DatabaseUrlError::Server)?;
    let whole = url.has_host() && url.path().len() > 1;
    if whole { Ok(text.to_owned()) } else { Err(DatabaseUrlError::Server) }
}

/// Where it is, without who signs in and how.
impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => {
                let absolute = std::path::absolute(path);
                write!(f, "{}", absolute.as_ref().unwrap_or(path).display())
            }
            Self::Postgres(url) | Self::Mysql(url) => match reqwest::Url::parse(url) {
                Ok(url) => {
                    write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
                    if let Some(port) = url.port() {
                        write!(f, ":{port}")?;
                    }
                    write!(f, "{}", url.path())
                }
                Err(_) => Ok(()),
            },
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_says_which_database() {
        let file = |path: &str| Ok(DatabaseUrl::Sqlite(path.into()));
        for (text, parsed) in [
            ("sqlite:a/b.db", file("a/b.db")),
            ("sqlite://a/b.db", file("a/b.db")),
            ("sqlite:///a/b.db", file("/a/b.db")),
            ("./a/b.db", file("./a/b.db")),
            ("C:\\pazar.db", file("C:\\pazar.db")),
            ("postgres://u:p@h:1/d", Ok(DatabaseUrl::Postgres("postgres://u:p@h:1/d".to_owned()))),
            ("mysql://u:p@h/d", Ok(DatabaseUrl::Mysql("mysql://u:p@h/d".to_owned()))),
            ("mariadb://u:p@h/d", Ok(DatabaseUrl::Mysql("mysql://u:p@h/d".to_owned()))),
            ("oracle://u:p@h/d", Err(DatabaseUrlError::Scheme)),
            ("postgres://", Err(DatabaseUrlError::Server)),
            ("postgres://h", Err(DatabaseUrlError::Server)),
            ("mysql:d", Err(DatabaseUrlError::Server)),
            ("sqlite:", Err(DatabaseUrlError::NoFile)),
            ("", Err(DatabaseUrlError::NoFile)),
            ("a/", Err(DatabaseUrlError::NoFile)),
        ] {
            assert_eq!(DatabaseUrl::parse(text), parsed, "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = DatabaseUrl::parse("postgres://pazar:hush@db.example:5433/shop").unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5433/shop");
        assert!(!format!("{url:?}").contains("hush"));
    }
}
