// The configuration's words, in people's. The first of each list is what holds when nothing is written.

interface Word {
  value: string;
  label: string;
}

export const fieldTypes: Word[] = ["", "string", "objectid", "uuid", "int32", "int64", "double", "decimal", "bool", "date", "binary", "json", "array", "object"].map((value) => ({ value, label: value || "as stored" }));

export const idTypes: Word[] = ["string", "objectid", "uuid", "int64"].map((value) => ({ value, label: value }));

export const mergePolicies: Word[] = [
  { value: "", label: "none" },
  { value: "last_write", label: "last write" },
  { value: "first_write", label: "first write" },
  { value: "server", label: "server's value stays" },
  { value: "counter", label: "counter: add the difference" },
  { value: "max", label: "larger value" },
  { value: "min", label: "smaller value" },
  { value: "set", label: "set: adds and removes" },
  { value: "append", label: "append to the list" },
  { value: "text", label: "text: merged by lines and words" },
  { value: "json", label: "JSON, member by member" },
  { value: "hook", label: "a hook decides" },
];

export const rowPolicies: Word[] = [
  { value: "", label: "Last write (the default; merge when a field says so)" },
  { value: "last_write", label: "Last write: per field, whoever comes last" },
  { value: "merge", label: "Merge: each field by its own policy" },
  { value: "reject", label: "Reject: the write is refused" },
  { value: "record", label: "Record: somebody decides in the inbox" },
  { value: "hook", label: "Hook: resolveConflict decides" },
  { value: "version", label: "Version: a number must not have moved" },
  { value: "timestamp", label: "Timestamp: the newer client time wins" },
];

export const deletePolicies: Word[] = [
  { value: "", label: "Win (the default)" },
  { value: "win", label: "Win: a delete removes the row" },
  { value: "tombstone", label: "Tombstone: and it cannot be made again" },
  { value: "lose", label: "Lose: a delete of a changed row is dropped" },
];

export const providerTypes: Word[] = [
  { value: "jwks", label: "Key set of an issuer (Firebase, Auth0, Supabase, Clerk, Cognito, Keycloak, own)" },
  { value: "public_key", label: "One public key" },
  { value: "shared_secret", label: "Shared secret (HS256)" },
  { value: "api_key", label: "API key of a server" },
  { value: "anonymous", label: "Anonymous devices" },
];

/** Error codes that a table may leave to the app. */
export const handledCodes = ["CONFLICT", "CONFLICT_RECORDED", "UNAUTHORIZED", "INVALID_DATA", "SCHEMA_MISMATCH", "ROW_DELETED"];
