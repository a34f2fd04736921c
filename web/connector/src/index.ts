export { TurnkeyConnector } from './connector.js';
export type { TurnkeyConnectorOptions, RejectedWrite, Decision } from './connector.js';
export { TurnkeyError } from './errors.js';
export { objectId } from './objectid.js';
