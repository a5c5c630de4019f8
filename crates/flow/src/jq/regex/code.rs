//! From a pattern's tree to the instructions that the matcher runs.

use super::parse::{At, Greed, Node, One, Options, Parsed};

/// A compiled pattern.
#[derive(Debug)]
pub(in crate::jq) struct Code {
    pub(super) steps: Vec<Step>,
    /// Two for each group with the whole match first, then those of loops and look-arounds.
    pub(super) slots: usize,
    pub(super) options: Options,
    /// The names of the groups, from group 1.
    pub(in crate::jq) names: Vec<Option<String>>,
}

/// Places in the code are indices of steps; places in the text are bytes.
#[derive(Debug)]
pub(super) enum Step {
    One(One),
    /// As many characters of one kind as `greed` wants, one frame for all.
    Run {
        one: One,
        min: u32,
        max: Option<u32>,
        greed: Greed,
    },
    /// Tries `first`, and `second` when that fails.
    Fork {
        first: usize,
        second: usize,
    },
    Jump(usize),
    /// Notes the place in the text.
    Save(usize),
    /// Fails when the text has not moved since the slot was saved: an empty round of a loop.
    Moved(usize),
    At(At),
    Back {
        groups: Vec<usize>,
        ignore_case: bool,
    },
    /// Notes how many frames there are, and the place.
    Fence {
        frames: usize,
        place: usize,
    },
    /// Forgets the alternatives since the fence; goes back to its place after looking around.
    Cut {
        frames: usize,
        place: Option<usize>,
    },
    /// The inside of a negated look-around matched: undoes it and fails.
    Undo {
        frames: usize,
    },
    /// Goes back some characters.
    Rewind(u32),
    Match,
}

/// A pattern may compile to this many steps: repetitions are copied out.
const MOST_STEPS: usize = 20_000;

struct Generator {
    steps: Vec<Step>,
    slots: usize,
    /// Nodes visited: repetitions of nothing make no steps.
    visited: usize,
}

type Result<T = ()> = std::result::Result<T, String>;

pub(super) fn generate(parsed: Parsed) -> Result<Code> {
    let mut generator = Generator { steps: Vec::new(), slots: 2 * (parsed.names.len() + 1), visited: 0 };
    generator.node(&Node::Group(0, Box::new(parsed.node)))?;
    generator.push(Step::Match)?;
    Ok(Code { steps: generator.steps, slots: generator.slots, options: parsed.options, names: parsed.names })
}

