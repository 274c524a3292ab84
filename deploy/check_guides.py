"""Checks what the project's Markdown says about itself.

    check_guides.py BINARIES

Links lead to files and headings that exist. A translation (`GUIDE.ru.md` beside
`GUIDE.md`) has in each section the same commands, the same code in its sentences and as
many rows of tables as its original. The daemons accept each sample of configuration. An
image is named with the version of the crates.
"""

import re
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from pathlib import Path
from urllib.parse import unquote

CHECKOUT = Path(__file__).resolve().parents[1]
# What must be set, so that a daemon starts; a sample may say the rest.
REQUIRED = {
    "kafka": {"bootstrap_servers": "localhost:9092"},
    "producer": {"source": "data"},
    "scorer": {"model": "model"},
    "sink": {"parquet": "results"},
}
FENCED = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
# The chart's templates and compose files are read by checks of their own.
NAMES_IMAGES = ["deploy/README.md", "deploy/YANDEX_CLOUD.md", "deploy/YANDEX_CLOUD.ru.md", "deploy/Dockerfile"]


def main(binaries):
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    guides = [CHECKOUT / name for name in tracked.stdout.splitlines()]
    faults = [fault for guide in guides for fault in broken_links(guide)]
    for translation in guides:
        if translation.name.endswith(".ru.md"):
            original = translation.with_name(translation.name.replace(".ru.md", ".md"))
            faults += differences(original, translation)
    faults += [fault for guide in guides for fault in refused_samples(guide, binaries)]
    faults += other_versions()
    print("\n".join(faults) or f"{len(guides)} guides agree with the files and with each other")
    return 1 if faults else 0


def broken_links(guide):
    """A line for each link that leads nowhere within the project."""
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", guide.read_text())):
        if link.startswith(("http://", "https://")):
            continue
        path, _, heading = link.partition("#")
        target = (guide.parent / path).resolve() if path else guide
        if not target.exists():
            yield f"{guide.relative_to(CHECKOUT)}: no file for {link}"
        elif heading and unquote(heading) not in headings(target):
            yield f"{guide.relative_to(CHECKOUT)}: no heading for {link}"


def headings(guide):
    """The headings' names in links, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", FENCED.sub("", guide.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def differences(original, translation):
    """A line for each section whose code isn't its original's."""
    ours, theirs = sections(translation), sections(original)
    if len(ours) != len(theirs):
        yield f"{translation.name}: {len(ours)} sections, but {original.name} has {len(theirs)}"
    for (title, text), (its_title, its_text) in zip(ours, theirs):
        for what, find in (("commands", commands), ("code in sentences", code), ("rows of tables", rows)):
            if find(text) != find(its_text):
                yield f"{translation.name}: {what} of {title!r} aren't those of {its_title!r}"


def sections(guide):
    """`(heading, text)` from each heading to the next."""
    parts = re.split(r"^(#+ .*)$", guide.read_text(), flags=re.M)
    # A comment in a fenced block is no heading.
    assert not any(line.startswith("#") for block in FENCED.findall(guide.read_text()) for line in block.splitlines()), guide
    return list(zip(parts[1::2], parts[2::2]))


def commands(text):
    return FENCED.findall(text)


def code(text):
    return sorted(re.findall(r"`([^`]+)`", FENCED.sub("", text)))


def rows(text):
    return len(re.findall(r"^ *\|", FENCED.sub("", text), re.M))


def refused_samples(guide, binaries):
    """A line for each sample that a daemon refuses."""
    for block in re.findall(r"^ *```toml\n(.*?)^ *```$", guide.read_text(), re.M | re.S):
        sample = textwrap.dedent(block)
        if "[" not in sample:
            sample = f"[kafka]\n{sample}"
        for daemon in ("producer-svc", "scorer-svc", "results-sink-svc"):
            if refusal := refused(sample, binaries / daemon):
                yield f"{guide.relative_to(CHECKOUT)}: {daemon}: {refusal}"


def refused(sample, daemon):
    said = tomllib.loads(sample)
    missing = {
        f"FRAUD__{section}__{key}".upper(): value
        for section, keys in REQUIRED.items() for key, value in keys.items() if key not in said.get(section, {})
    }
    with tempfile.NamedTemporaryFile("w") as secret, tempfile.NamedTemporaryFile("w") as config:
        secret.write("not empty")
        secret.flush()
        config.write(re.sub(r'_file = ".*?"', f'_file = "{secret.name}"', sample))
        config.flush()
        checked = subprocess.run([daemon, "--config", config.name, "--check-config"], env=missing, capture_output=True, text=True, check=False)
    return checked.stderr.strip() if checked.returncode else None


def other_versions():
    """A line for each image, or label of one, that isn't of this version."""
    version = re.search(r'^version = "(.*)"', (CHECKOUT / "Cargo.toml").read_text(), re.M)[1]
    for name in NAMES_IMAGES:
        text = (CHECKOUT / name).read_text()
        found = re.findall(r'(?:-svc|\$daemon):(\d[^\s"]*)|image\.version="(.*?)"', text)
        for other in {"".join(each) for each in found} - {version}:
            yield f"{name}: version {other}, but the crates have {version}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
