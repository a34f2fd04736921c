// The dashboard in a real browser against the real binary; one development stack serves all tests, in this order.
import { after, before } from 'node:test';
import { displayTests } from './display.mjs';
import { figuresTests } from './figures.mjs';
import { journeyTests } from './journey.mjs';
import { securityTests } from './security.mjs';
import { startStack } from './stack.mjs';
import { tailTests } from './tail.mjs';

let stack;
before(async () => { stack = await startStack(); }, { timeout: 180_000 });
after(async () => { await stack?.stop(); });
const dev = () => stack;

journeyTests(dev);
figuresTests(dev);
securityTests(dev);
displayTests(dev);
tailTests(dev, 60);
