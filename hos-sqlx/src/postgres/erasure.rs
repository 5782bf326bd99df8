//! Deletes parts, which their commitments survive.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::Part;
use hos_core::store::Erasures;
use hos_core::time::ProofId;

use super::PostgresStore;
use super::row::{column, uuid};

#[async_trait]
impl Erasures for PostgresStore {
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault> {
        let entries: Vec<_> = parts.iter().map(|(entry, _)| uuid(*entry)).collect();
        let names: Vec<&str> = parts.iter().map(|(_, name)| name.as_str()).collect();
        let erased = Part::erased("", by).body;
        let query = || {
            sqlx::query("SELECT hos_delete_parts($1, $2, $3, $4, $5)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(&entries)
                .bind(&names)
                .bind(&erased)
        };
        let rows = self.rows(query).await?;
        let deleted: i32 = rows.first().map_or(Ok(0), |row| column(row, 0))?;
        Ok(u32::try_from(deleted).unwrap_or(0))
    }
}
