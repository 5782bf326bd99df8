//! Whether the values that stand for others leave none out.

use hos_core::value::Type;

use super::{Domains, MEMBERS_APART_MAX, MEMBERS_COMBINED_MAX, VALUES_MAX};

impl Domains {
    /// Whether every value that a path or the clock may have is, to the conditions, as one of those
    /// that stand for it.
    pub(crate) fn is_whole(&self, name: &str, type_: Type) -> bool {
        let Some(member) = type_.member() else { return self.is_whole_scalar(name, type_) };
        let member_name = format!("member of {name}");
        let own = self.find(name).cloned().unwrap_or_default();
        let has_member_literals =
            self.find(&member_name).is_some_and(|class| !class.literals.is_empty());
        self.is_whole_scalar(&member_name, member)
            && self.scalars(&member_name, member).len() <= MEMBERS_COMBINED_MAX
            && own.members <= 1
            && own.sizes.is_empty()
            && !own.is_partial
            && (own.literals.is_empty() || !has_member_literals)
    }

    fn is_whole_scalar(&self, name: &str, type_: Type) -> bool {
        let Some(class) = self.find(name) else { return true };
        let is_alone = class.members <= 1;
        let is_whole = match type_ {
            Type::String => {
                (is_alone || !class.is_ordered)
                    && (class.sizes.is_empty()
                        || is_alone && !class.is_ordered && class.literals.is_empty())
            }
            _ => true,
        };
        is_whole
            && !class.is_partial
            && class.members <= MEMBERS_APART_MAX
            && class.count() <= VALUES_MAX
    }
}
