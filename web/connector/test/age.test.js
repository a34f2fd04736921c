import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueAge } from '../dist/age.js';

test('an operation is as old as it is known to be', () => {
  const age = new QueueAge();
  assert.equal(age.oldest(), undefined);
  age.note(1, 3, 100);
  age.note(1, 3, 200);
  assert.equal(age.oldest(), 100, 'looking again changes nothing');
  age.note(1, 9, 300);
  assert.equal(age.oldest(), 100);
  age.note(4, 9, 400);
  assert.equal(age.oldest(), 300, 'what was seen at 100 has left');
  age.note(9, 12, 500);
  age.note(10, 12, 600);
  assert.equal(age.oldest(), 500);
  age.clear();
  age.note(13, 13, 700);
  assert.equal(age.oldest(), 700);
});

test('a queue that grows for long costs little, and its oldest operation keeps its time', () => {
  const age = new QueueAge();
  for (let n = 1; n <= 10_000; n++) age.note(1, n, n);
  assert.equal(age.oldest(), 1);
  age.note(5_000, 10_000, 10_001);
  const oldest = age.oldest();
  assert.ok(oldest >= 5_000 && oldest <= 10_000, `known at ${oldest}`);
});

test('against a model: never younger than first seen by more than what was forgotten, never older', () => {
  let state = 7;
  const random = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 200; round++) {
    const age = new QueueAge();
    const firstSeen = new Map();
    let first = 1;
    let last = 0;
    for (let now = 1; now <= 60; now++) {
      last += random(3);
      first = Math.min(first + random(3), last + 1);
      if (first > last) {
        age.clear();
        continue;
      }
      for (let id = first; id <= last; id++) if (!firstSeen.has(id)) firstSeen.set(id, now);
      age.note(first, last, now);
      assert.equal(age.oldest(), firstSeen.get(first));
    }
  }
});
