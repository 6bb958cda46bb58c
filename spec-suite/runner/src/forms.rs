//! Where the commands of a script stand in its text.

use std::ops::Range;

/// The parenthesised forms at the top of a text, in order. A form that is never closed ends with the text.
pub(crate) fn forms(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut forms = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    while at < bytes.len() {
        match bytes[at..] {
            [b';', b';', ..] | [b'(', b';', ..] | [b'"', ..] => {
                at = behind_opaque(bytes, at);
                continue;
            }
            [b'(', ..] => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            [b')', ..] if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    forms.push(start..at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    if depth > 0 {
        forms.push(start..bytes.len());
    }
    forms
}

/// The text without comments, and with one space for any white space outside of strings: what does not change
/// when somebody lays a script out anew.
pub(crate) fn condensed(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at..] {
            [b';', b';', ..] | [b'(', b';', ..] => {
                at = behind_opaque(bytes, at);
                space(&mut out);
            }
            [b'"', ..] => {
                let end = behind_opaque(bytes, at);
                out.extend_from_slice(&bytes[at..end]);
                at = end;
            }
            [byte, ..] => {
                if byte.is_ascii_whitespace() {
                    space(&mut out);
                } else {
                    out.push(byte);
                }
                at += 1;
            }
            [] => break,
        }
    }
    String::from_utf8_lossy(&out).trim().to_owned()
}

fn space(out: &mut Vec<u8>) {
    if out.last() != Some(&b' ') {
        out.push(b' ');
    }
}

/// The end of the comment or string that begins at `at`.
fn behind_opaque(bytes: &[u8], mut at: usize) -> usize {
    match bytes[at] {
        b'"' => {
            at += 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            (at + 1).min(bytes.len())
        }
        b';' => at + bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at),
        _ => {
            let mut depth = 0_usize;
            while at < bytes.len() {
                match bytes[at..] {
                    [b'(', b';', ..] => {
                        depth += 1;
                        at += 2;
                    }
                    [b';', b')', ..] => {
                        depth -= 1;
                        at += 2;
                    }
                    _ => at += 1,
                }
                if depth == 0 {
                    break;
                }
            }
            at.min(bytes.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_in_strings_and_comments_do_not_count() {
        let text = "(a \")\\\"(\") ;; )(\n(; ( (; ) ;) ;) (b (c)) (d";
        let found: Vec<&str> = forms(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["(a \")\\\"(\")", "(b (c))", "(d"]);
    }

    #[test]
    fn layout_and_comments_condense_to_nothing_and_strings_stay() {
        assert_eq!(condensed("(a\n  ;; b\n  \"c  ;; d\"(;e;))"), "(a \"c  ;; d\" )");
        assert_eq!(condensed("( \"open"), "( \"open");
        assert_eq!(condensed("(; open"), "");
    }
}
