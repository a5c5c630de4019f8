//! Sets of characters.

/// A set of characters, as in `[a-z\d]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    pub(super) negated: bool,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    Range(char, char),
    Class(Class, bool),
    Set(Set),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Alnum,
    Alpha,
    Ascii,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

impl Class {
    /// The class of `[:name:]` or `\p{name}`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|char| !" _-".contains(*char)).collect::<String>().to_ascii_lowercase();
        Some(match plain.as_str() {
            "alnum" => Class::Alnum,
            "alpha" | "l" | "letter" | "alphabetic" => Class::Alpha,
            "ascii" => Class::Ascii,
            "blank" => Class::Blank,
            "cntrl" | "cc" | "control" => Class::Cntrl,
            "digit" | "nd" | "n" | "number" | "decimalnumber" => Class::Digit,
            "graph" => Class::Graph,
            "lower" | "ll" | "lowercase" | "lowercaseletter" => Class::Lower,
            "print" => Class::Print,
            "punct" | "p" | "punctuation" => Class::Punct,
            "space" | "z" | "separator" | "zs" | "whitespace" => Class::Space,
            "upper" | "lu" | "uppercase" | "uppercaseletter" => Class::Upper,
            "word" => Class::Word,
            "xdigit" => Class::Xdigit,
            _ => return None,
        })
    }

    pub(super) fn has(self, char: char) -> bool {
        match self {
            Class::Alnum => char.is_alphanumeric(),
            Class::Alpha => char.is_alphabetic(),
            Class::Ascii => char.is_ascii(),
            Class::Blank => char == '\t' || (char.is_whitespace() && !('\n'..='\r').contains(&char)),
            Class::Cntrl => char.is_control(),
            Class::Digit => char.is_numeric(),
            Class::Graph => !char.is_whitespace() && !char.is_control(),
            Class::Lower => char.is_lowercase(),
            Class::Print => !char.is_control(),
            Class::Punct => is_punctuation(char),
            Class::Space => char.is_whitespace(),
            Class::Upper => char.is_uppercase(),
            Class::Word => char.is_alphanumeric() || char == '_',
            Class::Xdigit => char.is_ascii_hexdigit(),
        }
    }
}

/// ASCII punctuation, and the blocks of punctuation beyond.
fn is_punctuation(char: char) -> bool {
    char.is_ascii_punctuation()
        || matches!(char, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
        || matches!(char, '\u{2e00}'..='\u{2e5d}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff0f}')
}

impl Set {
    pub(super) fn has(&self, char: char) -> bool {
        self.negated != self.items.iter().any(|item| item.has(char))
    }

    /// As [`Set::has`], whatever the case of `char`.
    pub(super) fn has_folded(&self, char: char) -> bool {
        let listed = |char| self.items.iter().any(|item| item.has(char));
        self.negated != (listed(char) || listed(fold(char)) || listed(upper(char)))
    }
}

impl Item {
    fn has(&self, char: char) -> bool {
        match self {
            Item::Range(from, to) => (*from..=*to).contains(&char),
            Item::Class(class, negated) => class.has(char) != *negated,
            Item::Set(set) => set.has(char),
        }
    }
}

/// The lower case of `char`, where that is one character.
pub(super) fn fold(char: char) -> char {
    single(char, char.to_lowercase())
}

fn upper(char: char) -> char {
    single(char, char.to_uppercase())
}

fn single(char: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => char,
    }
}
