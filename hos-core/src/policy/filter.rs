//! The rules of one ability as what a subject must be like: check and list are one rule source.

use super::{Question, RoleSet, Rule, Rules, Table};
use crate::condition::{Environment, PREDICATE_NODES_MAX, Predicate, TooEntangled};
use crate::standing::Mode;
use crate::value::Schema;

impl Rules {
    /// What a subject must be like so that the answer permits; none for an ability that the law
    /// does not know. What `question.subject` gives holds of every subject; `schema` says what
    /// else they have.
    ///
    /// # Errors
    ///
    /// [`TooEntangled`]
    pub fn filter(
        &self,
        question: &Question<'_>,
        schema: &Schema,
    ) -> Option<Result<Predicate, TooEntangled>> {
        let table = self.tables.get(question.ability)?;
        if question.standing.banned {
            return Some(Ok(Predicate::Never));
        }
        if table.mode(question) != Mode::Enforce {
            return Some(Ok(Predicate::Always));
        }
        let roles = self.role_set(question);
        let environment = question.environment();
        let residue = Residue { roles, environment: &environment, schema };
        Some(self.enforced(table, question, &residue))
    }

    fn enforced(
        &self,
        table: &Table,
        question: &Question<'_>,
        residue: &Residue<'_>,
    ) -> Result<Predicate, TooEntangled> {
        let mut nodes = 0;
        let mut all = residue.each(&table.forbids, false, &mut nodes)?;
        let holds_already = residue.roles.meets(table.permitted.union(self.superusers))
            || question.grants().next().is_some();
        if !holds_already {
            all.push(Predicate::any(residue.each(&table.permits, true, &mut nodes)?));
        }
        Ok(Predicate::all(all))
    }
}

/// What is known when a list is asked for.
struct Residue<'a> {
    roles: RoleSet,
    environment: &'a Environment<'a>,
    schema: &'a Schema,
}

impl Residue<'_> {
    fn each(
        &self,
        rules: &[Rule],
        holds: bool,
        nodes: &mut usize,
    ) -> Result<Vec<Predicate>, TooEntangled> {
        let mut predicates = Vec::with_capacity(rules.len());
        for rule in rules {
            let predicate = self.of(rule, holds)?;
            *nodes += predicate.nodes();
            if *nodes > PREDICATE_NODES_MAX {
                return Err(TooEntangled);
            }
            predicates.push(predicate);
        }
        Ok(predicates)
    }

    /// What makes a rule hold, or surely not hold.
    fn of(&self, rule: &Rule, holds: bool) -> Result<Predicate, TooEntangled> {
        let constant = |is| if is == holds { Predicate::Always } else { Predicate::Never };
        if rule.roles.is_some_and(|named| !named.meets(self.roles)) {
            return Ok(constant(false));
        }
        match &rule.condition {
            None => Ok(constant(true)),
            Some(condition) => condition.residual(holds, self.environment, self.schema),
        }
    }
}
