#!/usr/bin/env python3
"""wheel_notices.py FOLDER - writes the licences of the libraries that a wheel carries into it.

FOLDER is the unpacked wheel after auditwheel, whose list (sboms/auditwheel.cdx.json) says which of Debian's packages the
libraries came from. A package that is not in the table below is refused: somebody must read its licence first.
"""

import json
import pathlib
import re
import sys

# by the package's name without the numbers at its end. Nothing under the GPL: that would be the licence of the whole wheel
LICENCES = {
    "libabsl": "Apache-2.0",
    "libaom": "BSD-2-Clause",
    "libavif": "BSD-2-Clause",
    "libbz": "bzip2-1.0.6",
    "libdav1d": "BSD-2-Clause",
    "libexif": "LGPL-2.1-or-later",
    "libgav": "Apache-2.0",
    "libgif": "MIT",
    "libjpeg62-turbo": "IJG AND BSD-3-Clause AND Zlib",
    "libjpeg-turbo": "IJG AND BSD-3-Clause AND Zlib",
    "libpng": "libpng-2.0",
    "librav1e": "BSD-2-Clause",
    "libsharpyuv": "BSD-3-Clause",
    "libssl": "Apache-2.0",
    "libsvtav1enc": "BSD-3-Clause-Clear",
    "libwebp": "BSD-3-Clause",
    "libyajl": "ISC",
    "libyaml": "MIT",
    "libyuv": "BSD-3-Clause",
    "libzip": "BSD-3-Clause",
    "zlib": "Zlib",
}
TEXTS = {"LGPL": "LGPL-2.1", "Apache": "Apache-2.0"}  # of licences that packages only name, in /usr/share/common-licenses

HEAD = """The folder hrnet.libs of this wheel holds libraries of the packages below, as the distribution that built the wheel has
them but for the files' names and the paths where they look for one another. hrnet loads them as shared libraries: each file
may be replaced by another build of the same library. Their sources are the distribution's: apt-get source PACKAGE=VERSION,
or https://snapshot.debian.org.
"""


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    (info,) = folder.glob("*.dist-info")
    parts = json.loads((info / "sboms" / "auditwheel.cdx.json").read_text())["components"]
    packages = sorted({(part["name"], part["version"]) for part in parts if part["purl"].startswith("pkg:deb/")})
    if not packages:
        sys.exit(f"{folder}: expected packages of Debian in auditwheel's list, found none")
    blocks = [HEAD]
    texts = set()
    for name, version in packages:
        licence = LICENCES.get(re.sub(r"[-.\d]*(t64)?$", "", name))
        if licence is None:
            sys.exit(
                f"{name}: the wheel would carry this package, whose licence nobody has read: add it to the table in "
                "wheel_notices.py, or its library to what wheel.sh leaves out"
            )
        texts |= {text for word, text in TEXTS.items() if licence.startswith(word)}
        terms = pathlib.Path("/usr/share/doc", name, "copyright").read_text(encoding="utf-8", errors="replace")
        blocks.append(f"{name} {version}\n{licence}\n\n{terms}")
    for text in sorted(texts):
        blocks.append(text + "\n\n" + pathlib.Path("/usr/share/common-licenses", text).read_text())
    (info / "licenses").mkdir(exist_ok=True)
    (info / "licenses" / "LIBRARIES").write_text(("\n" + "=" * 100 + "\n").join(blocks))


main()
