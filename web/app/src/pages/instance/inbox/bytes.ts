/** Text that came as base64, to the byte. */
export interface Decoded {
  text: string;
  /** Not UTF-8: the text is not what the bytes say, and must not be sent back. */
  damaged: boolean;
}

export function decoded(base64: string): Decoded {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), damaged: false };
  } catch {
    return { text: new TextDecoder().decode(bytes), damaged: true };
  }
}
