//! Builds the web interface and lists its files for `src/web.rs`.
//!
//! The sources are copied to `OUT_DIR` and built there, so a build writes nothing into the source tree. `DASH_DIST` names a folder with a
//! finished build instead; then neither Node nor npm is needed.

use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, fs, io};

/// As `engines` in `web/package.json` says.
const NODE: (u32, u32) = (20, 19);
/// Beside the sources; made by builds, or not needed by them.
const LEFT_OUT: [&str; 4] = ["node_modules", "dist", "generated", "schema.d.ts"];
/// What the interface's types are made of; it stays beside the folder of the interface.
const DESCRIPTION: &str = "openapi.json";
/// What `web/build/compressed.mjs` adds to a file's name.
const GZIP: &str = "gz";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DASH_DIST");
    if let Err(reason) = run() {
        println!("cargo::error={reason}");
        exit(1);
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set, expected cargo to run this")?);
    let dist = match (env::var_os("CARGO_FEATURE_UI"), env::var_os("DASH_DIST")) {
        (None, _) => None,
        (Some(_), Some(dist)) => Some(prebuilt(Path::new(&dist))?),
        (Some(_), None) => Some(build(&out.join("web"))?),
    };
    let mut files = Vec::new();
    if let Some(dist) = &dist {
        walk(dist, &mut files).map_err(|error| format!("{}: {error}", dist.display()))?;
    }
    let list = list(dist.as_deref().unwrap_or(Path::new("")), files)?;
    fs::write(out.join("assets.rs"), list).map_err(|error| format!("assets.rs: {error}"))
}

fn prebuilt(dist: &Path) -> Result<PathBuf, String> {
    println!("cargo::rerun-if-changed={}", dist.display());
    let dist = dist.canonicalize().map_err(|error| format!("DASH_DIST={}: {error}", dist.display()))?;
    if dist.join("index.html").is_file() {
        return Ok(dist);
    }
    Err(format!("DASH_DIST={}: no index.html in it, expected a finished build of dashboard/web", dist.display()))
}

fn build(web: &Path) -> Result<PathBuf, String> {
    check_node()?;
    let sources = Path::new("web");
    watch(sources);
    mirror(sources, web).map_err(|error| format!("copying dashboard/web to {}: {error}", web.display()))?;
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    fs::copy(DESCRIPTION, web.with_file_name(DESCRIPTION)).map_err(|error| format!("copying {DESCRIPTION}: {error}"))?;
    let lock = fs::read(web.join("package-lock.json")).map_err(|error| format!("package-lock.json: {error}"))?;
    let installed = web.join("node_modules/.sealway-lock");
    if fs::read(&installed).ok().as_deref() != Some(&lock) {
        npm(web, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        fs::write(&installed, &lock).map_err(|error| format!("{}: {error}", installed.display()))?;
    }
    npm(web, &["run", "build"])?;
    prebuilt_in(web)
}

/// Whole folders, so that a new file counts too; a folder with something made in it is watched by its parts.
fn watch(path: &Path) {
    let parts: Vec<_> = fs::read_dir(path).into_iter().flatten().flatten().collect();
    if !parts.iter().any(|part| kept(&part.file_name())) {
        println!("cargo::rerun-if-changed={}", path.display());
        return;
    }
    for part in parts.iter().filter(|part| !kept(&part.file_name())) {
        watch(&part.path());
    }
}

fn prebuilt_in(web: &Path) -> Result<PathBuf, String> {
    let dist = web.join("dist");
    if dist.join("index.html").is_file() {
        Ok(dist)
    } else {
        Err(format!("{}: no index.html, expected `npm run build` to make it", dist.display()))
    }
}

fn check_node() -> Result<(), String> {
    let hint = format!(
        "expected Node {}.{} or newer with npm (Debian: `apt-get install nodejs npm`); or set DASH_DIST to a finished build of dashboard/web; \
         or build without the interface: `--no-default-features`",
        NODE.0, NODE.1
    );
    let version = output("node", &["--version"]).map_err(|error| format!("node: {error}; {hint}"))?;
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < NODE {
        return Err(format!("node {}: {hint}", version.trim()));
    }
    output("npm", &["--version"]).map(drop).map_err(|error| format!("npm: {error}; {hint}"))
}

fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(output.status.to_string()) }
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("npm").args(arguments).current_dir(web).output().map_err(|error| format!("npm: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // One `cargo::error` is one line.
    for line in said.lines() {
        println!("cargo::warning={line}");
    }
    Err(format!("npm {} in {}: {}", arguments.join(" "), web.display(), output.status))
}

/// Makes `to` the same as `from`, apart from what is left out.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !kept(&entry.file_name()) && !from.join(entry.file_name()).exists() {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if kept(&entry.file_name()) {
            continue;
        }
        if source.is_dir() {
            mirror(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

fn kept(name: &OsStr) -> bool {
    LEFT_OUT.iter().any(|left_out| name == *left_out)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Sorted by path, because `src/web.rs` searches it. What the build compressed stands with the file that it was.
fn list(dist: &Path, files: Vec<PathBuf>) -> Result<String, String> {
    let mut named = Vec::new();
    for file in files.into_iter().filter(|file| file.extension() != Some(OsStr::new(GZIP))) {
        let relative = file.strip_prefix(dist).map_err(|error| format!("{}: {error}", file.display()))?;
        named.push((relative.to_string_lossy().replace('\\', "/"), file));
    }
    named.sort();
    let mut text = "static ASSETS: &[Asset] = &[\n".to_owned();
    for (path, file) in named {
        let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let tag = hash.iter().take(16).fold(String::new(), |mut tag, byte| {
            // Writing into memory cannot fail.
            let _written = write!(tag, "{byte:02x}");
            tag
        });
        let file = file.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
        let small = PathBuf::from(format!("{}.{GZIP}", file.display()));
        let gzip = if small.is_file() { format!("Some(include_bytes!({small:?}))") } else { "None".to_owned() };
        let tag = format!("\"{tag}\"");
        let _written = writeln!(text, "    Asset {{ path: {path:?}, tag: {tag:?}, bytes: include_bytes!({file:?}), gzip: {gzip} }},");
    }
    text.push_str("];\n");
    Ok(text)
}
