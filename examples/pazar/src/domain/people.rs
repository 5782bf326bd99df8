//! Accounts by their id or address, for the pages on which owners and super admins name people.

use hos_core::id::{ActorId, Role, Tenant};
use hos_core::laws::Registry as _;

use crate::app::App;
use crate::auth::{User, normal_email};
use crate::database::query;
use crate::error::Problem;

/// The most members of one page.
const MEMBERS_MAX: u32 = 100;

/// The account with an e-mail address; none when there is none.
pub(crate) async fn by_email(app: &App, email: &str) -> Result<Option<User>, Problem> {
    let row = query("SELECT id, email, name FROM users WHERE email = ?");
    Ok(row.bind(normal_email(email)).fetch_optional(app.database()).await?)
}

/// The account with an id; none when there is none.
pub(crate) async fn by_id(app: &App, id: &str) -> Result<Option<User>, Problem> {
    let row = query("SELECT id, email, name FROM users WHERE id = ?");
    Ok(row.bind(id).fetch_optional(app.database()).await?)
}

/// Somebody who works for a firm.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) roles: Vec<String>,
}

impl Member {
    /// Whether the member has a role.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }
}

/// The members of a firm.
pub(crate) async fn members(app: &App, tenant: &Tenant) -> Result<Vec<Member>, Problem> {
    let standing: Vec<(ActorId, Vec<Role>)> =
        app.hos().members(app.world(), tenant, None, MEMBERS_MAX).await?;
    let mut members = Vec::with_capacity(standing.len());
    for (id, roles) in standing {
        let user = by_id(app, id.as_str()).await?;
        let (name, email) = user.map(|user| (user.name, user.email)).unwrap_or_default();
        let roles = roles.iter().map(ToString::to_string).collect();
        members.push(Member { id: id.to_string(), name, email, roles });
    }
    Ok(members)
}
