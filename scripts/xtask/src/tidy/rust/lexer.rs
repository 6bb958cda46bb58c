//! Rust text in, lines out, each parted into code and comment, and marked where only tests see it.
//! The lexer knows comments, strings and characters, and no more of the language.

/// A source in three layers of the same shape.
pub(super) struct Lexed {
    /// The text with comments and the insides of strings blanked out.
    code: String,
    /// The text with all but comments blanked out.
    comments: String,
    /// Ranges of bytes that are compiled for tests alone.
    tests: Vec<std::ops::Range<usize>>,
}

pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) code: &'a str,
    pub(super) comment: &'a str,
    pub(super) is_test: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Code,
    Comment,
    Inside,
}

impl Lexed {
    pub(super) fn new(text: &str) -> Lexed {
        let mut code = String::with_capacity(text.len());
        let mut comments = String::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let (class, length) = token(text, at);
            let piece = &text[at..at + length];
            for (layer, layer_class) in [(&mut code, Class::Code), (&mut comments, Class::Comment)] {
                if class == layer_class {
                    layer.push_str(piece);
                } else {
                    // As many bytes as before, so that places are the same in all layers.
                    layer.extend(piece.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
                }
            }
            at += length;
        }
        let tests = test_ranges(&code);
        Lexed { code, comments, tests }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        (1..).zip(self.code.split('\n').zip(self.comments.split('\n'))).map(move |(number, (code, comment))| {
            let at = start;
            start += code.len() + 1;
            Line { number, code, comment, is_test: self.tests.iter().any(|range| range.contains(&at)) }
        })
    }
}

/// The class and the length of what starts at a place.
fn token(text: &str, at: usize) -> (Class, usize) {
    let rest = &text[at..];
    let up_to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return (Class::Comment, up_to(rest.find('\n')));
    }
    if rest.starts_with("/*") {
        return (Class::Comment, block_comment(rest));
    }
    if rest.starts_with('"') {
        return (Class::Inside, string(rest));
    }
    if rest.starts_with('\'') {
        return character(rest).map_or((Class::Code, 1), |length| (Class::Inside, length));
    }
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    let word = up_to(rest.find(|c| !is_inside(c)));
    if word == 0 {
        return (Class::Code, rest.chars().next().map_or(1, char::len_utf8));
    }
    if matches!(&rest[..word], "r" | "br" | "cr") {
        let hashes = rest[word..].bytes().take_while(|byte| *byte == b'#').count();
        let opening = word + hashes;
        if rest[opening..].starts_with('"') {
            let closing = format!("\"{}", "#".repeat(hashes));
            let end = rest[opening + 1..].find(&closing).map(|end| opening + 1 + end + closing.len());
            return (Class::Inside, up_to(end));
        }
    }
    (Class::Code, word)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest.as_bytes()[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.as_bytes()[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; nothing where the quote begins a lifetime or a label.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        // `'\''`: the character after the backslash never ends the literal.
        chars.next()?;
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

/// From each `#[cfg(test)]` to the end of the item below it.
fn test_ranges(code: &str) -> Vec<std::ops::Range<usize>> {
    if code.contains("#![cfg(test)]") {
        return std::iter::once(0..code.len()).collect();
    }
    let starts = ["#[cfg(test)]", "#[cfg(all(test,"].iter().flat_map(|attribute| code.match_indices(attribute));
    starts.map(|(start, attribute)| start..start + attribute.len() + item(&code[start + attribute.len()..])).collect()
}

/// The length of an item: up to its semicolon, or to the brace that closes its body.
fn item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parts(text: &str, code: &str, comments: &str) {
        let lexed = Lexed::new(text);
        let squeezed = |layer: &str| layer.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(lexed.code.len(), text.len(), "{text}");
        assert_eq!(lexed.comments.len(), text.len(), "{text}");
        assert_eq!((squeezed(&lexed.code).as_str(), squeezed(&lexed.comments).as_str()), (code, comments), "{text}");
    }

    #[test]
    fn comments_end_with_the_line_or_with_their_own_sign() {
        parts("a // b\nc", "a c", "// b");
        parts("a /* b /* c */ d */ e", "a e", "/* b /* c */ d */");
        parts("a / b * c", "a / b * c", "");
        parts("/* é", "", "/* é");
    }

    #[test]
    fn strings_hide_what_is_in_them() {
        parts(r#"a("// b", c)"#, "a( , c)", "");
        parts(r#"a("\"b", c) // "d"#, "a( , c)", "// \"d");
        parts("a(r\"b\\\", c)", "a( , c)", "");
        parts("a(br##\"b\"# c\"##, d)", "a( , d)", "");
        parts("a(b\"c\", d)", "a(b , d)", "");
        parts("for r in bar\"x\"", "for r in bar", "");
    }

    #[test]
    fn characters_are_not_lifetimes() {
        parts("a('\"', b)", "a( , b)", "");
        parts(r"a('\'', '\\', '\u{1f600}', b'\n', b)", "a( , , , b , b)", "");
        parts("fn a<'b>(c: &'b str) { 'd: loop {} }", "fn a<'b>(c: &'b str) { 'd: loop {} }", "");
        parts("a('é', b)", "a( , b)", "");
    }

    #[track_caller]
    fn test_lines(text: &str, lines: &[usize]) {
        let lexed = Lexed::new(text);
        let found: Vec<usize> = lexed.lines().filter(|line| line.is_test).map(|line| line.number).collect();
        assert_eq!(found, lines, "{text}");
    }

    #[test]
    fn what_is_compiled_for_tests_ends_with_its_item() {
        test_lines("a();\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nc();\n", &[2, 3, 4, 5]);
        test_lines("#[cfg(test)]\nuse a;\nb();\n", &[1, 2]);
        test_lines("#[cfg(test)]\nfn a(b: [u8; 2]) -> [u8; 2] {\n    b\n}\nc();\n", &[1, 2, 3, 4]);
        test_lines("#[cfg(test)]\n#[path = \"x\"]\nmod a;\nb();\n", &[1, 2, 3]);
        test_lines("#[cfg(all(test, unix))]\nmod a {\n    // }\n}\nb();\n", &[1, 2, 3, 4]);
        test_lines("#[cfg(not(test))]\nmod a {}\n", &[]);
        test_lines("#![cfg(test)]\na();", &[1, 2]);
    }
}
