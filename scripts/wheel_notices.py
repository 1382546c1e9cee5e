#!/usr/bin/env python3
"""wheel_notices.py FOLDER [ROOT] - writes the licences of the libraries that a wheel carries into it.

FOLDER is the unpacked wheel after auditwheel; ROOT (/) is the Debian whose libraries it took. A library that is not in
the table below is refused: somebody must read its licence first.
"""

import gzip
import pathlib
import re
import sys

# The library's name, its package's without the number, and its licence. Nothing under the GPL, which would then be the
# licence of the whole wheel.
LIBRARIES = {
    "libSvtAv1Enc": ("libsvtav1enc", "BSD-3-Clause-Clear"),
    "libabsl": ("libabsl", "Apache-2.0"),
    "libaom": ("libaom", "BSD-2-Clause"),
    "libavif": ("libavif", "BSD-2-Clause"),
    "libbz2": ("libbz2-", "bzip2-1.0.6"),
    "libcrypto": ("libssl", "Apache-2.0"),
    "libdav1d": ("libdav1d", "BSD-2-Clause"),
    "libexif": ("libexif", "LGPL-2.1-or-later"),
    "libgav1": ("libgav1-", "Apache-2.0"),
    "libgif": ("libgif", "MIT"),
    "libjpeg": ("libjpeg(62-turbo|-turbo)", "IJG AND BSD-3-Clause AND Zlib"),
    "libpng16": ("libpng16-", "libpng-2.0"),
    "librav1e": ("librav1e", "BSD-2-Clause"),
    "libsharpyuv": ("libsharpyuv", "BSD-3-Clause"),
    "libwebp": ("libwebp", "BSD-3-Clause"),
    "libyajl": ("libyajl", "ISC"),
    "libyaml": ("libyaml-", "MIT"),
    "libyuv": ("libyuv", "BSD-3-Clause"),
    "libzip": ("libzip", "BSD-3-Clause"),
}
# licences that packages name and do not repeat; their texts are in /usr/share/common-licenses
TEXTS = {"LGPL": "LGPL-2.1", "Apache": "Apache-2.0"}

HEAD = """The folder hrnet.libs of this wheel holds libraries of the packages below, as Debian has them but for the
files' names and the paths where they look for one another. hrnet loads them as shared libraries: each file may be
replaced by another build of the same library. Their sources are Debian's: apt-get source PACKAGE=VERSION, or
https://snapshot.debian.org.
"""


def package(name: str, docs: pathlib.Path) -> pathlib.Path:
    """The folder of documents of a package: its name and a number, as in libpng16-16, libssl3, libssl3t64."""
    found = [folder for folder in docs.iterdir() if re.fullmatch(name + r"[-\d.]*(t64)?", folder.name)]
    if len(found) != 1:
        sys.exit(f"{docs}: expected one package {name}N, found {', '.join(folder.name for folder in found) or 'none'}")
    return found[0]


def version(folder: pathlib.Path) -> str:
    with gzip.open(folder / "changelog.Debian.gz", "rt", encoding="utf-8") as changes:
        return changes.readline().split()[1].strip("()")


def main() -> None:
    wheel = pathlib.Path(sys.argv[1])
    share = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/", "usr/share")
    packages = {}
    for library in sorted((wheel / "hrnet.libs").iterdir()):
        known = LIBRARIES.get(re.split(r"[-._]", library.name)[0])
        if known is None:
            sys.exit(
                f"{library.name}: the wheel would carry this library, whose licence nobody has read: add it to the "
                "table in wheel_notices.py, or to what wheel.sh leaves out"
            )
        packages[package(known[0], share / "doc")] = known[1]
    blocks = [HEAD]
    for folder, licence in sorted(packages.items()):
        terms = (folder / "copyright").read_text(encoding="utf-8", errors="replace")
        blocks.append(f"{folder.name} {version(folder)}\n{licence}\n\n{terms}")
    for word, text in TEXTS.items():
        if any(licence.startswith(word) for licence in packages.values()):
            blocks.append(text + "\n\n" + pathlib.Path("/usr/share/common-licenses", text).read_text())
    (info,) = wheel.glob("*.dist-info")
    (info / "licenses").mkdir(exist_ok=True)
    (info / "licenses" / "LIBRARIES").write_text(("\n" + "=" * 100 + "\n").join(blocks))


main()
