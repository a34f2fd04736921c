// The live tail for ten minutes (make soak).
import { after, before } from 'node:test';
import { startStack } from './stack.mjs';
import { tailTests } from './tail.mjs';

let stack;
before(async () => { stack = await startStack(); }, { timeout: 180_000 });
after(async () => { await stack?.stop(); });

tailTests(() => stack, 600);
