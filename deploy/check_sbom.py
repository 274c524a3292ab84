"""Checks that files are CycloneDX as they say.

    check_sbom.py FILE…
"""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for path in map(Path, sys.argv[1:]):
    text = path.read_text()
    contents = json.loads(text)
    version = SchemaVersion.from_version(contents["specVersion"])
    fault = JsonStrictValidator(version).validate_str(text)
    if fault:
        sys.exit(f"{path} is no CycloneDX {contents['specVersion']}: {fault}")
    components = contents["components"]
    bundled = sum("compiled from the sources" in component.get("description", "") for component in components)
    print(f"{path}: {len(components) - bundled} crates, {bundled} C libraries")
