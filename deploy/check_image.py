"""Runs each daemon in the file tree of its image, without a container engine.

    check_image.py BASE TREES

BASE is the unpacked base; TREES what `image-tree` laid out. Each daemon runs in a
chroot, as the user, with the environment and by the entry point that the Dockerfile
says. Needs root.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
DOCKERFILE = (CHECKOUT / "deploy/Dockerfile").read_text()
# Must be in the image: the C libraries that are linked into every daemon.
LICENCES = ["rdkafka-sys-*/librdkafka/LICENSES.txt", "rdkafka-sys-*/librdkafka/LICENSE.lz4",
            "openssl-src-*/openssl/LICENSE.txt", "zstd-sys-*/zstd/LICENSE", "libz-sys-*/src/zlib/LICENSE"]
# What must be set, so that a daemon starts.
REQUIRED = {
    "FRAUD__KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "FRAUD__KAFKA__SECURITY_PROTOCOL": "ssl",
    "FRAUD__SCORER__MODEL": "/model",
    "FRAUD__SINK__CONSOLE": "true",
    "FRAUD__PRODUCER__SOURCE": "/data.parquet",
}


@dataclass
class Image:
    """A target of the Dockerfile, as a folder."""

    daemon: str
    root: Path
    user: str
    environment: dict
    entry_point: str

    def run(self, *command, **environment):
        """Runs in the image; its exit code and what it said."""
        done = subprocess.run(
            [CHROOT, f"--userspec={self.user}", self.root, *command],
            env=self.environment | environment, capture_output=True, text=True, check=False, timeout=60,
        )
        return done.returncode, done.stdout + done.stderr


def build(daemon, base, trees, folder):
    stage = re.search(rf"^FROM base AS {daemon}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.M | re.S)
    assert stage, f"the Dockerfile has no target {daemon}"
    [user] = re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)
    [copied] = re.findall(r"^COPY --from=build /out/(\S+) /$", stage[1], re.M)
    [entry_point] = re.findall(r'^ENTRYPOINT \["(\S+)"\]$', stage[1], re.M)
    environment = dict(re.findall(r"^ENV (\w+)=(\S+)$", stage[1], re.M))
    [port] = re.findall(r"^EXPOSE (\d+)$", stage[1], re.M)
    assert environment["FRAUD__ADMIN__ADDRESS"] == f"0.0.0.0:{port}"
    root = folder / daemon
    shutil.copytree(base, root, symlinks=True)
    shutil.copytree(trees / copied, root, symlinks=True, dirs_exist_ok=True)
    return Image(daemon, root, user, environment, entry_point)


def every_shared_library_is_there(image):
    [loader] = image.root.glob("lib64/ld-linux*") or image.root.glob("lib/ld-linux*")
    code, said = image.run(f"/{loader.relative_to(image.root)}", "--list", image.entry_point)
    assert code == 0 and "not found" not in said, said


def it_runs_and_has_the_projects_version(image):
    version = re.search(r'^version = "(.*)"', (CHECKOUT / "Cargo.toml").read_text(), re.M)[1]
    assert image.run(image.entry_point, "--version") == (0, f"{image.daemon} {version}\n")


def its_configuration_is_valid_without_a_file(image):
    code, said = image.run(image.entry_point, "--check-config", **REQUIRED)
    assert code == 0, said
    code, said = image.run(image.entry_point, "--print-config", **REQUIRED)
    assert code == 0 and image.environment["FRAUD__ADMIN__ADDRESS"] in said, said


def certificates_are_found(image):
    """A TLS client that finds none says so, in place of looking for a broker."""
    certificates = (image.root / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert certificates.count("BEGIN CERTIFICATE") > 50
    if image.daemon != "results-sink-svc":
        return
    with subprocess.Popen(
        [CHROOT, f"--userspec={image.user}", image.root, image.entry_point],
        env=image.environment | REQUIRED | {"FRAUD__ADMIN__ADDRESS": "127.0.0.1:0"},
        stderr=subprocess.PIPE, text=True,
    ) as sink:
        time_is_up = time.monotonic() + 30
        said = ""
        for line in sink.stderr:
            said += line
            if "no broker answers" in line or time.monotonic() > time_is_up:
                break
        sink.terminate()
        sink.wait(timeout=40)
    assert "no broker answers" in said and "certificate" not in said, said


def it_has_no_shell(image):
    shells = [shell for name in ("sh", "bash", "dash", "busybox") for shell in image.root.glob(f"**/bin/{name}")]
    assert not shells, shells


def it_is_no_root_and_owns_nothing(image):
    assert image.user == "65532:65532"
    assert not [path for path in image.root.glob("usr/local/**/*") if path.stat().st_uid == 65532]


def it_brings_its_licences(image):
    folder = image.root / "usr/share/doc/fraud-stream"
    assert (folder / "LICENSE").read_text() == (CHECKOUT / "LICENSE").read_text()
    for pattern in LICENCES:
        assert list((folder / "third-party").glob(pattern)), pattern


def it_lists_what_it_is_made_of(image):
    folder = image.root / "usr/share/doc/fraud-stream"
    bill = json.loads((folder / "sbom.cdx.json").read_text())
    assert bill["metadata"]["component"]["name"] == image.daemon
    listed = {(component["name"], component["version"]) for component in bill["components"]}
    stated = tomllib.loads((folder / "third-party/bundled-c.toml").read_text())["library"]
    missing = {(library["name"], library["version"]) for library in stated} - listed
    assert not missing, missing


CHECKS = [every_shared_library_is_there, it_runs_and_has_the_projects_version, its_configuration_is_valid_without_a_file,
          certificates_are_found, it_has_no_shell, it_is_no_root_and_owns_nothing, it_brings_its_licences,
          it_lists_what_it_is_made_of]


def main(base, trees):
    failed = 0
    for daemon in ("producer-svc", "scorer-svc", "results-sink-svc"):
        image = build(daemon, base, trees, trees / "images")
        for check in CHECKS:
            try:
                check(image)
            except AssertionError as error:
                failed += 1
                print(f"{daemon}: {check.__name__.replace('_', ' ')}: no\n{error}")
    passed = 3 * len(CHECKS) - failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("check_image.py must run as root: it changes the root folder")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
