//! Words of a text, and how terms match them: whole words, phrases, prefixes; never the middle of a word.

/// Lower-cased runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '\''))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// How the last word of a term is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    Whole,
    Prefix,
}

/// A term made ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    words: Vec<String>,
    last: Last,
}

impl Pattern {
    /// A trailing `*` asks for a prefix.
    pub fn new(text: &str, last: Last) -> Self {
        let last = if text.ends_with('*') { Last::Prefix } else { last };
        Self { words: words(text), last }
    }

    /// Do the words stand in the text one after the other?
    pub fn matches(&self, text: &[String]) -> bool {
        let Some((last, first)) = self.words.split_last() else { return false };
        text.windows(self.words.len()).any(|window| {
            let (end, start) = window.split_last().unwrap_or((last, &[]));
            let ends = match self.last {
                Last::Whole => end == last,
                Last::Prefix => end.starts_with(last.as_str()),
            };
            ends && start == first
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, last: Last, text: &str, expected: bool) {
        assert_eq!(Pattern::new(pattern, last).matches(&words(text)), expected, "{pattern} in {text}");
    }

    #[test]
    fn patterns() {
        check("refund", Last::Prefix, "Refund request for order 123", true);
        check("ref", Last::Prefix, "Refund request", true);
        check("fund", Last::Prefix, "Refund request", false);
        check("ref", Last::Whole, "Refund request", false);
        check("ref*", Last::Whole, "Refund request", true);
        check("request for", Last::Whole, "Refund request for order", true);
        check("request order", Last::Whole, "Refund request for order", false);
        check("jane@example.com", Last::Prefix, "mail jane@example.com now", true);
        check("", Last::Prefix, "anything", false);
    }
}
