//! From the text of a pattern to its tree.

use super::class::Set;

/// The modes that flags such as `i` and `(?s)` switch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::jq) struct Options {
    /// Letters match in either case.
    pub(in crate::jq) ignore_case: bool,
    /// Blanks and `#` comments in the pattern mean nothing.
    pub(in crate::jq) extended: bool,
    /// `.` matches a newline too.
    pub(in crate::jq) dot_all: bool,
    /// `^` and `$` match at every line.
    pub(in crate::jq) lines: bool,
    /// Empty matches do not count.
    pub(in crate::jq) not_empty: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    One(One),
    Cat(Vec<Node>),
    Alt(Vec<Node>),
    Group(usize, Box<Node>),
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, greed: Greed },
    Look { node: Box<Node>, behind: bool, negated: bool },
    Atomic(Box<Node>),
    At(At),
    Back { groups: Vec<usize>, ignore_case: bool },
}

/// What matches one character.
#[derive(Debug, Clone)]
pub(super) enum One {
    Char(char),
    /// In lower case.
    Folded(char),
    Any,
    NotNewline,
    Set(Set),
    FoldedSet(Set),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Start,
    End,
    EndOrLastNewline,
    LineStart,
    LineEnd,
    WordEdge,
    NoWordEdge,
    SearchStart,
    Keep,
}

pub(super) struct Parsed {
    pub(super) node: Node,
    /// The names of the groups, from group 1.
    pub(super) names: Vec<Option<String>>,
    pub(super) options: Options,
}

/// Groups may be nested this deep: the parser and the generator recurse.
pub(super) const MOST_NESTED: usize = 100;

pub(super) struct Parser<'p> {
    pub(super) chars: std::iter::Peekable<std::str::Chars<'p>>,
    pub(super) names: Vec<Option<String>>,
    pub(super) options: Options,
    pub(super) nested: usize,
    /// References by name or number, checked when all groups are known.
    pub(super) highest_reference: usize,
}

pub(super) type Result<T> = std::result::Result<T, String>;

pub(super) fn parse(pattern: &str, options: Options) -> Result<Parsed> {
    let chars = pattern.chars().peekable();
    let mut parser = Parser { chars, names: Vec::new(), options, nested: 0, highest_reference: 0 };
    let node = parser.alternatives()?;
    if parser.chars.next().is_some() {
        return Err("unmatched close parenthesis".to_owned());
    }
    if parser.highest_reference > parser.names.len() {
        return Err("invalid backref number/name".to_owned());
    }
    Ok(Parsed { node, names: parser.names, options })
}

