import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../soak-table.mjs';

const table = (wanted, ...counts) => [{ wanted, rows: { 'sqlite x': counts } }];

test('all done and clean', () => assert.equal(judge(table(3, 3, 9, 1, 0, 0, 0, 50)).code, 0));
test('one lost', () => assert.equal(judge(table(3, 3, 9, 1, 1, 0, 0, 50)).code, 1));
test('one doubled', () => assert.equal(judge(table(3, 3, 9, 1, 0, 1, 0, 50)).code, 1));
test('not whole', () => assert.equal(judge(table(3, 3, 9, 1, 0, 0, 1, 50)).code, 1));
test('not all', () => assert.equal(judge(table(4, 3, 9, 1, 0, 0, 0, 50)).code, 2));
test('nothing at all', () => assert.equal(judge([{ wanted: 1, rows: {} }]).code, 2));
