//! Forwards `Segments` to a field.

macro_rules! forward_segments {
    ($type:ty, $field:tt $(, $generic:ident)?) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl$(<$generic: Backend>)? hos_core::store::Segments for $type {
            async fn segments(
                &self,
                world: &World,
                tenant: &Tenant,
                after: u64,
                limit: u32,
            ) -> Result<Vec<hos_core::proof::SegmentRecord>, Fault> {
                self.$field.segments(world, tenant, after, limit).await
            }

            async fn release(
                &self,
                world: &World,
                tenant: &Tenant,
                first: u64,
                limit: u32,
            ) -> Result<u32, Fault> {
                self.$field.release(world, tenant, first, limit).await
            }

            async fn refill(
                &self,
                world: &World,
                tenant: &Tenant,
                first: u64,
                entries: &[LogEntry],
            ) -> Result<bool, Fault> {
                self.$field.refill(world, tenant, first, entries).await
            }
        }
    };
}
