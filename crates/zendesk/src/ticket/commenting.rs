//! Comments: from a request to a row, as text and as HTML.

use zis_flow::Value;
use zis_store::zendesk::comment::Comment;

use super::CommentIn;
use crate::handle::Zendesk;

impl Zendesk {
    pub(super) fn new_comment(
        &self,
        ticket_id: i64,
        audit_id: i64,
        author_id: i64,
        input: &CommentIn,
        metadata: &Value,
    ) -> Comment {
        let body = match (&input.body, &input.html_body) {
            (Some(body), _) => body.clone(),
            (None, Some(html)) => plain(html),
            (None, None) => String::new(),
        };
        let html_body = match &input.html_body {
            Some(html) => format!("<div class=\"zd-comment\" dir=\"auto\">{html}</div>"),
            None => html(&body),
        };
        Comment {
            id: self.number(),
            ticket_id,
            audit_id,
            author_id,
            body,
            html_body,
            is_public: input.public.unwrap_or(true),
            metadata: metadata.clone(),
            created_at: self.now(),
        }
    }
}

/// Text as the HTML that the agent's view shows.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .map(|paragraph| format!("<p dir=\"auto\">{}</p>", paragraph.replace('\n', "<br>")))
        .collect();
    format!("<div class=\"zd-comment\" dir=\"auto\">{}</div>", paragraphs.concat())
}

/// HTML without its tags.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    let decoded = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ");
    decoded.replace("&amp;", "&").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{html, plain};

    #[test]
    fn text_becomes_paragraphs_without_live_tags() {
        assert_eq!(
            html("a <b>\nc\n\nd"),
            "<div class=\"zd-comment\" dir=\"auto\"><p dir=\"auto\">a &lt;b&gt;<br>c</p><p dir=\"auto\">d</p></div>"
        );
    }

    #[test]
    fn html_becomes_text() {
        assert_eq!(plain("<p>Fish &amp; <b>chips</b></p>"), "Fish & chips");
    }
}
