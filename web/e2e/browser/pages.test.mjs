// Every page, as its owner and as a viewer, in a real browser against the real binary.
import { after, before } from 'node:test';
import { dialogsTests } from './dialogs.mjs';
import { seeded } from './ids.mjs';
import { keyboardTests } from './keyboard.mjs';
import { pagesTests } from './pages.mjs';
import { startStack } from './stack.mjs';
import { statesTests } from './states.mjs';
import { viewerTests } from './viewer.mjs';

let stack, ids;
before(async () => { stack = await startStack(); }, { timeout: 600_000 });
after(async () => { await stack?.stop(); });
const dev = () => stack;
const places = async () => (ids ??= await seeded(stack));

pagesTests(dev, places);
dialogsTests(dev, places);
viewerTests(dev, places);
keyboardTests(dev);
statesTests(dev, places);
