#!/usr/bin/env bash
# Makes the fonts of the documents anew: src/documents/fonts/*.otf and *.ttf. Not a part of any build;
# takes some minutes and 200 MB of downloads. Same versions, same bytes: `git status` shows nothing.
#
#   scripts/fonts/make.sh
#
# Wants apt-get (Debian 12), npm and Python 3.11 with venv.
set -euo pipefail
cd "$(dirname "$0")/../.."

cjk=fonts-noto-cjk=1:20220127+repack1-1
sc=@expo-google-fonts/noto-serif-sc@0.4.3
tools=fonttools==4.68.0

here=$PWD
desk=$(mktemp -d)
trap 'rm -rf "$desk"' EXIT
cd "$desk"
apt-get download "$cjk"
dpkg-deb --extract ./*.deb cjk
npm pack --silent "$sc" >/dev/null
tar xzf ./*.tgz
python3 -m venv tools
tools/bin/pip install --quiet "$tools"
fonts=cjk/usr/share/fonts/opentype/noto
tools/bin/python "$here/scripts/fonts/make.py" "$fonts/NotoSerifCJK-Regular.ttc" "$fonts/NotoSerifCJK-Bold.ttc" \
  package/400Regular/NotoSerifSC_400Regular.ttf "$here/src/documents/fonts"
