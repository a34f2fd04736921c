// What people do with the dashboard, in a real browser against the real binary; one development stack serves all tests,
// in this order. pages.test.mjs looks at every page meanwhile, with a stack of its own.
import { after, before } from 'node:test';
import { accountTests } from './account.mjs';
import { displayTests } from './display.mjs';
import { figuresTests } from './figures.mjs';
import { hooksTests } from './hooks.mjs';
import { journeyTests } from './journey.mjs';
import { securityTests } from './security.mjs';
import { startStack } from './stack.mjs';
import { tailTests } from './tail.mjs';

let stack;
before(async () => { stack = await startStack(); }, { timeout: 600_000 });
after(async () => { await stack?.stop(); });
const dev = () => stack;

journeyTests(dev);
accountTests();
hooksTests(dev);
figuresTests(dev);
securityTests(dev);
displayTests(dev);
tailTests(dev, 60);
