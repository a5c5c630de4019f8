//! The matcher: runs a pattern's steps over a text, with the alternatives not yet tried on a stack of its own.

use super::{
    super::meter,
    Spans,
    class::{Class, fold},
    code::{Code, Step},
    parse::{At, Greed, One},
};

/// No place: a slot that is not set.
const UNSET: usize = usize::MAX;

/// Frames that may wait at once.
const MOST_FRAMES: usize = 250_000;

/// Steps between two looks at the fuel, and what they cost: they are much quicker than the interpreter's.
const STRIDE: u32 = 64;
const STRIDE_FUEL: usize = 8;

/// What to do when the current way fails.
enum Frame {
    /// Goes on at another step.
    Try { step: usize, place: usize },
    /// Puts a slot back and fails further.
    Restore { slot: usize, old: usize },
    /// A greedy run gives one character back.
    Shorter { step: usize, least: usize, place: usize },
    /// A lazy run takes one character more.
    Longer { step: usize, place: usize, taken: u32 },
}

struct Matcher<'m> {
    code: &'m Code,
    text: &'m str,
    /// Where the search began: `\G`.
    from: usize,
    slots: Vec<usize>,
    frames: Vec<Frame>,
    unpaid: u32,
}

pub(super) fn search(code: &Code, text: &str, from: usize) -> Option<Spans> {
    let mut matcher = Matcher { code, text, from, slots: vec![UNSET; code.slots], frames: Vec::new(), unpaid: 0 };
    let mut start = from;
    loop {
        start = matcher.candidate(start)?;
        if matcher.matches_at(start) {
            meter::nodes(1 + matcher.unpaid as usize / 8);
            return Some(matcher.spans());
        }
        start += text[start..].chars().next()?.len_utf8();
    }
}

