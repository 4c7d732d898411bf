"""Makes the fonts of the documents (src/documents/fonts) from Noto's. Called by make.sh.

    make.py CJK_REGULAR CJK_BOLD SC_REGULAR OUT_FOLDER

Same inputs, same bytes: no time is written, and glyphs keep their order.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

# Signs, letters of foreign names, figures, punctuation of both widths.
SIGNS = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x1CD, 0x1DC), (0x391, 0x3C9), (0x401, 0x451),
    (0x2010, 0x2027), (0x2030, 0x203B), (0x2070, 0x209C), (0x20AC, 0x20AC), (0x2100, 0x2126),
    (0x2150, 0x218B), (0x2190, 0x2199), (0x2200, 0x22A5), (0x2460, 0x24FF), (0x2500, 0x257F),
    (0x25A0, 0x25EF), (0x2605, 0x2642), (0x2713, 0x2717), (0x3000, 0x303F), (0x3200, 0x33FF),
    (0xFE10, 0xFE1F), (0xFE30, 0xFE4F), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6),
]
# Every Han character that a font has: a name is printed as it is written.
HAN = [(0x2E80, 0x2FDF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)]


def within(code, ranges):
    return any(first <= code <= last for first, last in ranges)


def gb2312():
    """The 6,763 characters of GB 2312: what headings are made of."""
    cells = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(cell.decode('gb2312')) for cell in cells if is_gb2312(cell)}


def is_gb2312(cell):
    try:
        cell.decode('gb2312')
    except UnicodeDecodeError:
        return False
    return True


def simplified(path):
    """The font of a collection whose plain forms are those of mainland China."""
    fonts = TTCollection(path).fonts
    return next(font for font in fonts if font['name'].getDebugName(1).startswith('Noto Serif CJK SC'))


def cut(font, codes, family, out):
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [0, 13, 14]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ['vhea', 'vmtx', 'VORG', 'BASE', 'GSUB', 'GPOS', 'GDEF', 'DSIG', 'STAT']
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    plain = family.replace(' ', '')
    for name, text in ((1, family), (2, 'Regular'), (4, family), (6, plain)):
        font['name'].setName(text, name, 3, 1, 0x409)
    if 'CFF ' in font:
        # The name within the outlines must be the same.
        font['CFF '].cff.fontNames = [plain]
    font.save(out, reorderTables=True)
    print(f'{out}: {len(font.getBestCmap())} characters, {Path(out).stat().st_size} bytes')


def main(regular, bold, sc, folder):
    out = Path(folder)
    whole = simplified(regular)
    known = {code for code in whole.getBestCmap() if within(code, SIGNS + HAN)}
    cut(whole, known, 'Tiande Song', out / 'song.otf')
    more = TTFont(sc)
    missing = {code for code in more.getBestCmap() if within(code, SIGNS + HAN)} - known
    cut(more, missing, 'Tiande Song Rare', out / 'song-rare.ttf')
    heavy = simplified(bold)
    signs = {code for code in heavy.getBestCmap() if within(code, SIGNS[:2] + SIGNS[5:7] + [(0x3000, 0x303F), (0xFF01, 0xFF5E)])}
    cut(heavy, signs | gb2312(), 'Tiande Song Title', out / 'song-title.otf')


if __name__ == '__main__':
    main(*sys.argv[1:])
