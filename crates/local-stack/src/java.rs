//! The machine's JDK and Maven, or the one line that says what is missing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// The oldest Java that Kafka 4 runs on.
const OLDEST_JAVA: u32 = 17;

/// The `java` of `JAVA_HOME`, else of the `PATH`.
pub(crate) fn find_java() -> Result<PathBuf> {
    let java = match env::var_os("JAVA_HOME") {
        Some(home) => Path::new(&home).join("bin/java"),
        None => PathBuf::from("java"),
    };
    match java_version(&java) {
        Some(version) if version >= OLDEST_JAVA => Ok(java),
        Some(version) => bail!(
            "Kafka needs Java {OLDEST_JAVA} or newer, and {} is Java {version}: {}",
            java.display(),
            install_command()
        ),
        None => bail!(
            "Kafka needs Java {OLDEST_JAVA} or newer, and there is none ({}): {}",
            java.display(),
            install_command()
        ),
    }
}

/// Fails with the command to install Maven if there is none.
pub(crate) fn check_maven() -> Result<()> {
    let found = Command::new("mvn")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match found {
        Ok(output) if output.status.success() => Ok(()),
        _ => bail!(
            "Kafka's jars are fetched by Maven (mvn), and there is none: {}",
            install_command()
        ),
    }
}

fn java_version(java: &Path) -> Option<u32> {
    let output = Command::new(java)
        .arg("-version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    parse_version(&String::from_utf8_lossy(&output.stderr))
}

/// The major version in `openjdk version "17.0.15" 2025-04-15`; `"1.8.0_452"` is 8.
fn parse_version(text: &str) -> Option<u32> {
    let quoted = text.split('"').nth(1)?;
    let mut numbers = quoted.split(|c: char| !c.is_ascii_digit());
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        version => Some(version),
    }
}

fn install_command() -> &'static str {
    const COMMANDS: [(&str, &str); 4] = [
        ("apt-get", "apt-get install openjdk-17-jdk-headless maven"),
        ("dnf", "dnf install java-21-openjdk-headless maven"),
        ("apk", "apk add openjdk17-jdk maven"),
        ("brew", "brew install openjdk maven"),
    ];
    let path = env::var_os("PATH").unwrap_or_default();
    let here = |program: &str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    COMMANDS
        .iter()
        .find(|(program, _)| here(program))
        .map_or("install a JDK and Maven", |(_, command)| command)
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn the_major_version_is_read_from_old_and_new_version_texts() {
        let cases = [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK", Some(17)),
            ("openjdk version \"21\" 2023-09-19", Some(21)),
            ("openjdk version \"26-ea\" 2026-03-17", Some(26)),
            ("java version \"1.8.0_452\"", Some(8)),
            ("no java here", None),
        ];
        for (text, version) in cases {
            assert_eq!(parse_version(text), version, "{text}");
        }
    }
}
