//! The pages as a whole: every link leads somewhere, nothing is fetched from elsewhere, and what comes from a record
//! stays text.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{older, small};
use wassay_reports::{Changes, Format, PublishError, bundle, publish};

fn pages() -> BTreeMap<String, String> {
    let changes = Changes::between(&older(), &small());
    bundle(&small(), &Format::ALL, Some(&changes), &[older()]).unwrap()
}

/// The values of an attribute.
fn attributes<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!(" {name}=\"");
    text.split(&opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_place_of_the_site() {
    let pages = pages();
    let ids: BTreeMap<&str, BTreeSet<&str>> =
        pages.iter().map(|(name, text)| (name.as_str(), attributes(text, "id").into_iter().collect())).collect();
    let mut followed = 0;
    for (name, text) in pages.iter().filter(|(name, _)| name.ends_with(".html")) {
        for link in attributes(text, "href").into_iter().chain(attributes(text, "src")) {
            if link == "data:," {
                continue;
            }
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let from_root = match (path, path.strip_prefix("../")) {
                ("", _) => name.clone(),
                (_, Some(path)) => path.to_owned(),
                (path, None) => match name.rsplit_once('/') {
                    Some((folder, _)) => format!("{folder}/{path}"),
                    None => path.to_owned(),
                },
            };
            assert!(pages.contains_key(&from_root), "{name} has a link to {link}, and there is no {from_root}");
            assert!(place.is_empty() || ids[from_root.as_str()].contains(place), "{name}: no place {link}");
            followed += 1;
        }
    }
    assert!(followed > 300, "only {followed} links were found");
}

#[test]
fn no_page_names_another_host() {
    for (name, text) in pages().iter().filter(|(name, _)| name.ends_with(".html") || name.ends_with(".css")) {
        assert!(!text.contains("://"), "{name} names another host");
        assert!(!text.contains("@import") && !text.contains("url("), "{name} fetches something");
    }
}

#[test]
fn every_id_of_a_page_is_there_once() {
    for (name, text) in pages().iter().filter(|(name, _)| name.ends_with(".html")) {
        let ids = attributes(text, "id");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: {ids:?}");
    }
}

#[test]
fn every_table_has_a_caption_and_heads_with_a_scope() {
    let mut tables = 0;
    for (name, text) in pages().iter().filter(|(name, _)| name.ends_with(".html")) {
        assert!(text.contains("<html lang=\"en\">") && text.contains("<main id=\"main\">"), "{name}");
        assert!(text.contains("class=\"skip\" href=\"#main\""), "{name}");
        tables += text.matches("<table").count();
        assert_eq!(text.matches("<table").count(), text.matches("<caption").count(), "{name}");
        let heads = text.matches("<th>").count() + text.matches("<th ").count();
        assert_eq!(heads, text.matches(" scope=\"").count(), "{name}");
    }
    assert!(tables > 20);
}

#[test]
fn texts_of_a_record_are_never_markup() {
    let pages = pages();
    let page = &pages["files/proposals.relaxed-simd.-odd---name-.wast.html"];
    assert!(page.contains("&#60;odd &#38; name&#62;") || page.contains("&lt;odd &amp; name&gt;"));
    for (name, text) in &pages {
        assert!(!text.contains("<odd") && !text.contains("<on the way>") || !name.ends_with(".html"), "{name}");
    }
}

#[test]
fn a_failing_assertion_shows_expected_actual_text_and_command() {
    let page = &pages()["files/core.i32.wast.html"];
    let place = attributes(page, "id").into_iter().find(|id| id.starts_with("a-5-")).unwrap().to_owned();
    let article = page.split(&format!("<article id=\"{place}\"")).nth(1).unwrap().split("</article>").next().unwrap();
    for words in ["i32:-3", "i32:-4", "i32.div_s", "wasmi 2.0.0", "wasmi@1.1.0", "--filter core/i32.wast:5:"] {
        assert!(article.contains(words), "{words} is missing in {article}");
    }
    assert!(article.contains("--engines wasmi,wasmi@1.1.0"), "{article}");
}

fn files<'a>(files: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    files.iter().map(|(name, text)| (*name, text.as_bytes()))
}

#[test]
fn a_new_report_takes_the_place_of_the_old_one_whole() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("report");
    publish(&folder, files(&[("index.html", "old"), ("gone/page.html", "old")])).unwrap();
    publish(&folder, files(&[("index.html", "new")])).unwrap();
    assert_eq!(std::fs::read_to_string(folder.join("index.html")).unwrap(), "new");
    assert!(!folder.join("gone").exists());
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["report"], "nothing is left beside it");
}

#[test]
fn a_report_that_fails_half_way_leaves_the_old_one() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("report");
    publish(&folder, files(&[("index.html", "old")])).unwrap();
    // A file cannot be a folder at the same time.
    let error = publish(&folder, files(&[("index.html", "new"), ("index.html/x", "new")])).unwrap_err();
    assert!(error.to_string().contains("what was published before is unchanged"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.join("index.html")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_report_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("letter"), "dear").unwrap();
    let error = publish(home.path(), files(&[("index.html", "new")])).unwrap_err();
    assert!(matches!(error, PublishError::Occupied { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(home.path().join("letter")).unwrap(), "dear");
    let folder = home.path().join("new/report");
    assert!(matches!(publish(&folder, files(&[("../out", "x")])), Err(PublishError::Name { .. })));
    assert!(!folder.exists() && !home.path().join("new/out").exists());
}
