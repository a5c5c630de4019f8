//! Map states: iterations, their order, their results (spec 3.5).

use std::sync::Arc;

use crate::{
    failure::{Failure, error},
    machine::{
        Machine, Task,
        run::Move,
        strand::{Mapping, Parent, Phase, Strand},
    },
    program::{
        Kind, MapState, Program,
        resolve::{explain_missing, with_article},
    },
    value::{Array, Value},
};

impl Machine {
    pub(super) fn begin_map(&mut self, program: &Program, strand: usize, map: &MapState) -> Result<Move, Failure> {
        let items = self.items(program, strand, map)?;
        let count = items.len();
        let mapping = Mapping { items, next: 0, done: 0, results: vec![Value::Null; count] };
        self.strands[strand].phase = Phase::Mapping(Box::new(mapping));
        let at_once = count.min(program.settings.map_concurrency.max(1));
        match at_once {
            0 => self.collect(program, strand),
            1 => Ok(self.begin_iteration(program, strand).map_or(Move::Wait, Move::Switch)),
            _ => {
                // In front of everything else, and in the order of the items: what comes out of one outcome is done before the next
                // outcome is looked at, however many were given at once.
                let begun: Vec<usize> = (0..at_once).filter_map(|_| self.begin_iteration(program, strand)).collect();
                for iteration in begun.into_iter().rev() {
                    self.ready.push_front(Task { strand: iteration, now: self.now, outcome: None });
                }
                Ok(Move::Wait)
            }
        }
    }

    fn items(&self, program: &Program, strand: usize, map: &MapState) -> Result<Arc<Array>, Failure> {
        let document = &self.strands[strand].document;
        let name = &program.states[self.strands[strand].at].name;
        let path = &map.items;
        let Some(value) = document.at(path) else {
            return Err(Failure::new(error::PATH, format!("JSON path resolution error: {path}"))
                .detail(format!("state `{name}`: ItemsPath reads {path}, but {}", explain_missing(document, path))));
        };
        let refuse = |cause: String| Err(Failure::new(error::RUNTIME, cause).detail(format!("state `{name}`")));
        let Value::Array(items) = value else {
            return refuse(format!("ItemsPath {path} must name an array of objects; it is {}", with_article(value)));
        };
        let most = program.settings.max_map_items;
        if items.len() > most {
            return refuse(format!("ItemsPath {path} has {} items; a Map takes at most {most}", items.len()));
        }
        if let Some((at, item)) = items.iter().enumerate().find(|(_, item)| item.as_object().is_none()) {
            let found = with_article(item);
            return refuse(format!("ItemsPath {path} must name an array of objects; item [{at}] is {found}"));
        }
        Ok(items.clone())
    }

    /// Makes the strand of the next item of the Map at `parent`; `None` when all have begun.
    fn begin_iteration(&mut self, program: &Program, parent: usize) -> Option<usize> {
        let (name, start) = match &program.states[self.strands[parent].at] {
            state if let Kind::Map(map) = &state.kind => (&state.name, map.start),
            _ => return None,
        };
        let outer = &mut self.strands[parent];
        let Phase::Mapping(mapping) = &mut outer.phase else { return None };
        let item = mapping.next;
        let document = mapping.items.get(item)?.clone();
        mapping.next += 1;
        let prefix = Arc::from(format!("{}{name}[{item}]/", outer.prefix));
        // An item is a part of the outer document, so no larger.
        let strand = Strand::new(start, document, outer.size, Some(Parent { strand: parent, item }), prefix);
        let free = self.strands.iter().position(|strand| matches!(strand.phase, Phase::Free));
        let at = free.unwrap_or(self.strands.len());
        match free {
            Some(at) => self.strands[at] = strand,
            None => self.strands.push(strand),
        }
        Some(at)
    }

    /// An iteration ended well. Gives the strand that goes on: the next iteration, or the Map when it was the last.
    pub(super) fn iteration_ended(&mut self, program: &Program, strand: usize) -> Option<usize> {
        let Parent { strand: parent, item } = self.strands[strand].parent?;
        let document = std::mem::take(&mut self.strands[strand].document);
        self.strands[strand].phase = Phase::Free;
        let Phase::Mapping(mapping) = &mut self.strands[parent].phase else { return None };
        mapping.results[item] = document;
        mapping.done += 1;
        if mapping.done == mapping.items.len() {
            return Some(parent);
        }
        self.begin_iteration(program, parent)
    }

    /// All iterations ended: the array of their documents is the Map's output.
    pub(super) fn collect(&mut self, program: &Program, strand: usize) -> Result<Move, Failure> {
        let Kind::Map(map) = &program.states[self.strands[strand].at].kind else { return Ok(Move::Wait) };
        let Phase::Mapping(mapping) = &mut self.strands[strand].phase else { return Ok(Move::Wait) };
        let output = Value::Array(Arc::new(Array::from(std::mem::take(&mut mapping.results))));
        self.place(program, strand, &map.place, output.clone())?;
        Ok(Move::Leave(map.next, Some(output)))
    }

    /// Frees the iterations of the Map at `strand`, theirs included: nobody waits for what they asked any more.
    pub(super) fn drop_iterations(&mut self, strand: usize) {
        let children: Vec<usize> = (0..self.strands.len())
            .filter(|at| {
                let child = &self.strands[*at];
                !matches!(child.phase, Phase::Free) && child.parent.is_some_and(|parent| parent.strand == strand)
            })
            .collect();
        for child in children {
            self.drop_iterations(child);
            self.watch_dropped(child);
            self.strands[child].phase = Phase::Free;
            self.strands[child].document = Value::Null;
            self.ready.retain(|task| task.strand != child);
        }
    }
}

impl Strand {
    /// Whether it stands at a Map whose iterations have all ended.
    pub(super) fn is_map_done(&self) -> bool {
        matches!(&self.phase, Phase::Mapping(mapping) if mapping.done == mapping.items.len())
    }
}
