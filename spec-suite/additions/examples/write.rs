//! Writes the scripts into a folder, for programs that run `.wast` themselves:
//!
//!     cargo run -p wassay-additions --example write -- FOLDER

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| "additions".into(), std::path::PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for addition in wassay_additions::all() {
        std::fs::write(folder.join(addition.name), addition.text)?;
    }
    Ok(())
}
