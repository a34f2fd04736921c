// The dashboard in a real browser against the real binary; one development stack serves all tests, in this order.
import { after, before } from 'node:test';
import { accountTests } from './account.mjs';
import { dialogsTests } from './dialogs.mjs';
import { displayTests } from './display.mjs';
import { figuresTests } from './figures.mjs';
import { seeded } from './ids.mjs';
import { hooksTests } from './hooks.mjs';
import { journeyTests } from './journey.mjs';
import { linesTests } from './lines.mjs';
import { pagesTests } from './pages.mjs';
import { securityTests } from './security.mjs';
import { startStack } from './stack.mjs';
import { tailTests } from './tail.mjs';
import { viewerTests } from './viewer.mjs';

let stack, ids;
before(async () => { stack = await startStack(); }, { timeout: 180_000 });
after(async () => { await stack?.stop(); });
const dev = () => stack;
const places = async () => (ids ??= await seeded(stack));

journeyTests(dev);
accountTests();
hooksTests(dev);
figuresTests(dev);
securityTests(dev);
pagesTests(dev, places);
dialogsTests(dev, places);
viewerTests(dev, places);
displayTests(dev);
linesTests(dev);
tailTests(dev, 60);
