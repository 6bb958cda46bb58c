//! Passes over a module that nobody may be able to decode: sections, bodies, and bytes in them.

use super::sections::{CODE, Section, join, number, split, write_number};
use super::{Session, Workshop};

/// Bodies and sections longer than this are shortened by halves only, not byte by byte: each byte is a question.
const BYTES_MAX: usize = 4096;

/// All passes of this kind; whether one found something.
pub(crate) fn shrink(session: &mut Session<'_>, index: usize) -> bool {
    let mut found = whole_sections(session, index);
    found |= bodies(session, index);
    for section in 0.. {
        let workshop = session.workshop(index);
        let Some((_, sections)) = split(workshop.module()) else { break };
        if section >= sections.len() {
            break;
        }
        found |= contents(session, &workshop, section);
    }
    found | raw(session, index)
}

fn whole_sections(session: &mut Session<'_>, index: usize) -> bool {
    let workshop = session.workshop(index);
    let Some((head, sections)) = split(workshop.module()) else { return false };
    session.drop_pieces(sections.len(), |dropped| {
        let kept: Vec<Section> =
            sections.iter().enumerate().filter(|(at, _)| !dropped.contains(at)).map(|(_, one)| one.clone()).collect();
        workshop.with(join(&head, &kept))
    })
}

/// The bytes of a section, its size kept right.
fn contents(session: &mut Session<'_>, workshop: &Workshop, section: usize) -> bool {
    let Some((head, sections)) = split(workshop.module()) else { return false };
    let content = &sections[section].content;
    if content.len() > BYTES_MAX || sections[section].id == CODE && code_bodies(content).is_some() {
        return false;
    }
    session.drop_pieces(content.len(), |dropped| {
        let mut sections = sections.clone();
        sections[section].content = without(content, dropped);
        workshop.with(join(&head, &sections))
    })
}

/// The bytes of every body, its size and that of the section kept right.
fn bodies(session: &mut Session<'_>, index: usize) -> bool {
    let mut found = false;
    for body in 0.. {
        let workshop = session.workshop(index);
        let Some((head, sections)) = split(workshop.module()) else { break };
        let Some(at) = sections.iter().position(|section| section.id == CODE) else { break };
        let Some(bodies) = code_bodies(&sections[at].content) else { break };
        let Some(content) = bodies.get(body).filter(|content| content.len() <= BYTES_MAX) else { break };
        found |= session.drop_pieces(content.len(), |dropped| {
            let mut bodies = bodies.clone();
            bodies[body] = without(content, dropped);
            let mut sections = sections.clone();
            sections[at].content.clear();
            write_number(bodies.len() as u32, &mut sections[at].content);
            for body in &bodies {
                write_number(body.len() as u32, &mut sections[at].content);
                sections[at].content.extend_from_slice(body);
            }
            workshop.with(join(&head, &sections))
        });
    }
    found
}

/// The bodies of a code section; none where their sizes do not add up.
fn code_bodies(content: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (count, mut rest) = number(content)?;
    let mut bodies = Vec::new();
    for _ in 0..count {
        let (size, behind) = number(rest)?;
        let (body, behind) = behind.split_at_checked(size as usize)?;
        bodies.push(body.to_vec());
        rest = behind;
    }
    rest.is_empty().then_some(bodies)
}

/// Bytes wherever they stand.
fn raw(session: &mut Session<'_>, index: usize) -> bool {
    let workshop = session.workshop(index);
    let module = workshop.module();
    if module.len() > BYTES_MAX {
        return false;
    }
    session.drop_pieces(module.len(), |dropped| workshop.with(without(module, dropped)))
}

fn without(bytes: &[u8], dropped: &std::collections::BTreeSet<usize>) -> Vec<u8> {
    bytes.iter().enumerate().filter(|(at, _)| !dropped.contains(at)).map(|(_, byte)| *byte).collect()
}
