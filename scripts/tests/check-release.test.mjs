import assert from 'node:assert/strict';
import { test } from 'node:test';
import { names, present } from '../check-release.mjs';

test('names come from the product, each once', () => {
  const files = [
    { path: 'src/a.rs', text: 'fault::point("a.b"); fault::during("c.d"); fault::point("a.b");' },
    { path: 'src/b.rs', text: 'fault::number("e.f", 3); fault::cut(\n  "g.h", 2)' },
    { path: 'tests/c.rs', text: 'fault::point("x.y");' },
  ];
  assert.deepEqual(names(files), ['a.b', 'c.d', 'e.f', 'g.h']);
});

test('a planted name is found', () => {
  assert.deepEqual(present(Buffer.from('\0\u0001zz a.b zz'), ['a.b', 'c.d']), ['a.b']);
  assert.deepEqual(present(Buffer.from('nothing'), ['a.b']), []);
});
