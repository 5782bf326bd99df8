//! Deletes parts, which their commitments survive.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::Part;
use hos_core::store::Erasures;
use hos_core::time::ProofId;

use super::MysqlStore;
use super::lease::execute;
use crate::encoding::part_lines;

#[async_trait]
impl Erasures for MysqlStore {
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault> {
        let query = sqlx::query(include_str!("delete_parts.sql"))
            .bind(part_lines(parts).to_string())
            .bind(Part::erased("", by).body)
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec());
        let deleted = execute(self.pooled(), query).await?;
        Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
    }
}
