//! What a backslash begins, and what stands between brackets.

use super::{
    class::{Class, Item, Set},
    parse::{At, MOST_NESTED, Node, One, Parser, Result},
};

impl Parser<'_> {
    pub(super) fn escape(&mut self) -> Result<Node> {
        let char = self.chars.next().ok_or_else(|| "end pattern at escape".to_owned())?;
        if let Some((class, negated)) = class_escape(char) {
            return Ok(self.one_set(Set { negated, items: vec![Item::Class(class, false)] }));
        }
        Ok(match char {
            'A' => Node::At(At::Start),
            'z' => Node::At(At::End),
            'Z' => Node::At(At::EndOrLastNewline),
            'b' => Node::At(At::WordEdge),
            'B' => Node::At(At::NoWordEdge),
            'G' => Node::At(At::SearchStart),
            'K' => Node::At(At::Keep),
            'R' => {
                let breaks =
                    Set { negated: false, items: vec![Item::Range('\n', '\r'), Item::Range('\u{85}', '\u{85}')] };
                let pair = Node::Cat(vec![Node::One(One::Char('\r')), Node::One(One::Char('\n'))]);
                Node::Atomic(Box::new(Node::Alt(vec![pair, Node::One(One::Set(breaks))])))
            }
            'p' | 'P' => {
                let item = self.property(char == 'P')?;
                self.one_set(Set { negated: false, items: vec![item] })
            }
            'k' => {
                let name = if self.eat('<') { self.until('>') } else { None };
                let name = name.ok_or_else(|| "invalid backref number/name".to_owned())?;
                self.reference(&name)?
            }
            '1'..='9' => {
                let mut number = String::from(char);
                while let Some(digit) = self.chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                self.reference(&number)?
            }
            'Q' => {
                let mut nodes = Vec::new();
                while !self.eat_all("\\E") {
                    match self.chars.next() {
                        Some(char) => nodes.push(self.char(char)),
                        None => break,
                    }
                }
                Node::Cat(nodes)
            }
            other => {
                let char = self.escaped_char(other)?;
                self.char(char)
            }
        })
    }

    fn reference(&mut self, name: &str) -> Result<Node> {
        let groups: Vec<usize> = match name.parse::<usize>() {
            Ok(number) => vec![number],
            Err(_) => {
                let named = self.names.iter().enumerate().filter(|(_, known)| known.as_deref() == Some(name));
                named.map(|(at, _)| at + 1).collect()
            }
        };
        if groups.is_empty() || groups.contains(&0) {
            return Err(format!("undefined name <{name}> reference"));
        }
        self.highest_reference = self.highest_reference.max(groups.iter().copied().max().unwrap_or(0));
        Ok(Node::Back { groups, ignore_case: self.options.ignore_case })
    }

    /// `{Alpha}`, `{^Alpha}`, behind `\p` or `\P`.
    fn property(&mut self, negated: bool) -> Result<Item> {
        let name = if self.eat('{') { self.until('}') } else { self.chars.next().map(String::from) };
        let name = name.unwrap_or_default();
        let (inverse, plain) = name.strip_prefix('^').map_or((false, name.as_str()), |rest| (true, rest));
        let class = Class::named(plain).ok_or_else(|| format!("invalid character property name {{{name}}}"))?;
        Ok(Item::Class(class, negated != inverse))
    }

    fn escaped_char(&mut self, char: char) -> Result<char> {
        Ok(match char {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            '0' => {
                let digits = self.digits(2, 8);
                self.code_point(&digits, 8)?
            }
            'x' if self.eat('{') => {
                let digits = self.until('}').unwrap_or_default();
                self.code_point(&digits, 16)?
            }
            'x' => {
                let digits = self.digits(2, 16);
                self.code_point(&digits, 16)?
            }
            'c' => {
                let letter = self.chars.next().ok_or_else(|| "end pattern at control".to_owned())?;
                char::from(letter.to_ascii_uppercase() as u8 & 0x1f)
            }
            other => other,
        })
    }

    fn digits(&mut self, most: usize, radix: u32) -> String {
        let mut digits = String::new();
        while digits.len() < most
            && let Some(digit) = self.chars.next_if(|char| char.is_digit(radix))
        {
            digits.push(digit);
        }
        digits
    }

    fn code_point(&self, digits: &str, radix: u32) -> Result<char> {
        let code = if digits.is_empty() { Ok(0) } else { u32::from_str_radix(digits, radix) };
        code.ok().and_then(char::from_u32).ok_or_else(|| "too big wide-char value".to_owned())
    }

    /// What stands between brackets; the opening one is read.
    pub(super) fn set(&mut self) -> Result<Set> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return Err("too deep nest level".to_owned());
        }
        let premature = || "premature end of char-class".to_owned();
        let mut set = Set { negated: self.eat('^'), items: Vec::new() };
        let mut first = true;
        loop {
            let char = self.chars.next().ok_or_else(premature)?;
            if char == ']' && !first {
                break;
            }
            first = false;
            let item = self.set_item(char)?;
            let Item::Range(from, _) = item else {
                set.items.push(item);
                continue;
            };
            let mut ahead = self.chars.clone();
            if ahead.next_if_eq(&'-').is_some() && ahead.peek().is_some_and(|char| *char != ']') {
                self.chars = ahead;
                let end = self.chars.next().ok_or_else(premature)?;
                match self.set_item(end)? {
                    Item::Range(to, _) if to < from => return Err("empty range in char class".to_owned()),
                    Item::Range(to, _) => set.items.push(Item::Range(from, to)),
                    other => set.items.extend([item, Item::Range('-', '-'), other]),
                }
            } else {
                set.items.push(item);
            }
        }
        self.nested -= 1;
        Ok(set)
    }

    fn set_item(&mut self, char: char) -> Result<Item> {
        match char {
            '[' if self.eat(':') => {
                let negated = self.eat('^');
                let name = self.until(':').filter(|_| self.eat(']'));
                let class = name.and_then(|name| Class::named(&name));
                class.map(|class| Item::Class(class, negated)).ok_or_else(|| "invalid POSIX bracket type".to_owned())
            }
            '[' => self.set().map(Item::Set),
            '\\' => {
                let char = self.chars.next().ok_or_else(|| "end pattern at escape".to_owned())?;
                match (class_escape(char), char) {
                    (Some((class, negated)), _) => Ok(Item::Class(class, negated)),
                    (None, 'p' | 'P') => self.property(char == 'P'),
                    (None, 'b') => Ok(Item::Range('\u{8}', '\u{8}')),
                    (None, other) => self.escaped_char(other).map(|char| Item::Range(char, char)),
                }
            }
            other => Ok(Item::Range(other, other)),
        }
    }
}

fn class_escape(char: char) -> Option<(Class, bool)> {
    Some(match char {
        'd' => (Class::Digit, false),
        'D' => (Class::Digit, true),
        'w' => (Class::Word, false),
        'W' => (Class::Word, true),
        's' => (Class::Space, false),
        'S' => (Class::Space, true),
        _ => return None,
    })
}
