// Every page, as its owner and as a viewer, in a real browser against the real binary.
import { after, before } from 'node:test';
import { seeded } from './ids.mjs';
import { pagesTests } from './pages.mjs';
import { startStack } from './stack.mjs';
import { viewerTests } from './viewer.mjs';

let stack, ids;
before(async () => { stack = await startStack(); }, { timeout: 600_000 });
after(async () => { await stack?.stop(); });
const dev = () => stack;
const places = async () => (ids ??= await seeded(stack));

pagesTests(dev, places);
viewerTests(dev, places);
