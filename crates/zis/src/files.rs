//! Files that people name on the command line: text, JSON, YAML. What is wrong with one is said with its name and the place.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read},
    path::Path,
};

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use zis_bundle::suggest::did_you_mean;

/// The text of a file, or of standard input for `-`, without a byte order mark.
pub fn text(file: &Path) -> Result<String> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
        text
    } else {
        std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?
    };
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Refuses what is not there, as a file or a folder.
pub fn there(path: &Path) -> Result<()> {
    std::fs::metadata(path).map(drop).map_err(|error| unreadable(path, &error))
}

/// Why a file can't be read, and what to do about it.
fn unreadable(file: &Path, error: &std::io::Error) -> anyhow::Error {
    let why = match error.kind() {
        ErrorKind::NotFound => {
            let near = neighbour(file).map(|near| format!("; {near}")).unwrap_or_default();
            format!("there is no such file{near}")
        }
        ErrorKind::IsADirectory => "it is a folder; name a file in it".to_owned(),
        ErrorKind::PermissionDenied => "you have no permission to".to_owned(),
        ErrorKind::InvalidData => "it is no text in UTF-8".to_owned(),
        _ => error.to_string(),
    };
    anyhow!("can't read {}: {why}", file.display())
}

/// The file beside it that was probably meant.
fn neighbour(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    did_you_mean(file.file_name()?.to_str()?, names.iter().map(String::as_str))
}

/// A JSON file as a value of the flow language.
pub fn value(file: &Path) -> Result<zis_flow::Value> {
    value_of(&text(file)?, file)
}

fn value_of(text: &str, file: &Path) -> Result<zis_flow::Value> {
    zis_flow::Value::from_json(text)
        .map_err(|error| anyhow!("{}:{}:{}: no JSON: {}", file.display(), error.line, error.column, error.message))
}

/// A JSON file as it goes over the wire.
pub fn json(file: &Path) -> Result<serde_json::Value> {
    json_of(&text(file)?, file)
}

/// The text of `file` as JSON.
pub fn json_of(text: &str, file: &Path) -> Result<serde_json::Value> {
    // Read twice, for one text of each fault; the files are small.
    value_of(text, file)?;
    serde_json::from_str(text).with_context(|| format!("{} can't be read as JSON", file.display()))
}

/// A YAML file; `what` it is said to be when it is not.
pub fn yaml<T: DeserializeOwned>(file: &Path, what: &str) -> Result<T> {
    let name = file.display().to_string();
    serde_saphyr::from_str(&text(file)?).map_err(|error| {
        let error = error.to_string().replace("<input>", &name);
        // `error: line 2 column 5: what is wrong`, and a picture of the place that says where it is.
        let said = error.trim_start_matches("error: ");
        let said = if said.starts_with("line ") { said.split_once(": ").map_or(said, |(_, rest)| rest) } else { said };
        anyhow!("{name} is no {what}: {said}")
    })
}

/// The text of a bundle with the placeholders of a values file replaced. A value may not change what the bundle is made of.
pub fn bundle(file: &Path, values: Option<&Path>) -> Result<String> {
    let text = text(file)?;
    let Some(named) = values else { return Ok(text) };
    let values: BTreeMap<String, String> = yaml(named, "values file (PLACEHOLDER: text)")?;
    for (placeholder, value) in &values {
        let wrong = if !text.contains(placeholder.as_str()) {
            format!("`{placeholder}` does not stand in {}", file.display())
        } else if value.contains(['"', '\\']) || value.chars().any(char::is_control) {
            format!(
                "the value of `{placeholder}` holds a quote, a backslash or a control character and would inject JSON"
            )
        } else if value.contains("{{") || value.starts_with("$.") {
            format!("the value of `{placeholder}` would be read as a path")
        } else {
            continue;
        };
        bail!("{}: {wrong}", named.display());
    }
    Ok(fill(&text, &values))
}

/// `text` with its placeholders replaced, in one pass, the longest first: neither a part of another placeholder nor what a value holds is one.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut placeholders: Vec<(&String, &String)> = values.iter().filter(|(name, _)| !name.is_empty()).collect();
    placeholders.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        match placeholders.iter().find(|(name, _)| rest.starts_with(name.as_str())) {
            Some((name, value)) => {
                filled.push_str(value);
                rest = &rest[name.len()..];
            }
            None => {
                filled.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_one_pass_the_longest_first() {
        for (text, values, expected) in [
            ("zis:KEY:flow:KEY_2", vec![("KEY", "acme"), ("KEY_2", "two")], "zis:acme:flow:two"),
            ("A B", vec![("A", "B"), ("B", "A")], "B A"),
            ("ä§H§ö", vec![("§H§", "x"), ("", "y")], "äxö"),
        ] {
            let values = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(fill(text, &values), expected, "{text}");
        }
    }
}
