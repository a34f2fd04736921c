// Pictures of every page in both themes and two widths, below bin/screenshots (make screenshots).
import { after, before } from 'node:test';
import { seeded } from './ids.mjs';
import { pagesTests } from './pages.mjs';
import { startStack } from './stack.mjs';

let stack, ids;
before(async () => { stack = await startStack(); }, { timeout: 180_000 });
after(async () => { await stack?.stop(); });

pagesTests(() => stack, async () => (ids ??= await seeded(stack)), { pictures: true });