impl Generator {
    fn push(&mut self, step: Step) -> Result<usize> {
        if self.steps.len() >= MOST_STEPS {
            return Err("the pattern is too large".to_owned());
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    fn here(&self) -> usize {
        self.steps.len()
    }

    /// A fork whose arms are set later.
    fn fork(&mut self) -> Result<usize> {
        self.push(Step::Fork { first: 0, second: 0 })
    }

    /// Sets the arms of a fork: `into` the body or `past` it, in the order that `greed` wants.
    fn aim(&mut self, fork: usize, into: usize, past: usize, greed: Greed) {
        let (first, second) = if greed == Greed::Lazy { (past, into) } else { (into, past) };
        self.steps[fork] = Step::Fork { first, second };
    }

    fn node(&mut self, node: &Node) -> Result {
        self.visited += 1;
        if self.visited > 2 * MOST_STEPS {
            return Err("the pattern is too large".to_owned());
        }
        match node {
            Node::One(one) => self.push(Step::One(one.clone())).map(drop),
            Node::Cat(nodes) => nodes.iter().try_for_each(|node| self.node(node)),
            Node::Alt(nodes) => self.alternatives(nodes, |generator, node| generator.node(node)),
            Node::Group(number, node) => {
                self.push(Step::Save(2 * number))?;
                self.node(node)?;
                self.push(Step::Save(2 * number + 1)).map(drop)
            }
            Node::Repeat { node, min, max, greed } => self.repeat(node, *min, *max, *greed),
            Node::Look { node, behind, negated } => self.look(node, *behind, *negated),
            Node::Atomic(node) => self.atomic(|generator| generator.node(node)),
            Node::At(at) => self.push(Step::At(*at)).map(drop),
            Node::Back { groups, ignore_case } => {
                self.push(Step::Back { groups: groups.clone(), ignore_case: *ignore_case }).map(drop)
            }
        }
    }

    fn alternatives(&mut self, nodes: &[Node], each: impl Fn(&mut Self, &Node) -> Result) -> Result {
        let Some((last, others)) = nodes.split_last() else { return Ok(()) };
        let mut jumps = Vec::new();
        for node in others {
            let fork = self.fork()?;
            let into = self.here();
            each(self, node)?;
            jumps.push(self.push(Step::Jump(0))?);
            let past = self.here();
            self.aim(fork, into, past, Greed::Greedy);
        }
        each(self, last)?;
        let end = self.here();
        jumps.into_iter().for_each(|jump| self.steps[jump] = Step::Jump(end));
        Ok(())
    }

    fn atomic(&mut self, inside: impl FnOnce(&mut Self) -> Result) -> Result {
        let (frames, place) = (self.slot(), self.slot());
        self.push(Step::Fence { frames, place })?;
        inside(self)?;
        self.push(Step::Cut { frames, place: None }).map(drop)
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, greed: Greed) -> Result {
        if let Node::One(one) = node {
            return self.push(Step::Run { one: one.clone(), min, max, greed }).map(drop);
        }
        if greed == Greed::Possessive {
            return self.atomic(|generator| generator.repeat(node, min, max, Greed::Greedy));
        }
        for _ in 0..min {
            self.node(node)?;
        }
        match max {
            None => {
                let slot = self.slot();
                let fork = self.fork()?;
                let into = self.push(Step::Save(slot))?;
                self.node(node)?;
                self.push(Step::Moved(slot))?;
                self.push(Step::Jump(fork))?;
                let past = self.here();
                self.aim(fork, into, past, greed);
            }
            Some(max) => {
                let mut forks = Vec::new();
                for _ in min..max {
                    forks.push(self.fork()?);
                    self.node(node)?;
                }
                let past = self.here();
                forks.into_iter().for_each(|fork| self.aim(fork, fork + 1, past, greed));
            }
        }
        Ok(())
    }

    fn look(&mut self, node: &Node, behind: bool, negated: bool) -> Result {
        let (frames, place) = (self.slot(), self.slot());
        self.push(Step::Fence { frames, place })?;
        let fork = if negated { Some(self.fork()?) } else { None };
        let into = self.here();
        match (behind, node) {
            (false, node) => self.node(node)?,
            (true, Node::Alt(nodes)) => self.alternatives(nodes, Self::behind)?,
            (true, node) => self.behind(node)?,
        }
        match fork {
            None => self.push(Step::Cut { frames, place: Some(place) }).map(drop),
            Some(fork) => {
                self.push(Step::Undo { frames })?;
                let past = self.here();
                self.aim(fork, into, past, Greed::Greedy);
                Ok(())
            }
        }
    }

    fn behind(&mut self, node: &Node) -> Result {
        let length = length(node).ok_or_else(|| "invalid pattern in look-behind".to_owned())?;
        self.push(Step::Rewind(length))?;
        self.node(node)
    }
}

/// How many characters a node matches, when that is always the same.
fn length(node: &Node) -> Option<u32> {
    match node {
        Node::One(_) => Some(1),
        Node::At(_) | Node::Look { .. } => Some(0),
        Node::Cat(nodes) => nodes.iter().try_fold(0_u32, |sum, node| sum.checked_add(length(node)?)),
        Node::Alt(nodes) => {
            let mut lengths = nodes.iter().map(length);
            let first = lengths.next()??;
            lengths.all(|length| length == Some(first)).then_some(first)
        }
        Node::Group(_, node) | Node::Atomic(node) => length(node),
        Node::Repeat { node, min, max, .. } if *max == Some(*min) => length(node)?.checked_mul(*min),
        Node::Repeat { .. } | Node::Back { .. } => None,
    }
}
