//! What a program calls, and whether it builds chains of closures.

use std::collections::HashMap;

use jaq_core::load::{
    lex::StrPart,
    parse::{BinaryOp, Def, Pattern, Term},
};
use jaq_core::path::{Part, Path};

/// What a walk through a program finds.
#[derive(Debug, Default)]
pub(super) struct Survey<'p> {
    /// The filters called, with their number of arguments.
    pub(super) calls: Vec<(&'p str, usize)>,
    /// A definition with filter arguments calls itself. Each round then wraps the arguments of the one before: the interpreter keeps
    /// them as a chain, which it drops by recursion.
    pub(super) chains: bool,
    /// The definitions around the current term that have filter arguments.
    around: Vec<(&'p str, usize)>,
}

impl<'p> Survey<'p> {
    pub(super) fn of(term: &Term<&'p str>) -> Self {
        let mut survey = Self::default();
        survey.term(term);
        survey
    }

    fn call(&mut self, name: &'p str, arguments: usize) {
        self.calls.push((name, arguments));
        self.chains |= self.around.contains(&(name, arguments));
    }

    pub(super) fn definition(&mut self, def: &Def<&'p str, Term<&'p str>>) {
        let takes_filters = def.args.iter().any(|name| !name.starts_with('$'));
        if takes_filters {
            self.around.push((def.name, def.args.len()));
        }
        self.term(&def.body);
        if takes_filters {
            self.around.pop();
        }
    }

    fn term(&mut self, term: &Term<&'p str>) {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
            Term::Str(format, parts) => {
                if let Some(format) = format {
                    self.call(format, 0);
                }
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.term(term);
                    }
                }
            }
            Term::Arr(inner) => inner.iter().for_each(|term| self.term(term)),
            Term::Obj(members) => {
                for (key, value) in members {
                    self.term(key);
                    value.iter().for_each(|value| self.term(value));
                }
            }
            Term::Neg(term) | Term::Label(_, term) => self.term(term),
            Term::BinOp(left, op, right) => {
                self.term(left);
                if let BinaryOp::Pipe(Some(pattern)) = op {
                    self.pattern(pattern);
                }
                self.term(right);
            }
            Term::Fold(_, source, pattern, arguments) => {
                self.term(source);
                self.pattern(pattern);
                arguments.iter().for_each(|term| self.term(term));
            }
            Term::TryCatch(tried, catch) => {
                self.term(tried);
                catch.iter().for_each(|term| self.term(term));
            }
            Term::IfThenElse(cases, otherwise) => {
                for (condition, then) in cases {
                    self.term(condition);
                    self.term(then);
                }
                otherwise.iter().for_each(|term| self.term(term));
            }
            Term::Def(defs, term) => {
                defs.iter().for_each(|def| self.definition(def));
                self.term(term);
            }
            Term::Call(name, arguments) => {
                self.call(name, arguments.len());
                arguments.iter().for_each(|term| self.term(term));
            }
            Term::Path(head, path) => {
                self.term(head);
                self.path(path);
            }
        }
    }

    fn path(&mut self, path: &Path<Term<&'p str>>) {
        for (part, _) in &path.0 {
            match part {
                Part::Index(index) => self.term(index),
                Part::Range(from, upto) => from.iter().chain(upto).for_each(|term| self.term(term)),
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern<&'p str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(items) => items.iter().for_each(|item| self.pattern(item)),
            Pattern::Obj(members) => {
                for (key, pattern) in members {
                    self.term(key);
                    self.pattern(pattern);
                }
            }
        }
    }
}

/// Definitions that programs may use, with what each of them uses.
pub(super) struct Library {
    defs: Vec<Def>,
    /// Where a filter is defined.
    index: HashMap<(&'static str, usize), usize>,
    /// For each definition those it calls.
    needs: Vec<Vec<usize>>,
}

impl Library {
    pub(super) fn new(defs: Vec<Def>) -> Self {
        let index: HashMap<_, _> = defs.iter().enumerate().map(|(at, def)| ((def.name, def.args.len()), at)).collect();
        let needs = defs
            .iter()
            .map(|def| {
                let mut survey = Survey::default();
                survey.definition(def);
                survey.calls.iter().filter_map(|call| index.get(call).copied()).collect()
            })
            .collect();
        Self { defs, index, needs }
    }

    /// The definitions that a program with these calls needs, in their order.
    pub(super) fn select(&self, calls: &[(&str, usize)]) -> Vec<Def> {
        let mut wanted = vec![false; self.defs.len()];
        let mut open: Vec<usize> = calls.iter().filter_map(|call| self.index.get(call).copied()).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut wanted[at], true) {
                open.extend(&self.needs[at]);
            }
        }
        let wanted = self.defs.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        wanted.map(|(def, _)| def.clone()).collect()
    }

    /// All definitions, for the test of the prelude.
    #[cfg(test)]
    pub(super) fn all(&self) -> &[Def] {
        &self.defs
    }
}