impl Matcher<'_> {
    /// The first place from `start` on where a match can begin.
    fn candidate(&mut self, start: usize) -> Option<usize> {
        // Step 0 saves the start of the match.
        match self.code.steps.get(1) {
            Some(Step::At(At::Start)) if start > 0 => None,
            Some(Step::One(One::Char(first))) => {
                let skipped = self.text[start..].find(*first)?;
                meter::scanned(skipped);
                Some(start + skipped)
            }
            _ => Some(start),
        }
    }

    fn spans(&self) -> Spans {
        let groups = self.slots[..2 * (self.code.names.len() + 1)].chunks_exact(2);
        groups.map(|pair| (pair[0] != UNSET && pair[1] != UNSET).then_some((pair[0], pair[1]))).collect()
    }

    fn pay(&mut self) {
        self.unpaid += 1;
        if self.unpaid >= STRIDE {
            self.unpaid = 0;
            meter::nodes(STRIDE_FUEL);
        }
    }

    fn push(&mut self, frame: Frame) {
        if self.frames.len() >= MOST_FRAMES {
            meter::stop("a regular expression tries too many ways");
        }
        self.frames.push(frame);
    }

    fn set(&mut self, slot: usize, value: usize) {
        let old = std::mem::replace(&mut self.slots[slot], value);
        self.push(Frame::Restore { slot, old });
    }

    fn matches_at(&mut self, start: usize) -> bool {
        self.slots.fill(UNSET);
        self.frames.clear();
        let mut way = Some((0, start));
        while let Some((step, place)) = way {
            self.pay();
            way = match &self.code.steps[step] {
                Step::Match if self.code.options.not_empty && place == start => self.next_way(),
                Step::Match => return true,
                other => self.take(other, step, place).or_else(|| self.next_way()),
            };
        }
        false
    }

    /// Does one step; `None` when it fails.
    fn take(&mut self, step: &Step, at: usize, place: usize) -> Option<(usize, usize)> {
        let next = at + 1;
        match step {
            Step::One(one) => self.one(one, place).map(|place| (next, place)),
            Step::Run { one, min, max, greed } => self.run(one, (*min, *max), *greed, at, place),
            Step::Fork { first, second } => {
                self.push(Frame::Try { step: *second, place });
                Some((*first, place))
            }
            Step::Jump(target) => Some((*target, place)),
            Step::Save(slot) => {
                self.set(*slot, place);
                Some((next, place))
            }
            Step::Moved(slot) => (self.slots[*slot] != place).then_some((next, place)),
            Step::At(At::Keep) => {
                self.set(0, place);
                Some((next, place))
            }
            Step::At(edge) => self.stands(*edge, place).then_some((next, place)),
            Step::Back { groups, ignore_case } => self.back(groups, *ignore_case, place).map(|place| (next, place)),
            Step::Fence { frames, place: slot } => {
                let height = self.frames.len();
                self.set(*frames, height);
                self.set(*slot, place);
                Some((next, place))
            }
            Step::Cut { frames, place: slot } => {
                let height = self.slots[*frames];
                let place = slot.map_or(place, |slot| self.slots[slot]);
                self.cut(height);
                Some((next, place))
            }
            Step::Undo { frames } => {
                let height = self.slots[*frames];
                while self.frames.len() > height {
                    self.restore_top();
                }
                None
            }
            Step::Rewind(count) => {
                let before = &self.text[..place];
                let mut ends = before.char_indices().rev();
                let place = (0..*count).try_fold(place, |_, _| ends.next().map(|(at, _)| at))?;
                Some((next, place))
            }
            Step::Match => None,
        }
    }

    /// Drops the alternatives above `height`, but remembers how to put slots back.
    fn cut(&mut self, height: usize) {
        let mut kept = height;
        for at in height..self.frames.len() {
            if matches!(self.frames[at], Frame::Restore { .. }) {
                self.frames.swap(kept, at);
                kept += 1;
            }
        }
        self.frames.truncate(kept);
    }

    fn restore_top(&mut self) {
        if let Some(Frame::Restore { slot, old }) = self.frames.pop() {
            self.slots[slot] = old;
        }
    }

    /// Takes up the last alternative that is left.
    fn next_way(&mut self) -> Option<(usize, usize)> {
        loop {
            self.pay();
            match self.frames.pop()? {
                Frame::Restore { slot, old } => self.slots[slot] = old,
                Frame::Try { step, place } => return Some((step, place)),
                Frame::Shorter { step, least, place } => {
                    let shorter = self.text[..place].char_indices().next_back().map_or(0, |(at, _)| at);
                    if shorter > least {
                        self.push(Frame::Shorter { step, least, place: shorter });
                    }
                    return Some((step + 1, shorter));
                }
                Frame::Longer { step, place, taken } => {
                    if let Some(way) = self.longer(step, place, taken) {
                        return Some(way);
                    }
                }
            }
        }
    }

    fn longer(&mut self, step: usize, place: usize, taken: u32) -> Option<(usize, usize)> {
        let Step::Run { one, max, .. } = &self.code.steps[step] else { return None };
        if max.is_some_and(|max| taken >= max) {
            return None;
        }
        let place = self.one(one, place)?;
        self.push(Frame::Longer { step, place, taken: taken + 1 });
        Some((step + 1, place))
    }

    fn run(
        &mut self,
        one: &One,
        (min, max): (u32, Option<u32>),
        greed: Greed,
        at: usize,
        mut place: usize,
    ) -> Option<(usize, usize)> {
        for _ in 0..min {
            place = self.one(one, place)?;
            self.pay();
        }
        if greed == Greed::Lazy {
            self.push(Frame::Longer { step: at, place, taken: min });
            return Some((at + 1, place));
        }
        let least = place;
        let mut taken = min;
        while max.is_none_or(|max| taken < max)
            && let Some(next) = self.one(one, place)
        {
            place = next;
            taken += 1;
            self.pay();
        }
        if greed == Greed::Greedy && place > least {
            self.push(Frame::Shorter { step: at, least, place });
        }
        Some((at + 1, place))
    }

    fn one(&self, one: &One, place: usize) -> Option<usize> {
        let char = self.text[place..].chars().next()?;
        let fits = match one {
            One::Char(wanted) => char == *wanted,
            One::Folded(wanted) => fold(char) == *wanted,
            One::Any => true,
            One::NotNewline => char != '\n',
            One::Set(set) => set.has(char),
            One::FoldedSet(set) => set.has_folded(char),
        };
        fits.then_some(place + char.len_utf8())
    }

    fn stands(&self, at: At, place: usize) -> bool {
        let (before, after) = self.text.split_at(place);
        let word = |char: Option<char>| char.is_some_and(|char| Class::Word.has(char));
        let edge = || word(before.chars().next_back()) != word(after.chars().next());
        match at {
            At::Start => place == 0,
            At::End => after.is_empty(),
            At::EndOrLastNewline => after.is_empty() || after == "\n",
            At::LineStart => before.is_empty() || (before.ends_with('\n') && !after.is_empty()),
            At::LineEnd => after.is_empty() || after.starts_with('\n'),
            At::WordEdge => edge(),
            At::NoWordEdge => !edge(),
            At::SearchStart => place == self.from,
            At::Keep => true,
        }
    }

    /// The text of the last of the groups that is set, once more.
    fn back(&self, groups: &[usize], ignore_case: bool, place: usize) -> Option<usize> {
        let set = |group: &&usize| self.slots[2 * **group] != UNSET && self.slots[2 * **group + 1] != UNSET;
        let group = groups.iter().rev().find(set)?;
        let wanted = &self.text[self.slots[2 * group]..self.slots[2 * group + 1]];
        meter::scanned(wanted.len());
        let rest = &self.text[place..];
        if !ignore_case {
            return rest.starts_with(wanted).then(|| place + wanted.len());
        }
        let mut chars = rest.chars();
        let same = wanted.chars().all(|wanted| chars.next().is_some_and(|char| fold(char) == fold(wanted)));
        same.then(|| self.text.len() - chars.as_str().len())
    }
}
