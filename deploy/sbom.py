"""Writes what a daemon is made of: every crate, and the C code that some of them bring.

    sbom.py DAEMON >FILE        as CycloneDX 1.6

Ends with an error if bundled-c.toml doesn't agree with the sources that are compiled.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parents[1]
# As the daemons are built.
CARGO_TREE = ["cargo", "tree", "--locked", "--workspace", "--prefix", "depth", "--format", " {p}\t{l}\t{r}"]
C_SOURCES = {".c", ".S", ".cc", ".cpp"}


@dataclass(frozen=True)
class Crate:
    name: str
    version: str
    licence: str
    repository: str

    @property
    def ref(self):
        return f"{self.name}@{self.version}"


def crate_graph(edges):
    """`{ref: crate}` and `{ref: refs it depends on}` over the whole workspace."""
    crates, needs, path = {}, {}, []
    listing = subprocess.run([*CARGO_TREE, "--edges", edges], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for line in filter(None, listing.stdout.splitlines()):
        # "2 zstd-sys v2.1.3+zstd.1.5.7 (proc-macro) (*)", licence, repository
        depth, name, version, licence, repository = re.match(
            r"(\d+) (\S+) v(\S+)[^\t]*\t([^\t]*)\t(\S*)", line).groups()
        crate = Crate(name, version, re.sub(r" */ *", " OR ", licence), repository)
        crates[crate.ref] = crate
        needs.setdefault(crate.ref, set())
        path[int(depth):] = [crate.ref]
        if len(path) > 1:
            needs[path[-2]].add(crate.ref)
    return crates, needs


def reachable(root, needs):
    found, waiting = set(), [root]
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            waiting.extend(needs.get(ref, ()))
    return found


def source_folder(ref):
    """Where cargo unpacked a crate that isn't ours."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    [folder] = home.glob(f"registry/src/*/{ref.replace('@', '-')}")
    return folder


def bundled_libraries(refs):
    """`{ref of a crate: libraries in it}`; an error if they aren't as bundled-c.toml states."""
    stated = tomllib.loads((CHECKOUT / "deploy/bundled-c.toml").read_text())
    found, wrong = {}, []
    for ref in sorted(refs):
        crate, folder = ref.split("@")[0], source_folder(ref)
        libraries = [library for library in stated["library"] if library["crate"] == crate]
        has_c_code = any(path.suffix in C_SOURCES for path in folder.rglob("*"))
        if has_c_code and not libraries and crate not in stated["not_linked"]:
            wrong.append(f"{ref} has C code, and isn't there")
        for library in libraries:
            text = (folder / library["file"]).read_text()
            match = re.search(library["pattern"], text, re.S)
            version = ".".join(match.groups()) if match else "unknown"
            if version != library["version"]:
                wrong.append(f"{library['name']} in {ref} is {version}, not {library['version']}")
        if libraries:
            found[ref] = libraries
    if wrong:
        sys.exit("\n".join(f"deploy/bundled-c.toml: {fault}" for fault in wrong))
    return found


def crate_component(crate, checksums, is_linked):
    component = {
        "type": "library", "bom-ref": crate.ref, "name": crate.name, "version": crate.version,
        "scope": "required" if is_linked else "excluded",
        "licenses": [{"expression": crate.licence}],
        "purl": f"pkg:cargo/{crate.name}@{quote(crate.version)}",
    }
    if crate.ref in checksums:
        component["hashes"] = [{"alg": "SHA-256", "content": checksums[crate.ref]}]
    if crate.repository:
        component["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    return component


def library_component(library, crate_ref):
    component = {
        "type": "library", "bom-ref": f"{library['name']} in {crate_ref}", "name": library["name"],
        "version": library["version"], "scope": "required",
        "licenses": [{"expression": library["licence"]}],
        "purl": f"pkg:generic/{library['name']}@{quote(library['version'])}",
        "externalReferences": [{"type": "vcs", "url": library["source"]}],
        "description": f"C code, compiled from the sources in the crate {crate_ref}",
    }
    if "cpe" in library:
        component["cpe"] = library["cpe"].replace("VERSION", library["version"])
    return component


def bill(daemon):
    crates, needs = crate_graph("normal,build")
    _, needs_at_run_time = crate_graph("normal,no-proc-macro")
    [root] = [ref for ref in crates if ref.startswith(f"{daemon}@")]
    refs, linked = reachable(root, needs), reachable(root, needs_at_run_time)
    lock = tomllib.loads((CHECKOUT / "Cargo.lock").read_text())
    checksums = {f"{package['name']}@{package['version']}": package["checksum"]
                 for package in lock["package"] if "checksum" in package}
    libraries = bundled_libraries(refs & checksums.keys())
    components = [crate_component(crates[ref], checksums, ref in linked) for ref in sorted(refs - {root})]
    dependencies = {ref: sorted(needs[ref]) for ref in sorted(refs)}
    for ref, bundled in libraries.items():
        for library in bundled:
            component = library_component(library, ref)
            components.append(component)
            dependencies[ref].append(component["bom-ref"])
    contents = {
        "metadata": {"component": {**crate_component(crates[root], {}, True), "type": "application"}},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": needed} for ref, needed in dependencies.items()],
    }
    # The same contents have the same number.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(contents))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}", "version": 1, **contents}


if __name__ == "__main__":
    json.dump(bill(sys.argv[1]), sys.stdout, indent=1)
    print()