impl Parser<'_> {
    pub(super) fn eat(&mut self, char: char) -> bool {
        self.chars.next_if_eq(&char).is_some()
    }

    /// Eats `text`, or nothing.
    pub(super) fn eat_all(&mut self, text: &str) -> bool {
        let mut ahead = self.chars.clone();
        if text.chars().all(|char| ahead.next_if_eq(&char).is_some()) {
            self.chars = ahead;
            return true;
        }
        false
    }

    /// Reads up to `end` and eats it.
    pub(super) fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.chars.next()? {
                char if char == end => return Some(text),
                char => text.push(char),
            }
        }
    }

    fn alternatives(&mut self) -> Result<Node> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return Err("too deep nest level".to_owned());
        }
        let outer = self.options;
        let mut all = vec![self.sequence()?];
        while self.eat('|') {
            all.push(self.sequence()?);
        }
        self.options = outer;
        self.nested -= 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Alt(all) })
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut nodes = Vec::new();
        while let Some(&char) = self.chars.peek() {
            if char == '|' || char == ')' {
                break;
            }
            self.chars.next();
            if self.options.extended && char.is_whitespace() {
                continue;
            }
            if self.options.extended && char == '#' {
                while self.chars.next_if(|char| *char != '\n').is_some() {}
                continue;
            }
            match self.atom(char)? {
                Some(node) => {
                    let node = self.repeats(node)?;
                    nodes.push(node);
                }
                None if self.chars.peek().is_some_and(|char| "*+?".contains(*char)) => {
                    return Err("target of repeat operator is not specified".to_owned());
                }
                None => {}
            }
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Cat(nodes) })
    }

    /// What `char` begins; `None` for what matches nothing of its own, such as a comment.
    fn atom(&mut self, char: char) -> Result<Option<Node>> {
        Ok(Some(match char {
            '(' => return self.group(),
            '[' => {
                let set = self.set()?;
                self.one_set(set)
            }
            '.' if self.options.dot_all => Node::One(One::Any),
            '.' => Node::One(One::NotNewline),
            '^' if self.options.lines => Node::At(At::LineStart),
            '^' => Node::At(At::Start),
            '$' if self.options.lines => Node::At(At::LineEnd),
            '$' => Node::At(At::EndOrLastNewline),
            '*' | '+' | '?' => return Err("target of repeat operator is not specified".to_owned()),
            '\\' => return self.escape().map(Some),
            other => self.char(other),
        }))
    }

    pub(super) fn char(&self, char: char) -> Node {
        let folded = super::class::fold(char);
        let cased = char.is_lowercase() || char.is_uppercase();
        Node::One(if self.options.ignore_case && cased { One::Folded(folded) } else { One::Char(char) })
    }

    pub(super) fn one_set(&self, set: Set) -> Node {
        Node::One(if self.options.ignore_case { One::FoldedSet(set) } else { One::Set(set) })
    }

    fn repeats(&mut self, mut node: Node) -> Result<Node> {
        for wraps in 0.. {
            if wraps > MOST_NESTED {
                return Err("too deep nest level".to_owned());
            }
            let (min, max, interval) = match self.chars.peek() {
                Some('*') => (0, None, false),
                Some('+') => (1, None, false),
                Some('?') => (0, Some(1), false),
                Some('{') => match self.interval()? {
                    Some((min, max)) => (min, max, true),
                    None => return Ok(node),
                },
                _ => return Ok(node),
            };
            if !interval {
                self.chars.next();
            }
            let greed = if self.eat('?') {
                Greed::Lazy
            } else if !interval && self.eat('+') {
                Greed::Possessive
            } else {
                Greed::Greedy
            };
            node = Node::Repeat { node: Box::new(node), min, max, greed };
        }
        Ok(node)
    }

    /// `{2}`, `{2,}` or `{2,3}`; anything else after a brace means itself.
    fn interval(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        const MOST: u32 = 1000;
        let mut ahead = self.chars.clone();
        ahead.next();
        let inside: String = ahead.by_ref().take_while(|char| *char != '}').take(16).collect();
        let (min, max) = inside.split_once(',').unwrap_or((&inside, &inside));
        let number = |text: &str| text.parse::<u32>().ok();
        let bounds = match (number(min), number(max)) {
            (Some(min), Some(max)) => (min, Some(max)),
            (Some(min), None) if max.is_empty() => (min, None),
            _ => return Ok(None),
        };
        if bounds.0.max(bounds.1.unwrap_or(0)) > MOST {
            return Err("too big number range".to_owned());
        }
        if bounds.1.is_some_and(|max| max < bounds.0) {
            return Err("upper is smaller than lower in repeat range".to_owned());
        }
        self.chars = ahead;
        Ok(Some(bounds))
    }

    fn group(&mut self) -> Result<Option<Node>> {
        let node = if !self.eat('?') {
            self.capture(None)?
        } else if self.eat('#') {
            return self.until(')').map(|_| None).ok_or_else(|| "end pattern in group".to_owned());
        } else if self.eat(':') {
            self.alternatives()?
        } else if self.eat('>') {
            Node::Atomic(Box::new(self.alternatives()?))
        } else if self.eat('=') {
            self.look(false, false)?
        } else if self.eat('!') {
            self.look(false, true)?
        } else if self.eat_all("<=") {
            self.look(true, false)?
        } else if self.eat_all("<!") {
            self.look(true, true)?
        } else if self.eat('<') || self.eat_all("P<") {
            let name = self.until('>').filter(|name| is_name(name)).ok_or_else(|| "group name is empty".to_owned())?;
            self.capture(Some(name))?
        } else {
            match self.inline_options()? {
                Some(node) => node,
                None => return Ok(None),
            }
        };
        if !self.eat(')') {
            return Err("end pattern with unmatched parenthesis".to_owned());
        }
        Ok(Some(node))
    }

    fn capture(&mut self, name: Option<String>) -> Result<Node> {
        self.names.push(name);
        let number = self.names.len();
        if number > 1000 {
            return Err("too many capture groups".to_owned());
        }
        Ok(Node::Group(number, Box::new(self.alternatives()?)))
    }

    fn look(&mut self, behind: bool, negated: bool) -> Result<Node> {
        Ok(Node::Look { node: Box::new(self.alternatives()?), behind, negated })
    }

    /// `(?i)` for the rest of the group: nothing of its own; `(?i:…)` for the inside.
    fn inline_options(&mut self) -> Result<Option<Node>> {
        let mut options = self.options;
        let mut on = true;
        loop {
            match self.chars.next() {
                Some('-') => on = false,
                Some('i') => options.ignore_case = on,
                Some('x') => options.extended = on,
                Some('s') => options.dot_all = on,
                Some('m') => options.lines = on,
                Some(')') => {
                    self.options = options;
                    return Ok(None);
                }
                Some(':') => {
                    let outer = std::mem::replace(&mut self.options, options);
                    let node = self.alternatives()?;
                    self.options = outer;
                    return Ok(Some(node));
                }
                Some(_) => return Err("undefined group option".to_owned()),
                None => return Err("end pattern in group".to_owned()),
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_')
}
